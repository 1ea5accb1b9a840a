package simulation

import (
	"errors"
	"fmt"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/internal/machine"
)

// watcher checks one instance's actions against what it was told, independently of the machine's own records.
type watcher[K replicate.Key] struct {
	tenure  int // how many tenures have begun
	loaded  int // the tenure whose offset has been loaded
	loads   []int
	everRan bool

	stopAsked bool
	elsewhere bool // it was told that another instance holds the lease
	askedAt   time.Time
	leaseEnds time.Time // as far as it can know

	looked time.Time // when it last polled fully
	brief  bool      // its last poll was a brief look

	acked   machine.Position[K] // the loaded offset, then the contiguous acknowledged prefix
	handed  machine.Position[K] // the last row that was handed over
	flights []watchedFlight[K]
	tried   machine.Position[K] // the last offset that it tried to commit
}

type watchedFlight[K replicate.Key] struct {
	id    uint64
	last  machine.Position[K]
	acked bool
}

func (o *watcher[K]) newTenure(in *instance[K]) {
	o.tenure++
	var none machine.Position[K]
	o.flights, o.acked, o.handed, o.tried = nil, none, none, none
}

// event notes what the instance is told.
func (o *watcher[K]) event(in *instance[K], ev machine.Event) {
	switch ev := ev.(type) {
	case machine.StopRequested:
		o.stopAsked = true
	case machine.LeaseAnswered:
		if ev.Err == nil {
			o.elsewhere = !ev.Held
			o.leaseEnds = o.askedAt.Add(in.config.LeaseTTL * 9 / 10)
		}
	case machine.OffsetLoaded:
		asked := o.loads[0]
		o.loads = o.loads[1:]
		final := !ev.Offset.IsZero() || ev.Witness || !in.w.plan.witness
		if ev.Err == nil && asked == o.tenure && o.loaded != o.tenure && final {
			o.loaded = o.tenure
			o.acked, _ = machine.ParsePosition[K](ev.Offset)
			o.handed = o.acked
		}
	case machine.Published:
		o.published(ev)
	case machine.SinkOpened:
		o.everRan = true
	case machine.Polled[K]:
		o.everRan, o.brief = true, ev.Result.Unchanged
	}
}

// published advances over the contiguous prefix, or goes back to its end.
func (o *watcher[K]) published(ev machine.Published) {
	for i := range o.flights {
		if o.flights[i].id != ev.ID {
			continue
		}
		if ev.Err != nil {
			o.flights, o.handed = nil, o.acked
			return
		}
		o.flights[i].acked = true
	}
	for len(o.flights) > 0 && o.flights[0].acked {
		o.acked = o.flights[0].last
		o.flights = o.flights[1:]
	}
}

// action checks what the instance asks for.
func (o *watcher[K]) action(in *instance[K], a machine.Action) {
	c := &in.w.check
	switch a := a.(type) {
	case machine.AcquireLease:
		o.askedAt = in.w.now
	case machine.LoadOffset:
		o.loads = append(o.loads, o.tenure)
	case machine.CloseSink:
		o.flights, o.handed = nil, o.acked
	case machine.OpenSource:
		o.known(in, "opened its source")
	case machine.Poll[K]:
		c.polls++
		if !a.Req.Idle {
			o.looked = in.w.now
		} else if age := in.w.now.Sub(o.looked); age >= in.config.LookInterval && !o.looked.IsZero() {
			c.fail("instance %d has not looked properly for %v", in.id, age)
		}
		o.known(in, "polled")
		if a.Req.HasAfter == o.handed.Offset.IsZero() || a.Req.After != o.handed.Key {
			c.fail("instance %d polls after %d and has handed over up to %d", in.id, a.Req.After, o.handed.Key)
		}
	case machine.Publish[K]:
		if in.w.plan.lease && in.config.LeaseStrict && in.w.now.After(o.leaseEnds) {
			c.fail("promise 4: instance %d publishes after its strict lease has ended", in.id)
		}
		if _, ours := in.pages[a.Page]; !ours {
			c.fail("instance %d publishes a page that it no longer owns", in.id)
		}
		if a.Page.Last > o.handed.Key || o.handed.Offset.IsZero() {
			o.handed = machine.Position[K]{Key: a.Page.Last,
				Offset: replicate.Offset{Key: replicate.KeyText(a.Page.Last), Checksum: a.Page.LastChecksum.String()}}
		}
		o.flights = append(o.flights, watchedFlight[K]{id: a.ID, last: o.handed})
	case machine.Commit:
		o.commit(in, a.Offset)
	case machine.SaveWitness:
		if a.Offset != o.acked.Offset {
			c.fail("promise 3: instance %d saves witness %s, acknowledged is %s", in.id, a.Offset.Key, o.acked.Offset.Key)
		}
	}
}

func (o *watcher[K]) known(in *instance[K], what string) {
	if o.loaded != o.tenure {
		in.w.check.fail("promise 5: instance %d %s before it knew its offset", in.id, what)
	}
}

func (o *watcher[K]) commit(in *instance[K], offset replicate.Offset) {
	c := &in.w.check
	if o.elsewhere {
		c.fail("promise 4: instance %d commits after it was told that another instance holds the lease", in.id)
	}
	if offset != o.acked.Offset {
		c.fail("promise 3: instance %d commits %s, acknowledged is %s", in.id, offset.Key, o.acked.Offset.Key)
	}
	at, err := machine.ParsePosition[K](offset)
	if err != nil || at.Key < o.tried.Key && !o.tried.Offset.IsZero() {
		c.fail("promise 4: instance %d wants to commit %s after %s", in.id, offset.Key, o.tried.Offset.Key)
	}
	o.tried = at
}

// bounds checks Promise 7 after each step.
func (o *watcher[K]) bounds(in *instance[K]) {
	s, cfg, c := in.m.Standing(), in.config, &in.w.check
	check := func(what string, n, limit int) {
		if n > limit {
			c.fail("promise 7: instance %d has %d %s, more than %d", in.id, n, what, limit)
		}
	}
	check("batches in flight", len(s.InFlight), cfg.InFlight)
	check("keys to look up", s.Watched, cfg.AuditKeys)
	check("keys in one lookup", s.Asked, machine.AuditKeys)
	check("operations on the source", in.lanes[laneSource].queued, 2)
	check("operations on the store", in.lanes[laneStore].queued, 1)
	check("requests for the lease", in.lanes[laneLease].queued, 1)
	check("operations on the witness", in.lanes[laneWitness].queued, 1)
	check("operations on the sink besides batches", in.lanes[laneSink].queued, 4)
	for _, f := range s.InFlight {
		check("rows in a batch", f.Rows, cfg.PageRows)
		check("bytes in a batch", f.Bytes, max(cfg.PageBytes+20, 20))
	}
}

func describeEvent[K replicate.Key](ev machine.Event) string {
	switch ev := ev.(type) {
	case machine.LeaseAnswered:
		return fmt.Sprintf("lease held %t, holder %q, %v", ev.Held, ev.Holder, ev.Err)
	case machine.SinkOpened:
		return fmt.Sprintf("sink opened: %v", ev.Err)
	case machine.OffsetLoaded:
		return fmt.Sprintf("loaded %q, witness %t: %v", ev.Offset.Key, ev.Witness, ev.Err)
	case machine.SourceOpened:
		return fmt.Sprintf("source opened: %v", ev.Err)
	case machine.Polled[K]:
		return fmt.Sprintf("polled %v, %+v: %v", ev.Page.Keys, ev.Result, ev.Err)
	case machine.LookedUp[K]:
		return fmt.Sprintf("looked up %v, more %t: %v", ev.Page.Keys, ev.More, ev.Err)
	case machine.Published:
		return fmt.Sprintf("published batch %d: %v", ev.ID, ev.Err)
	case machine.Committed:
		return fmt.Sprintf("committed %s: %v", ev.Offset.Key, ev.Err)
	case machine.WitnessSaved:
		return fmt.Sprintf("witness saved: %v", ev.Err)
	case machine.StrandedFound[K]:
		return fmt.Sprintf("%d rows are above the sequence: %v", ev.Found.Rows, ev.Err)
	case machine.Rechecked:
		return fmt.Sprintf("rechecked: %v", ev.Err)
	case machine.TimerFired:
		return fmt.Sprintf("timer %d, number %d", ev.Timer, ev.N)
	}
	return fmt.Sprintf("%T%+v", ev, ev)
}

func describeAction[K replicate.Key](a machine.Action) string {
	switch a := a.(type) {
	case machine.Poll[K]:
		return fmt.Sprintf("poll after %d (%t), idle %t", a.Req.After, a.Req.HasAfter, a.Req.Idle)
	case machine.LookUp[K]:
		return fmt.Sprintf("look up %v", a.Keys)
	case machine.Publish[K]:
		return fmt.Sprintf("publish batch %d: %v", a.ID, a.Page.Keys)
	case machine.Recycle[K]:
		return fmt.Sprintf("recycle %v", a.Page.Keys)
	case machine.Exit:
		return fmt.Sprintf("exit: %v", errors.Join(a.Err))
	}
	return fmt.Sprintf("%T%+v", a, a)
}
