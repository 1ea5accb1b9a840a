package replicate

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// driver feeds a machine by hand and keeps what it wants to be done.
type driver struct {
	t       *testing.T
	m       *machine[int64]
	now     time.Time
	out     []action // of the last step
	timers  [timerKinds]actTimer
	ends    [timerKinds]time.Time
	retries []RetryInfo
	leases  []LeaseInfo
}

func drive(t *testing.T, cfg Config, lease, witness bool) *driver {
	cfg.PollInterval = time.Second
	d := &driver{t: t, now: time.Unix(1_700_000_000, 0)}
	hooks := &Hooks{
		OnRetry: func(i RetryInfo) { d.retries = append(d.retries, i) },
		OnLease: func(i LeaseInfo) { d.leases = append(d.leases, i) },
	}
	d.m = newMachine[int64](cfg.WithDefaults(), hooks, lease, witness, 1)
	d.keep(d.m.start(d.now))
	return d
}

func (d *driver) keep(out []action) {
	d.out = out
	for _, a := range out {
		if timer, ok := a.(actTimer); ok {
			d.timers[timer.timer], d.ends[timer.timer] = timer, d.now.Add(timer.delay)
		}
	}
}

func (d *driver) step(events ...event) {
	for _, ev := range events {
		d.keep(d.m.step(ev, d.now))
	}
}

func (d *driver) wait(by time.Duration) { d.now = d.now.Add(by) }

// fire lets the timer of a kind that was armed last end.
func (d *driver) fire(kind timerKind) {
	d.wait(d.timers[kind].delay)
	d.step(evTimer{kind, d.timers[kind].n})
}

// wants returns the action of type A that the last step asked for, if it did.
func wants[A action](d *driver) (a A, ok bool) {
	for _, out := range d.out {
		if a, ok := out.(A); ok {
			return a, true
		}
	}
	return a, false
}

func want[A action](d *driver) A {
	d.t.Helper()
	a, ok := wants[A](d)
	if !ok {
		d.t.Fatalf("wants %s, not %T", describe(d.out), a)
	}
	return a
}

func wantNo[A action](d *driver) {
	d.t.Helper()
	if a, ok := wants[A](d); ok {
		d.t.Fatalf("wants %+v", a)
	}
}

func describe(actions []action) string {
	var all []string
	for _, a := range actions {
		all = append(all, fmt.Sprintf("%T", a))
	}
	return fmt.Sprint(all)
}

func pageOf(keys ...int64) *Page[int64] {
	p := new(Page[int64])
	for _, k := range keys {
		start := len(p.slab)
		p.slab = AppendKey(p.slab, k)
		p.append(k, Sum{1}, span{rowKey: start, key: len(p.slab), value: len(p.slab), end: len(p.slab)})
	}
	return p
}

func offsetAt(key int64) Offset { return Offset{Key: KeyText(key), Sum: Sum{1}.String()} }

// running brings a machine up whose offset is 10.
func running(t *testing.T, cfg Config, lease, witness bool) *driver {
	d := drive(t, cfg, lease, witness)
	if lease {
		d.step(evLease{held: true})
	}
	d.step(evSinkOpened{}, evLoaded{offset: offsetAt(10)}, evSourceOpened{})
	want[actPoll[int64]](d)
	if witness {
		want[actSaveWitness](d)
		d.step(evWitnessSaved{})
	}
	return d
}

// polled ends the poll under way with rows; more says that others follow.
func (d *driver) polled(more bool, keys ...int64) {
	d.m.onFence(Fence[int64]{High: 1000, HasHigh: true, Counter: true}, d.now)
	d.step(evPolled[int64]{page: pageOf(keys...), result: PollResult{More: more}})
}

func (d *driver) exit() actExit {
	d.t.Helper()
	return want[actExit](d)
}

// TestTenureKnowsItsOffsetFirst takes the lease away and gives it back while something of the first tenure is
// under way. Whatever its end sets off, the table is not read before the offset was loaded once more.
func TestTenureKnowsItsOffsetFirst(t *testing.T) {
	again := func(d *driver) {
		d.step(evLease{holder: "another"})
		d.fire(timerLease)
		d.step(evLease{held: true})
		want[actOpenSink](d)
	}
	for name, c := range map[string]func(d *driver){
		"a poll": func(d *driver) {
			again(d)
			d.step(evPolled[int64]{page: pageOf(11), err: errModel})
		},
		"a recheck": func(d *driver) {
			d.polled(false)
			d.fire(timerRecheck)
			want[actRecheck](d)
			again(d)
			d.step(evRechecked{})
		},
		"the opening of the source": func(d *driver) {
			d.step(evPolled[int64]{page: pageOf(), err: errModel})
			d.fire(timerSource)
			want[actOpenSource](d)
			again(d)
			d.step(evSourceOpened{})
		},
		"a pause before the source is opened": func(d *driver) {
			d.step(evPolled[int64]{page: pageOf(), err: errModel})
			timer := d.timers[timerSource]
			again(d)
			d.step(evTimer{timerSource, timer.n})
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := running(t, Config{}, true, false)
			c(d)
			wantNo[actOpenSource](d)
			d.step(evSinkOpened{})
			want[actLoad](d)
			d.step(evLoaded{offset: offsetAt(20)})
			if open := want[actOpenSource](d); open.at != offsetAt(20) {
				t.Fatalf("opens the source at %+v", open.at)
			}
			d.step(evSourceOpened{})
			if poll := want[actPoll[int64]](d); poll.req.After != 20 {
				t.Fatalf("polls after %d", poll.req.After)
			}
		})
	}
}

// TestAnswersOfAnEarlierTenure brings a load and a commit to an end whose tenure is over.
func TestAnswersOfAnEarlierTenure(t *testing.T) {
	t.Run("load", func(t *testing.T) {
		d := drive(t, Config{}, true, false)
		d.step(evLease{held: true}, evSinkOpened{})
		want[actLoad](d)
		d.step(evLease{holder: "another"}, evLease{held: true})
		d.step(evLoaded{offset: offsetAt(5)}) // before the sink is open again
		wantNo[actOpenSource](d)
		d.step(evSinkOpened{})
		want[actLoad](d)
	})
	t.Run("commit", func(t *testing.T) {
		d := running(t, Config{}, true, false)
		d.polled(true, 11)
		d.step(evPublished{id: 1})
		want[actCommit](d)
		d.step(evLease{holder: "another"}, evLease{held: true}, evSinkOpened{})
		wantNo[actLoad](d) // the store does one thing at a time
		d.step(evCommitted{offsetAt(11), errModel})
		want[actLoad](d)
		if len(d.retries) > 0 {
			t.Fatalf("retries what an earlier tenure wanted: %+v", d.retries)
		}
	})
	t.Run("timers", func(t *testing.T) {
		d := running(t, Config{}, true, false)
		d.polled(false)
		late := d.timers[timerPoll]
		d.step(evLease{holder: "another"}, evLease{held: true}, evSinkOpened{}, evLoaded{}, evSourceOpened{})
		d.polled(false)
		d.step(evTimer{timerPoll, late.n})
		wantNo[actPoll[int64]](d)
		d.fire(timerPoll)
		want[actPoll[int64]](d)
	})
}

// TestStopRenewsTheLease drains for longer than the lease lasts: nobody may take over meanwhile.
func TestStopRenewsTheLease(t *testing.T) {
	drain := func(t *testing.T) *driver {
		d := running(t, Config{}, true, false)
		d.polled(true, 11, 12)
		d.step(evStop{})
		d.fire(timerLease)
		want[actAcquire](d)
		return d
	}
	t.Run("held", func(t *testing.T) {
		d := drain(t)
		d.step(evLease{held: true}, evPublished{id: 1})
		if c := want[actCommit](d); c.offset != offsetAt(12) {
			t.Fatalf("commits %+v", c.offset)
		}
		d.step(evCommitted{offset: offsetAt(12)})
		if exit := d.exit(); exit.err != nil || !exit.release {
			t.Fatalf("%+v", exit)
		}
	})
	t.Run("elsewhere", func(t *testing.T) {
		d := drain(t)
		d.step(evLease{holder: "another"})
		wantNo[actCommit](d)
		if exit := d.exit(); exit.err != nil || exit.release {
			t.Fatalf("%+v", exit)
		}
	})
	t.Run("unreachable", func(t *testing.T) {
		d := drain(t)
		d.step(evLease{err: errModel})
		wantNo[actExit](d)
		d.fire(timerLease)
		want[actAcquire](d)
	})
	t.Run("lost to nobody", func(t *testing.T) {
		d := drain(t)
		d.step(evLease{held: true}, evPublished{id: 1}, evCommitted{offsetAt(12), ErrLeaseLost})
		want[actAcquire](d)
		d.step(evLease{held: true})
		d.fire(timerCommit)
		want[actCommit](d)
	})
}

// TestStopWhileTheLeaseIsAskedFor gives back what the request under way may have taken.
func TestStopWhileTheLeaseIsAskedFor(t *testing.T) {
	d := drive(t, Config{}, true, false)
	want[actAcquire](d)
	d.step(evStop{})
	if !d.exit().release {
		t.Fatal("a lease that is being taken is left behind")
	}
}

// TestStrictLeaseEndsInTime lets the request for the lease hang: publishing ends before the store lets the lease
// go, whose time began when it was asked for and not when the answer came.
func TestStrictLeaseEndsInTime(t *testing.T) {
	for _, strict := range []bool{true, false} {
		d := drive(t, Config{LeaseStrict: strict, LeaseTTL: 10 * time.Second}, true, false)
		d.wait(2 * time.Second) // the answer takes that long
		d.step(evLease{held: true}, evSinkOpened{}, evLoaded{}, evSourceOpened{})
		d.fire(timerLease)
		want[actAcquire](d)
		if !strict {
			if d.timers[timerLeaseEnd] != (actTimer{}) {
				t.Fatal("a lease that is not strict ends by itself")
			}
			continue
		}
		if end := d.timers[timerLeaseEnd]; end.delay != 6*time.Second {
			t.Fatalf("the lease is taken to end after %v", end.delay)
		}
		d.wait(d.timers[timerLeaseEnd].delay - d.timers[timerLease].delay)
		d.step(evTimer{timerLeaseEnd, d.timers[timerLeaseEnd].n})
		want[actCloseSink](d)
		if d.m.phase != phaseStandby || d.leases[len(d.leases)-1].Err == nil {
			t.Fatalf("phase %d, reported %+v", d.m.phase, d.leases)
		}
		d.step(evLease{held: true})
		want[actOpenSink](d)
	}
}

// TestAttemptsAreCounted fails an operation again and again: the pauses grow as long as nothing has worked,
// stay within their bounds, and begin anew after a success.
func TestAttemptsAreCounted(t *testing.T) {
	attempts := func(d *driver) (n []int) {
		for _, r := range d.retries {
			n = append(n, r.Attempt)
			ceiling := min(d.m.cfg.RetryMin<<(r.Attempt-1), d.m.cfg.RetryMax)
			if r.Delay < ceiling/2 || r.Delay > ceiling {
				d.t.Errorf("attempt %d of %s waits %v, not between %v and %v", r.Attempt, r.Op, r.Delay, ceiling/2, ceiling)
			}
		}
		return n
	}
	cfg := Config{RetryMin: 100 * time.Millisecond, RetryMax: time.Second}
	t.Run("a sink that opens and does not publish", func(t *testing.T) {
		d := running(t, cfg, false, false)
		for id := uint64(1); id <= 6; id++ {
			d.polled(false, 11)
			d.step(evPublished{id: id, err: errModel})
			d.fire(timerSink)
			d.step(evSinkOpened{})
		}
		d.polled(false, 11)
		d.step(evPublished{id: 7})
		d.fire(timerPoll)
		d.polled(false, 12)
		d.step(evPublished{id: 8, err: errModel})
		if n := attempts(d); !slices.Equal(n, []int{1, 2, 3, 4, 5, 6, 1}) {
			t.Fatalf("attempts %v", n)
		}
	})
	t.Run("a sink that was open for long", func(t *testing.T) {
		d := running(t, cfg, false, false)
		d.polled(false, 11)
		d.step(evPublished{id: 1, err: errModel})
		d.fire(timerSink)
		d.step(evSinkOpened{})
		d.wait(2 * cfg.RetryMax)
		d.polled(false, 11)
		d.step(evPublished{id: 2, err: errModel})
		if n := attempts(d); !slices.Equal(n, []int{1, 1}) {
			t.Fatalf("attempts %v", n)
		}
	})
	t.Run("a source that opens and does not poll", func(t *testing.T) {
		d := running(t, cfg, false, false)
		for range 3 {
			d.step(evPolled[int64]{page: pageOf(), err: errModel})
			d.fire(timerSource)
			d.step(evSourceOpened{})
		}
		d.polled(true)
		d.step(evPolled[int64]{page: pageOf(), err: errModel})
		if n := attempts(d); !slices.Equal(n, []int{1, 2, 3, 1}) {
			t.Fatalf("attempts %v", n)
		}
	})
	t.Run("a witness", func(t *testing.T) {
		d := running(t, cfg, false, true)
		d.fire(timerRefresh)
		d.step(evWitnessSaved{errModel})
		d.fire(timerRefresh)
		d.step(evWitnessSaved{})
		d.fire(timerRefresh)
		d.step(evWitnessSaved{errModel})
		if n := attempts(d); !slices.Equal(n, []int{1, 1}) {
			t.Fatalf("attempts %v", n)
		}
	})
}

// TestStopTwice asks again while it drains, and lets what is under way end: nothing begins anew.
func TestStopTwice(t *testing.T) {
	d := running(t, Config{}, false, true)
	d.polled(true, 11)
	d.fire(timerRefresh)
	want[actSaveWitness](d)
	d.step(evCommitted{offset: offsetAt(10)})
	d.step(evStop{})
	drain := d.timers[timerDrain]
	for _, late := range []event{evStop{}, evWitnessSaved{errModel}, evPolled[int64]{page: pageOf(12)},
		evSinkOpened{}, evTimer{timerPoll, d.timers[timerPoll].n}} {
		d.step(late)
		for _, a := range d.out {
			if _, ok := a.(actRecycle[int64]); !ok {
				t.Fatalf("%T makes it want %T while it stops", late, a)
			}
		}
	}
	if d.timers[timerDrain] != drain || len(d.retries) > 0 {
		t.Fatalf("the stop began anew, or something is retried: %+v", d.retries)
	}
	d.step(evPublished{id: 1})
	d.step(evCommitted{offset: offsetAt(11)})
	want[actSaveWitness](d)
	d.step(evWitnessSaved{errModel}) // which is tried once
	if exit := d.exit(); exit.err != nil {
		t.Fatal(exit.err)
	}
}
