package machine

import (
	"slices"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/loopconfig"
)

// pauses lets n polls find nothing, and returns the pauses after them.
func pauses(d *driver, polls int) (all []time.Duration) {
	for range polls {
		d.polled(false)
		wantNo[Poll[int64]](d)
		all = append(all, d.timers[TimerPoll].Delay)
		d.fire(TimerPoll)
		want[Poll[int64]](d)
	}
	return all
}

// TestPausesFollowTheTraffic polls at once after rows, soon while there is traffic, and eventually at the interval.
func TestPausesFollowTheTraffic(t *testing.T) {
	d := running(t, loopconfig.Config{}, false, false)
	for round := range int64(3) {
		d.polled(false, 11+round)
		want[Poll[int64]](d) // at once
		d.step(Published{ID: uint64(round + 1)})
		begin := d.now
		all := pauses(d, 100)
		if all[0] != d.m.config.PollLeast || all[99] != d.m.config.PollInterval {
			t.Fatalf("the pauses go from %v to %v", all[0], all[99])
		}
		if !slices.IsSorted(all) {
			t.Fatalf("the pauses are %v", all)
		}
		if short := d.now.Sub(begin); short < 8*d.m.config.PollInterval {
			t.Fatalf("backs off to the interval within %v", short)
		}
	}
}

// TestPausesKeepToTheInterval has an interval that is shorter than the shortest pause.
func TestPausesKeepToTheInterval(t *testing.T) {
	d := running(t, loopconfig.Config{PollLeast: time.Minute}, false, false)
	for _, pause := range pauses(d, 3) {
		if pause != d.m.config.PollInterval {
			t.Fatalf("a pause of %v", pause)
		}
	}
}

// TestPausesWhileKeysWait draws keys after a quiet time, which counts as new. While the transaction stays open,
// keys that others draw do not, and when it ends its rows do.
func TestPausesWhileKeysWait(t *testing.T) {
	d := running(t, loopconfig.Config{}, false, false)
	pauses(d, 100)
	high := int64(1000)
	drawn := func(holders ...string) time.Duration {
		high++
		d.horizon.Observe(replicate.Fence[int64]{High: high, HasHigh: true, Counter: true, Holders: holders}, d.now)
		d.step(Polled[int64]{Page: pageOf(), Result: replicate.PollResult{Unsettled: true}})
		pause := d.timers[TimerPoll].Delay
		d.fire(TimerPoll)
		return pause
	}
	if pause := drawn("a"); pause != d.m.config.PollLeast {
		t.Fatalf("a pause of %v after a key was drawn", pause)
	}
	last := time.Duration(0)
	for range 100 {
		pause := drawn("a", "b")
		if pause < last {
			t.Fatalf("a pause of %v after %v while nothing settles", pause, last)
		}
		last = pause
	}
	if last != d.m.config.PollInterval {
		t.Fatalf("a pause of %v while a transaction stays open", last)
	}
	d.horizon.Observe(replicate.Fence[int64]{High: high, HasHigh: true, Counter: true}, d.now)
	d.step(Polled[int64]{Page: pageOf(high)})
	want[Poll[int64]](d)
}
