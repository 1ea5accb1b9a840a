package replicate

import (
	"errors"
	"fmt"
	"time"
)

// watcher holds one instance's actions against what it was told, independently of the machine's own books.
type watcher struct {
	tenure  int // how often it began to run
	loaded  int // the tenure whose offset is known
	loads   []int
	everRan bool

	stopAsked bool
	elsewhere bool // it was told that another holds the lease
	askedAt   time.Time
	leaseEnds time.Time // as far as it can know

	acked   position[int64] // the loaded offset, then the contiguous acknowledged prefix
	handed  position[int64] // the last row that was handed over
	flights []watchedFlight
	tried   position[int64] // the last offset that it tried to commit
}

type watchedFlight struct {
	id    uint64
	last  position[int64]
	acked bool
}

func (o *watcher) newTenure(in *instance) {
	o.tenure++
	o.flights, o.acked, o.handed, o.tried = nil, position[int64]{}, position[int64]{}, position[int64]{}
}

// event notes what the instance is told.
func (o *watcher) event(in *instance, ev event) {
	switch ev := ev.(type) {
	case evStop:
		o.stopAsked = true
	case evLease:
		if ev.err == nil {
			o.elsewhere = !ev.held
			o.leaseEnds = o.askedAt.Add(in.m.cfg.LeaseTTL * 9 / 10)
		}
	case evLoaded:
		asked := o.loads[0]
		o.loads = o.loads[1:]
		final := !ev.offset.IsZero() || ev.witness || !in.w.plan.witness
		if ev.err == nil && asked == o.tenure && o.loaded != o.tenure && final {
			o.loaded = o.tenure
			o.acked, _ = parsePosition[int64](ev.offset)
			o.handed = o.acked
		}
	case evPublished:
		o.published(ev)
	case evSinkOpened, evPolled[int64]:
		o.everRan = true
	}
}

// published advances over the contiguous prefix, or goes back to it.
func (o *watcher) published(ev evPublished) {
	for i := range o.flights {
		if o.flights[i].id != ev.id {
			continue
		}
		if ev.err != nil {
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

// action checks what the instance wants to be done.
func (o *watcher) action(in *instance, a action) {
	c := &in.w.check
	switch a := a.(type) {
	case actAcquire:
		o.askedAt = in.w.now
	case actLoad:
		o.loads = append(o.loads, o.tenure)
	case actCloseSink:
		o.flights, o.handed = nil, o.acked
	case actOpenSource:
		o.known(in, "opened its source")
	case actPoll[int64]:
		c.polls++
		o.known(in, "polled")
		if a.req.HasAfter == o.handed.offset.IsZero() || a.req.After != o.handed.key {
			c.fail("instance %d polls after %d and has handed over up to %d", in.id, a.req.After, o.handed.key)
		}
	case actPublish[int64]:
		if in.w.plan.lease && in.m.cfg.LeaseStrict && in.w.now.After(o.leaseEnds) {
			c.fail("promise 4: instance %d publishes after its strict lease has ended", in.id)
		}
		if _, ours := in.pages[a.page]; !ours {
			c.fail("instance %d publishes a page that is not its own any more", in.id)
		}
		if a.page.Last > o.handed.key || o.handed.offset.IsZero() {
			o.handed = position[int64]{a.page.Last, Offset{Key: KeyText(a.page.Last), Sum: a.page.LastSum.String()}}
		}
		o.flights = append(o.flights, watchedFlight{id: a.id, last: o.handed})
	case actCommit:
		o.commit(in, a.offset)
	case actSaveWitness:
		if a.offset != o.acked.offset {
			c.fail("promise 3: instance %d saves witness %s, acknowledged is %s", in.id, a.offset.Key, o.acked.offset.Key)
		}
	}
}

func (o *watcher) known(in *instance, what string) {
	if o.loaded != o.tenure {
		in.w.check.fail("promise 5: instance %d %s before it knew its offset", in.id, what)
	}
}

func (o *watcher) commit(in *instance, offset Offset) {
	c := &in.w.check
	if o.elsewhere {
		c.fail("promise 4: instance %d commits though it was told that another holds the lease", in.id)
	}
	if offset != o.acked.offset {
		c.fail("promise 3: instance %d commits %s, acknowledged is %s", in.id, offset.Key, o.acked.offset.Key)
	}
	at, err := parsePosition[int64](offset)
	if err != nil || at.key < o.tried.key && !o.tried.offset.IsZero() {
		c.fail("promise 4: instance %d wants to commit %s after %s", in.id, offset.Key, o.tried.offset.Key)
	}
	o.tried = at
}

// bounds checks promise 7 after each step.
func (o *watcher) bounds(in *instance) {
	m, c := in.m, &in.w.check
	check := func(what string, n, limit int) {
		if n > limit {
			c.fail("promise 7: instance %d has %d %s, more than %d", in.id, n, what, limit)
		}
	}
	check("batches in flight", len(m.sink.inFlight), m.cfg.InFlight)
	check("epochs", len(m.horizon.epochs), epochsMax)
	check("keys to look up", len(m.watch.keys), m.cfg.AuditKeys)
	check("keys in one lookup", len(m.auditing), auditKeys)
	check("operations on the source", in.lanes[laneSource].queued, 2)
	check("operations on the store", in.lanes[laneStore].queued, 1)
	check("requests for the lease", in.lanes[laneLease].queued, 1)
	check("operations on the sink besides batches", in.lanes[laneSink].queued, 4)
	for _, f := range m.sink.inFlight {
		check("rows in a batch", f.rows, m.cfg.BatchRows)
		check("bytes in a batch", f.bytes, max(m.cfg.BatchBytes+20, 20))
	}
}

func describeEvent(ev event) string {
	switch ev := ev.(type) {
	case evLease:
		return fmt.Sprintf("lease held %t, holder %q, %v", ev.held, ev.holder, ev.err)
	case evSinkOpened:
		return fmt.Sprintf("sink opened: %v", ev.err)
	case evLoaded:
		return fmt.Sprintf("loaded %q, witness %t: %v", ev.offset.Key, ev.witness, ev.err)
	case evSourceOpened:
		return fmt.Sprintf("source opened: %v", ev.err)
	case evPolled[int64]:
		return fmt.Sprintf("polled %v, %+v: %v", ev.page.Keys, ev.result, ev.err)
	case evLooked[int64]:
		return fmt.Sprintf("looked up %v, more %t: %v", ev.page.Keys, ev.more, ev.err)
	case evPublished:
		return fmt.Sprintf("published batch %d: %v", ev.id, ev.err)
	case evCommitted:
		return fmt.Sprintf("committed %s: %v", ev.offset.Key, ev.err)
	case evWitnessSaved:
		return fmt.Sprintf("witness saved: %v", ev.err)
	case evRechecked:
		return fmt.Sprintf("rechecked: %v", ev.err)
	case evTimer:
		return fmt.Sprintf("timer %d, number %d", ev.timer, ev.n)
	}
	return fmt.Sprintf("%T%+v", ev, ev)
}

func describeAction(a action) string {
	switch a := a.(type) {
	case actPoll[int64]:
		return fmt.Sprintf("poll after %d (%t)", a.req.After, a.req.HasAfter)
	case actLookup[int64]:
		return fmt.Sprintf("look up %v", a.keys)
	case actPublish[int64]:
		return fmt.Sprintf("publish batch %d: %v", a.id, a.page.Keys)
	case actRecycle[int64]:
		return fmt.Sprintf("recycle %v", a.page.Keys)
	case actExit:
		return fmt.Sprintf("exit: %v", errors.Join(a.err))
	}
	return fmt.Sprintf("%T%+v", a, a)
}
