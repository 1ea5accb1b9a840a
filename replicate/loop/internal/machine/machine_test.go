package machine

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/loopconfig"
	"github.com/repliqate/repliqate/replicate/replicatetest"
)

// errFault is a failure on purpose.
var errFault = errors.New("failed on purpose")

// driver feeds a machine by hand and keeps the actions it asks for.
type driver struct {
	t       *testing.T
	m       *Machine[int64]
	now     time.Time
	out     []Action // of the last step
	timers  [TimerKinds]StartTimer
	ends    [TimerKinds]time.Time
	horizon *Horizon[int64] // lent to the poll under way
	retries []replicate.RetryInfo
	leases  []replicate.LeaseInfo
}

func drive(t *testing.T, cfg loopconfig.Config, lease, witness bool) *driver {
	cfg.PollInterval = time.Second
	d := &driver{t: t, now: time.Unix(1_700_000_000, 0)}
	hooks := &replicate.Hooks{
		OnRetry: func(i replicate.RetryInfo) { d.retries = append(d.retries, i) },
		OnLease: func(i replicate.LeaseInfo) { d.leases = append(d.leases, i) },
	}
	d.m = New[int64](cfg.WithDefaults(), hooks, lease, witness, 1)
	d.keep(d.m.Start(d.now))
	return d
}

func (d *driver) keep(out []Action) {
	d.out = out
	for _, a := range out {
		if timer, ok := a.(StartTimer); ok {
			d.timers[timer.Timer], d.ends[timer.Timer] = timer, d.now.Add(timer.Delay)
		}
		if poll, ok := a.(Poll[int64]); ok {
			d.horizon = poll.Horizon
		}
	}
}

func (d *driver) step(events ...Event) {
	for _, ev := range events {
		if polled, ok := ev.(Polled[int64]); ok {
			polled.Horizon = d.horizon
			ev = polled
		}
		d.keep(d.m.Step(ev, d.now))
	}
}

func (d *driver) wait(by time.Duration) { d.now = d.now.Add(by) }

// fire fires the timer of a kind that was armed last.
func (d *driver) fire(kind TimerKind) {
	d.wait(d.timers[kind].Delay)
	d.step(TimerFired{kind, d.timers[kind].N})
}

// wants returns the action of type A that the last step asked for, if there is one.
func wants[A Action](d *driver) (a A, ok bool) {
	for _, out := range d.out {
		if a, ok := out.(A); ok {
			return a, true
		}
	}
	return a, false
}

func want[A Action](d *driver) A {
	d.t.Helper()
	a, ok := wants[A](d)
	if !ok {
		d.t.Fatalf("wants %s, not %T", describe(d.out), a)
	}
	return a
}

func wantNo[A Action](d *driver) {
	d.t.Helper()
	if a, ok := wants[A](d); ok {
		d.t.Fatalf("wants %+v", a)
	}
}

func describe(actions []Action) string {
	var all []string
	for _, a := range actions {
		all = append(all, fmt.Sprintf("%T", a))
	}
	return fmt.Sprint(all)
}

func pageOf(keys ...int64) *replicate.Page[int64] {
	p := new(replicate.Page[int64])
	builder := replicatetest.KeyBuilder(func(int64) replicate.Checksum { return replicate.Checksum{1} })
	builder.Begin(p, replicate.PollRequest[int64]{MaxRows: len(keys), MaxBytes: 1 << 20})
	for _, k := range keys {
		_, _ = builder.Add(&k) // a bare key can't be bad
	}
	return p
}

func offsetAt(key int64) replicate.Offset {
	return replicate.Offset{Key: replicate.KeyText(key), Checksum: replicate.Checksum{1}.String()}
}

// running brings up a machine whose offset is 10.
func running(t *testing.T, cfg loopconfig.Config, lease, witness bool) *driver {
	d := drive(t, cfg, lease, witness)
	if lease {
		d.step(LeaseAnswered{Held: true})
	}
	d.step(SinkOpened{}, OffsetLoaded{Offset: offsetAt(10)}, SourceOpened{})
	if cfg.Once {
		want[FindStranded](d)
		d.step(StrandedFound[int64]{})
	}
	want[Poll[int64]](d)
	if witness {
		want[SaveWitness](d)
		d.step(WitnessSaved{})
	}
	return d
}

// polled ends the current poll with rows; more says that others follow.
func (d *driver) polled(more bool, keys ...int64) {
	d.horizon.Observe(replicate.Fence[int64]{High: 1000, HasHigh: true, Counter: true}, d.now)
	d.step(Polled[int64]{Page: pageOf(keys...), Result: replicate.PollResult{More: more}})
}

// rows ends the current poll with the last rows there are, and the poll that follows at once.
func (d *driver) rows(keys ...int64) {
	d.t.Helper()
	d.polled(false, keys...)
	want[Poll[int64]](d)
	d.polled(false)
}

func (d *driver) exit() Exit {
	d.t.Helper()
	return want[Exit](d)
}

// TestTenureKnowsItsOffsetFirst takes the lease away and gives it back while an operation of the first tenure is
// pending. Whatever follows when it ends, the table is not read before the offset has been loaded again.
func TestTenureKnowsItsOffsetFirst(t *testing.T) {
	again := func(d *driver) {
		d.step(LeaseAnswered{Holder: "another"})
		d.fire(TimerLease)
		d.step(LeaseAnswered{Held: true})
		want[OpenSink](d)
	}
	for name, c := range map[string]func(d *driver){
		"a poll": func(d *driver) {
			again(d)
			d.step(Polled[int64]{Page: pageOf(11), Err: errFault})
		},
		"a recheck": func(d *driver) {
			d.polled(false)
			d.fire(TimerRecheck)
			want[Recheck](d)
			again(d)
			d.step(Rechecked{})
		},
		"the opening of the source": func(d *driver) {
			d.step(Polled[int64]{Page: pageOf(), Err: errFault})
			d.fire(TimerSource)
			want[OpenSource](d)
			again(d)
			d.step(SourceOpened{})
		},
		"a pause before the source is opened": func(d *driver) {
			d.step(Polled[int64]{Page: pageOf(), Err: errFault})
			timer := d.timers[TimerSource]
			again(d)
			d.step(TimerFired{TimerSource, timer.N})
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := running(t, loopconfig.Config{}, true, false)
			c(d)
			wantNo[OpenSource](d)
			d.step(SinkOpened{})
			want[LoadOffset](d)
			d.step(OffsetLoaded{Offset: offsetAt(20)})
			if open := want[OpenSource](d); open.At != offsetAt(20) {
				t.Fatalf("opens the source at %+v", open.At)
			}
			d.step(SourceOpened{})
			if poll := want[Poll[int64]](d); poll.Req.After != 20 {
				t.Fatalf("polls after %d", poll.Req.After)
			}
		})
	}
}

// TestAnswersOfAnEarlierTenure ends a load and a commit whose tenure is over.
func TestAnswersOfAnEarlierTenure(t *testing.T) {
	t.Run("load", func(t *testing.T) {
		d := drive(t, loopconfig.Config{}, true, false)
		d.step(LeaseAnswered{Held: true}, SinkOpened{})
		want[LoadOffset](d)
		d.step(LeaseAnswered{Holder: "another"}, LeaseAnswered{Held: true})
		d.step(OffsetLoaded{Offset: offsetAt(5)}) // before the sink is open again
		wantNo[OpenSource](d)
		d.step(SinkOpened{})
		want[LoadOffset](d)
	})
	t.Run("commit", func(t *testing.T) {
		d := running(t, loopconfig.Config{}, true, false)
		d.polled(true, 11)
		d.step(Published{ID: 1})
		want[Commit](d)
		d.step(LeaseAnswered{Holder: "another"}, LeaseAnswered{Held: true}, SinkOpened{})
		wantNo[LoadOffset](d) // the store does one thing at a time
		d.step(Committed{offsetAt(11), errFault})
		want[LoadOffset](d)
		if len(d.retries) > 0 {
			t.Fatalf("retries an operation of an earlier tenure: %+v", d.retries)
		}
	})
	t.Run("timers", func(t *testing.T) {
		d := running(t, loopconfig.Config{}, true, false)
		d.polled(false)
		late := d.timers[TimerPoll]
		d.step(LeaseAnswered{Holder: "another"}, LeaseAnswered{Held: true}, SinkOpened{}, OffsetLoaded{}, SourceOpened{})
		d.polled(false)
		d.step(TimerFired{TimerPoll, late.N})
		wantNo[Poll[int64]](d)
		d.fire(TimerPoll)
		want[Poll[int64]](d)
	})
}

// TestStopRenewsTheLease drains for longer than the lease lasts: nobody may take over in that time.
func TestStopRenewsTheLease(t *testing.T) {
	drain := func(t *testing.T) *driver {
		d := running(t, loopconfig.Config{}, true, false)
		d.polled(true, 11, 12)
		d.step(StopRequested{})
		d.fire(TimerLease)
		want[AcquireLease](d)
		return d
	}
	t.Run("held", func(t *testing.T) {
		d := drain(t)
		d.step(LeaseAnswered{Held: true}, Published{ID: 1})
		if c := want[Commit](d); c.Offset != offsetAt(12) {
			t.Fatalf("commits %+v", c.Offset)
		}
		d.step(Committed{Offset: offsetAt(12)})
		if exit := d.exit(); exit.Err != nil || !exit.Release {
			t.Fatalf("%+v", exit)
		}
	})
	t.Run("elsewhere", func(t *testing.T) {
		d := drain(t)
		d.step(LeaseAnswered{Holder: "another"})
		wantNo[Commit](d)
		if exit := d.exit(); exit.Err != nil || exit.Release {
			t.Fatalf("%+v", exit)
		}
	})
	t.Run("unreachable", func(t *testing.T) {
		d := drain(t)
		d.step(LeaseAnswered{Err: errFault})
		wantNo[Exit](d)
		d.fire(TimerLease)
		want[AcquireLease](d)
	})
	t.Run("lost to nobody", func(t *testing.T) {
		d := drain(t)
		d.step(LeaseAnswered{Held: true}, Published{ID: 1}, Committed{offsetAt(12), replicate.ErrLeaseLost})
		want[AcquireLease](d)
		d.step(LeaseAnswered{Held: true})
		d.fire(TimerCommit)
		want[Commit](d)
	})
}

// TestStopWhileTheLeaseIsAskedFor gives back a lease that the pending request may have taken.
func TestStopWhileTheLeaseIsAskedFor(t *testing.T) {
	d := drive(t, loopconfig.Config{}, true, false)
	want[AcquireLease](d)
	d.step(StopRequested{})
	if !d.exit().Release {
		t.Fatal("a lease that was just being taken was not given back")
	}
}

// TestStrictLeaseEndsInTime lets the request for the lease hang. Publishing must end before the store's lease does,
// which counts from the request and not from the answer.
func TestStrictLeaseEndsInTime(t *testing.T) {
	for _, strict := range []bool{true, false} {
		d := drive(t, loopconfig.Config{LeaseStrict: strict, LeaseTTL: 10 * time.Second}, true, false)
		d.wait(2 * time.Second) // the answer takes that long
		d.step(LeaseAnswered{Held: true}, SinkOpened{}, OffsetLoaded{}, SourceOpened{})
		d.fire(TimerLease)
		want[AcquireLease](d)
		if !strict {
			if d.timers[TimerLeaseEnd] != (StartTimer{}) {
				t.Fatal("a lease that is not strict ended by itself")
			}
			continue
		}
		if end := d.timers[TimerLeaseEnd]; end.Delay != 6*time.Second {
			t.Fatalf("the lease is expected to end after %v", end.Delay)
		}
		d.wait(d.timers[TimerLeaseEnd].Delay - d.timers[TimerLease].Delay)
		d.step(TimerFired{TimerLeaseEnd, d.timers[TimerLeaseEnd].N})
		want[CloseSink](d)
		if d.m.phase != PhaseStandby || d.leases[len(d.leases)-1].Err == nil {
			t.Fatalf("phase %d, reported %+v", d.m.phase, d.leases)
		}
		d.step(LeaseAnswered{Held: true})
		want[OpenSink](d)
	}
}

// TestAttemptsAreCounted makes an operation fail repeatedly. The pauses grow as long as nothing works, stay within
// their bounds, and start over after a success.
func TestAttemptsAreCounted(t *testing.T) {
	attempts := func(d *driver) (n []int) {
		for _, r := range d.retries {
			n = append(n, r.Attempt)
			ceiling := min(d.m.config.RetryMin<<(r.Attempt-1), d.m.config.RetryMax)
			if r.Delay < ceiling/2 || r.Delay > ceiling {
				d.t.Errorf("attempt %d of %s waits %v, not between %v and %v", r.Attempt, r.Op, r.Delay, ceiling/2, ceiling)
			}
		}
		return n
	}
	cfg := loopconfig.Config{RetryMin: 100 * time.Millisecond, RetryMax: time.Second}
	t.Run("a sink that opens and does not publish", func(t *testing.T) {
		d := running(t, cfg, false, false)
		for id := uint64(1); id <= 6; id++ {
			d.rows(11)
			d.step(Published{ID: id, Err: errFault})
			d.fire(TimerSink)
			d.step(SinkOpened{})
		}
		d.rows(11)
		d.step(Published{ID: 7})
		d.fire(TimerPoll)
		d.rows(12)
		d.step(Published{ID: 8, Err: errFault})
		if n := attempts(d); !slices.Equal(n, []int{1, 2, 3, 4, 5, 6, 1}) {
			t.Fatalf("attempts %v", n)
		}
	})
	t.Run("a sink that was open for a long time", func(t *testing.T) {
		d := running(t, cfg, false, false)
		d.rows(11)
		d.step(Published{ID: 1, Err: errFault})
		d.fire(TimerSink)
		d.step(SinkOpened{})
		d.wait(2 * cfg.RetryMax)
		d.rows(11)
		d.step(Published{ID: 2, Err: errFault})
		if n := attempts(d); !slices.Equal(n, []int{1, 1}) {
			t.Fatalf("attempts %v", n)
		}
	})
	t.Run("a source that opens and does not poll", func(t *testing.T) {
		d := running(t, cfg, false, false)
		for range 3 {
			d.step(Polled[int64]{Page: pageOf(), Err: errFault})
			d.fire(TimerSource)
			d.step(SourceOpened{})
		}
		d.polled(true)
		d.step(Polled[int64]{Page: pageOf(), Err: errFault})
		if n := attempts(d); !slices.Equal(n, []int{1, 2, 3, 1}) {
			t.Fatalf("attempts %v", n)
		}
	})
	t.Run("a witness", func(t *testing.T) {
		d := running(t, cfg, false, true)
		d.fire(TimerRefresh)
		d.step(WitnessSaved{errFault})
		d.fire(TimerRefresh)
		d.step(WitnessSaved{})
		d.fire(TimerRefresh)
		d.step(WitnessSaved{errFault})
		if n := attempts(d); !slices.Equal(n, []int{1, 1}) {
			t.Fatalf("attempts %v", n)
		}
	})
}

// TestStopTwice requests a stop again during the drain. What is under way ends, and nothing starts again.
func TestStopTwice(t *testing.T) {
	d := running(t, loopconfig.Config{}, false, true)
	d.polled(true, 11)
	d.fire(TimerRefresh)
	want[SaveWitness](d)
	d.step(Committed{Offset: offsetAt(10)})
	d.step(StopRequested{})
	drain := d.timers[TimerDrain]
	for _, late := range []Event{StopRequested{}, WitnessSaved{errFault}, Polled[int64]{Page: pageOf(12)},
		SinkOpened{}, TimerFired{TimerPoll, d.timers[TimerPoll].N}} {
		d.step(late)
		for _, a := range d.out {
			if _, ok := a.(Recycle[int64]); !ok {
				t.Fatalf("%T makes it want %T while it stops", late, a)
			}
		}
	}
	if d.timers[TimerDrain] != drain || len(d.retries) > 0 {
		t.Fatalf("the stop began again, or something is retried: %+v", d.retries)
	}
	d.step(Published{ID: 1})
	d.step(Committed{Offset: offsetAt(11)})
	want[SaveWitness](d)
	d.step(WitnessSaved{errFault}) // which is tried once
	if exit := d.exit(); exit.Err != nil {
		t.Fatal(exit.Err)
	}
}
