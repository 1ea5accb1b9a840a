package machine

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/loopconfig"
)

// TestOffsetIsWrittenAgain repairs a store that has lost its data even though no more rows come, with and without a
// witness.
func TestOffsetIsWrittenAgain(t *testing.T) {
	for _, witness := range []bool{false, true} {
		d := running(t, loopconfig.Config{}, false, witness)
		d.polled(false)
		for range 2 {
			d.fire(TimerRefresh)
			if c := want[Commit](d); c.Offset != offsetAt(10) {
				t.Fatalf("commits %+v", c.Offset)
			}
			d.step(Committed{Offset: offsetAt(10)})
			d.fire(TimerCommit)
			wantNo[Commit](d)
			if witness {
				d.step(WitnessSaved{})
			}
		}
	}
}

// TestSilentSinkIsReplaced discards a sink that never acknowledges, and publishes again.
func TestSilentSinkIsReplaced(t *testing.T) {
	d := running(t, loopconfig.Config{AckTimeout: time.Minute}, false, false)
	d.polled(true, 11, 12)
	d.wait(20 * time.Second)
	d.polled(true, 13)
	d.step(Published{ID: 1}) // the second batch has not waited as long
	d.wait(40 * time.Second)
	d.step(TimerFired{TimerAck, d.timers[TimerAck].N})
	wantNo[CloseSink](d)
	if d.timers[TimerAck].Delay != 20*time.Second {
		t.Fatalf("waits %v more", d.timers[TimerAck].Delay)
	}
	d.fire(TimerAck)
	want[CloseSink](d)
	if len(d.retries) != 1 || d.retries[0].Op != "sink" || !strings.Contains(d.retries[0].Err.Error(), "acknowledged") {
		t.Fatalf("the reason can't be seen: %+v", d.retries)
	}
	d.fire(TimerSink)
	d.step(SinkOpened{}, Polled[int64]{Page: pageOf()})
	if poll := want[Poll[int64]](d); poll.Req.After != 12 {
		t.Fatalf("polls after %d", poll.Req.After)
	}
}

// TestOnceWaitsForAcknowledgements makes the last batch fail: it is published again before the run ends.
func TestOnceWaitsForAcknowledgements(t *testing.T) {
	d := running(t, loopconfig.Config{Once: true}, false, false)
	d.horizon.Observe(fence(12), d.now)
	d.step(Polled[int64]{Page: pageOf(11, 12)})
	wantNo[Poll[int64]](d)
	wantNo[Exit](d)
	d.step(Published{ID: 1, Err: errFault})
	wantNo[Exit](d)
	d.fire(TimerSink)
	d.step(SinkOpened{})
	want[Poll[int64]](d)
	d.horizon.Observe(fence(12), d.now)
	d.step(Polled[int64]{Page: pageOf(11, 12)})
	d.step(Published{ID: 2})
	want[Commit](d)
	d.step(Committed{Offset: offsetAt(12)})
	if exit := d.exit(); exit.Err != nil {
		t.Fatal(exit.Err)
	}
}

// TestKeysThatMayBeUsedAgain shows the machine a fence that does not continue the one before it. Nothing of the
// page is used, and the source is reopened at the last row that was handed over, in order to verify it.
func TestKeysThatMayBeUsedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		fence  replicate.Fence[int64]
		reopen bool
	}{
		"goes on":                           {replicate.Fence[int64]{High: 30, HasHigh: true, Counter: true}, false},
		"the sequence fell":                 {replicate.Fence[int64]{High: 19, HasHigh: true, Counter: true}, true},
		"the sequence is at its start":      {replicate.Fence[int64]{Counter: true}, true},
		"the highest row was deleted":       {replicate.Fence[int64]{High: 5, HasHigh: true}, false},
		"every row was deleted":             {replicate.Fence[int64]{}, false},
		"another server":                    {replicate.Fence[int64]{High: 30, HasHigh: true, Incarnation: "b"}, true},
		"SQLite, where rows can be deleted": {replicate.Fence[int64]{High: 5, HasHigh: true, Exact: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := running(t, loopconfig.Config{}, false, false)
			d.horizon.Observe(fence(20), d.now)
			d.step(Polled[int64]{Page: pageOf(11, 12), Result: replicate.PollResult{More: true}})
			if bound := d.horizon.Observe(c.fence, d.now); c.reopen && bound.Kind != replicate.BoundNothing {
				t.Fatalf("a bound of %+v", bound)
			}
			d.step(Polled[int64]{Page: pageOf()})
			if !c.reopen {
				wantNo[CloseSource](d)
				return
			}
			want[CloseSource](d)
			if len(d.retries) != 1 || d.retries[0].Op != "source" {
				t.Fatalf("the reason can't be seen: %+v", d.retries)
			}
			d.fire(TimerSource)
			if open := want[OpenSource](d); open.At != offsetAt(12) {
				t.Fatalf("opens at %+v, and would poll on after 12", open.At)
			}
			d.step(SourceOpened{Err: replicate.Stop(errors.New("keys were used again"), "set the offset")})
			d.step(Published{ID: 1}, Committed{Offset: offsetAt(12)})
			if exit := d.exit(); !replicate.IsStop(exit.Err) {
				t.Fatal(exit.Err)
			}
		})
	}
}

// TestSequenceBehindTheOffset truncates the table between the opening of the source and the first fence.
func TestSequenceBehindTheOffset(t *testing.T) {
	d := running(t, loopconfig.Config{}, false, false)
	d.horizon.Observe(fence(3), d.now)
	d.step(Polled[int64]{Page: pageOf()})
	want[CloseSource](d)
}

// TestHoldersAreListedInOrder asks who is holding the horizon back: the order must not be a map's.
func TestHoldersAreListedInOrder(t *testing.T) {
	for range 20 {
		d := running(t, loopconfig.Config{StuckAfter: time.Second}, false, false)
		d.horizon.Observe(fence(20, "d", "b", "a", "c"), d.now)
		d.wait(2 * time.Second)
		d.step(Polled[int64]{Page: pageOf()})
		if a := want[DescribeHolders](d); !slices.Equal(a.Holders, []string{"a", "b", "c", "d"}) {
			t.Fatal(a.Holders)
		}
	}
}

// TestAuditAfterAFailedBatch sets the position back. Rows beyond it are polled again, so the audit neither counts
// them as late nor publishes them.
func TestAuditAfterAFailedBatch(t *testing.T) {
	for _, lookingUp := range []bool{false, true} {
		d := running(t, loopconfig.Config{AuditPublish: true}, false, false)
		d.rows(12, 14)
		if lookingUp {
			d.fire(TimerAudit)
			if l := want[LookUp[int64]](d); !slices.Equal(l.Keys, []int64{11, 13}) {
				t.Fatal(l.Keys)
			}
		}
		d.step(Published{ID: 1, Err: errFault})
		if lookingUp {
			d.step(LookedUp[int64]{Page: pageOf(13)})
			wantNo[Publish[int64]](d)
		}
		d.fire(TimerSink)
		d.step(SinkOpened{})
		d.fire(TimerAudit)
		wantNo[LookUp[int64]](d)
		d.polled(false, 12, 13, 14)
		if l := want[LookUp[int64]](d); !slices.Equal(l.Keys, []int64{11}) {
			t.Fatalf("looks up %v", l.Keys)
		}
	}
}

// TestAuditMemoryIsBounded puts keys back into a memory that has filled up in the meantime.
func TestAuditMemoryIsBounded(t *testing.T) {
	w := gaps[int64]{max: 4, keep: time.Minute}
	now := time.Unix(0, 0)
	w.note(at(0), []int64{4}, now)
	taken := w.take(3)
	w.note(at(4), []int64{9}, now)
	w.requeue(taken)
	if got := watchedKeys(&w); !slices.Equal(got, []int64{1, 2, 3, 8}) || w.forgotten != 3 {
		t.Fatalf("remembers %v, dropped %d", got, w.forgotten)
	}
}

// TestAuditDoesNotHoldUpABacklog polls a backlog without a pause for 25 s. The lookups still come at their
// interval, and each is followed by a poll.
func TestAuditDoesNotHoldUpABacklog(t *testing.T) {
	d := running(t, loopconfig.Config{AuditInterval: 10 * time.Second}, false, false)
	lookups, polls := 0, 0
	for id := uint64(1); id <= 100; id++ {
		d.wait(250 * time.Millisecond)
		if end := d.ends[TimerAudit]; !end.IsZero() && !d.now.Before(end) {
			d.ends[TimerAudit] = time.Time{}
			d.step(TimerFired{TimerAudit, d.timers[TimerAudit].N})
		}
		d.polled(true, int64(10+2*id))
		if _, ok := wants[LookUp[int64]](d); ok {
			lookups++
			d.step(LookedUp[int64]{Page: pageOf()})
		}
		want[Poll[int64]](d)
		polls++
		d.step(Published{ID: id})
	}
	if lookups != 2 || polls != 100 {
		t.Fatalf("%d lookups and %d polls", lookups, polls)
	}
}
