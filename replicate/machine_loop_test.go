package replicate

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestOffsetIsWrittenAgain repairs a store that has lost its data, though no row follows, with and without a
// witness.
func TestOffsetIsWrittenAgain(t *testing.T) {
	for _, witness := range []bool{false, true} {
		d := running(t, Config{}, false, witness)
		d.polled(false)
		for range 2 {
			d.fire(timerRefresh)
			if c := want[actCommit](d); c.offset != offsetAt(10) {
				t.Fatalf("commits %+v", c.offset)
			}
			d.step(evCommitted{offset: offsetAt(10)})
			d.fire(timerCommit)
			wantNo[actCommit](d)
			if witness {
				d.step(evWitnessSaved{})
			}
		}
	}
}

// TestAcknowledgementIsNotAwaitedForEver throws away a sink that says nothing, and publishes again.
func TestAcknowledgementIsNotAwaitedForEver(t *testing.T) {
	d := running(t, Config{AckTimeout: time.Minute}, false, false)
	d.polled(true, 11, 12)
	d.wait(20 * time.Second)
	d.polled(true, 13)
	d.step(evPublished{id: 1}) // the second batch has waited for less
	d.wait(40 * time.Second)
	d.step(evTimer{timerAck, d.timers[timerAck].n})
	wantNo[actCloseSink](d)
	if d.timers[timerAck].delay != 20*time.Second {
		t.Fatalf("waits %v more", d.timers[timerAck].delay)
	}
	d.fire(timerAck)
	want[actCloseSink](d)
	if len(d.retries) != 1 || d.retries[0].Op != "sink" || !strings.Contains(d.retries[0].Err.Error(), "acknowledged") {
		t.Fatalf("the reason can't be seen: %+v", d.retries)
	}
	d.fire(timerSink)
	d.step(evSinkOpened{}, evPolled[int64]{page: pageOf()})
	if poll := want[actPoll[int64]](d); poll.req.After != 12 {
		t.Fatalf("polls after %d", poll.req.After)
	}
}

// TestOnceWaitsForAcknowledgements fails the last batch: it is published again before the run ends.
func TestOnceWaitsForAcknowledgements(t *testing.T) {
	d := running(t, Config{Once: true}, false, false)
	d.m.onFence(fence(12), d.now)
	d.step(evPolled[int64]{page: pageOf(11, 12)})
	wantNo[actPoll[int64]](d)
	wantNo[actExit](d)
	d.step(evPublished{id: 1, err: errModel})
	wantNo[actExit](d)
	d.fire(timerSink)
	d.step(evSinkOpened{})
	want[actPoll[int64]](d)
	d.m.onFence(fence(12), d.now)
	d.step(evPolled[int64]{page: pageOf(11, 12)})
	d.step(evPublished{id: 2})
	want[actCommit](d)
	d.step(evCommitted{offset: offsetAt(12)})
	if exit := d.exit(); exit.err != nil {
		t.Fatal(exit.err)
	}
}

// TestKeysThatMayBeUsedAgain shows the machine a fence that does not continue the one before: nothing of the
// page is used, and the source is opened anew at the last row that was handed over, which verifies it.
func TestKeysThatMayBeUsedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		fence  Fence[int64]
		reopen bool
	}{
		"goes on":                           {Fence[int64]{High: 30, HasHigh: true, Counter: true}, false},
		"the sequence fell":                 {Fence[int64]{High: 19, HasHigh: true, Counter: true}, true},
		"the sequence is at its start":      {Fence[int64]{Counter: true}, true},
		"the highest row was deleted":       {Fence[int64]{High: 5, HasHigh: true}, false},
		"every row was deleted":             {Fence[int64]{}, false},
		"another server":                    {Fence[int64]{High: 30, HasHigh: true, Incarnation: "b"}, true},
		"SQLite, where rows can be deleted": {Fence[int64]{High: 5, HasHigh: true, Exact: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := running(t, Config{}, false, false)
			d.m.onFence(fence(20), d.now)
			d.step(evPolled[int64]{page: pageOf(11, 12), result: PollResult{More: true}})
			if bound := d.m.onFence(c.fence, d.now); c.reopen && bound.Kind != BoundNothing {
				t.Fatalf("a bound of %+v", bound)
			}
			d.step(evPolled[int64]{page: pageOf()})
			if !c.reopen {
				wantNo[actCloseSource](d)
				return
			}
			want[actCloseSource](d)
			if len(d.retries) != 1 || d.retries[0].Op != "source" {
				t.Fatalf("the reason can't be seen: %+v", d.retries)
			}
			d.fire(timerSource)
			if open := want[actOpenSource](d); open.at != offsetAt(12) {
				t.Fatalf("opens at %+v, and would poll on after 12", open.at)
			}
			d.step(evSourceOpened{err: Stop(errors.New("keys were used again"), "set the offset")})
			d.step(evPublished{id: 1}, evCommitted{offset: offsetAt(12)})
			if exit := d.exit(); !IsStop(exit.err) {
				t.Fatal(exit.err)
			}
		})
	}
}

// TestSequenceBehindTheOffset truncates the table after the source was opened and before the first fence.
func TestSequenceBehindTheOffset(t *testing.T) {
	d := running(t, Config{}, false, false)
	d.m.onFence(fence(3), d.now)
	d.step(evPolled[int64]{page: pageOf()})
	want[actCloseSource](d)
}

// TestHoldersAreListedInOrder asks who holds the horizon back: the order must not be that of a map.
func TestHoldersAreListedInOrder(t *testing.T) {
	for range 20 {
		d := running(t, Config{StuckAfter: time.Second}, false, false)
		d.m.onFence(fence(20, "d", "b", "a", "c"), d.now)
		d.wait(2 * time.Second)
		d.step(evPolled[int64]{page: pageOf()})
		if a := want[actDescribe](d); !slices.Equal(a.holders, []string{"a", "b", "c", "d"}) {
			t.Fatal(a.holders)
		}
	}
}

// TestAuditAfterAFailedBatch sets the position back: rows beyond it are read again, so the audit neither finds
// them late nor publishes them.
func TestAuditAfterAFailedBatch(t *testing.T) {
	for _, lookingUp := range []bool{false, true} {
		d := running(t, Config{AuditPublish: true}, false, false)
		d.polled(false, 12, 14)
		if lookingUp {
			d.fire(timerAudit)
			if l := want[actLookup[int64]](d); !slices.Equal(l.keys, []int64{11, 13}) {
				t.Fatal(l.keys)
			}
		}
		d.step(evPublished{id: 1, err: errModel})
		if lookingUp {
			d.step(evLooked[int64]{page: pageOf(13)})
			wantNo[actPublish[int64]](d)
		}
		d.fire(timerSink)
		d.step(evSinkOpened{})
		d.fire(timerAudit)
		wantNo[actLookup[int64]](d)
		d.polled(false, 12, 13, 14)
		if l := want[actLookup[int64]](d); !slices.Equal(l.keys, []int64{11}) {
			t.Fatalf("looks up %v", l.keys)
		}
	}
}

// TestAuditMemoryIsBounded puts keys back into a memory that has filled meanwhile.
func TestAuditMemoryIsBounded(t *testing.T) {
	w := watch[int64]{max: 4, keep: time.Minute}
	now := time.Unix(0, 0)
	w.note(at(0), []int64{4}, now)
	taken := w.take(3)
	w.note(at(4), []int64{9}, now)
	w.again(taken)
	if got := watchedKeys(&w); !slices.Equal(got, []int64{1, 2, 3, 8}) || w.dropped != 3 {
		t.Fatalf("remembers %v, dropped %d", got, w.dropped)
	}
}

// TestAuditDoesNotHoldUpABacklog polls a backlog without a pause for 25 s: the lookups come at their interval
// all the same, and each is followed by a poll.
func TestAuditDoesNotHoldUpABacklog(t *testing.T) {
	d := running(t, Config{AuditInterval: 10 * time.Second}, false, false)
	lookups, polls := 0, 0
	for id := uint64(1); id <= 100; id++ {
		d.wait(250 * time.Millisecond)
		if end := d.ends[timerAudit]; !end.IsZero() && !d.now.Before(end) {
			d.ends[timerAudit] = time.Time{}
			d.step(evTimer{timerAudit, d.timers[timerAudit].n})
		}
		d.polled(true, int64(10+2*id))
		if _, ok := wants[actLookup[int64]](d); ok {
			lookups++
			d.step(evLooked[int64]{page: pageOf()})
		}
		want[actPoll[int64]](d)
		polls++
		d.step(evPublished{id: id})
	}
	if lookups != 2 || polls != 100 {
		t.Fatalf("%d lookups and %d polls", lookups, polls)
	}
}
