package loop

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/internal/machine"
)

// Parts is what a Replicator is made of.
type Parts[K replicate.Key] struct {
	Config  Config
	Source  replicate.Source[K]
	Sink    replicate.Sink
	Store   replicate.OffsetStore
	Lease   replicate.Lease   // nil: no lease
	Witness replicate.Witness // nil: no second copy of the offset
	Hooks   replicate.Hooks
}

// Limits of single operations: a server that does not answer must not hold up the loop forever. An operation that
// runs out of time has failed, and is retried. The source's limit allows for a whole page over a slow connection;
// if its server is silent, the source notices by itself, and sooner.
const (
	storeTimeout  = 10 * time.Second
	sinkTimeout   = 30 * time.Second
	sourceTimeout = 5 * time.Minute
	closeTimeout  = 10 * time.Second
)

// Replicator runs one job. It is the shell around the machine: it carries actions out, each kind in its own lane,
// and reports the results.
type Replicator[K replicate.Key] struct {
	parts   Parts[K]
	machine *machine.Machine[K]

	events chan machine.Event
	done   chan struct{}           // closed when the machine has left
	pages  chan *replicate.Page[K] // free pages
	timers [machine.TimerKinds]*time.Timer

	sources, sinks, stores, leases, witnesses lane
}

// New checks the configuration and returns a replicator that is ready to run.
func New[K replicate.Key](parts Parts[K]) (*Replicator[K], error) {
	parts.Config = parts.Config.WithDefaults()
	if err := parts.Config.Validate(); err != nil {
		return nil, err
	}
	if parts.Source == nil || parts.Sink == nil || parts.Store == nil {
		return nil, errors.New("a replicator needs a source, a sink and an offset store")
	}
	if _, ok := parts.Source.(replicate.Auditor[K]); !ok {
		parts.Config.AuditOff = true
	}
	r := &Replicator[K]{parts: parts, events: make(chan machine.Event, 64), done: make(chan struct{})}
	seed := uint64(time.Now().UnixNano())
	r.machine = machine.New[K](parts.Config, &r.parts.Hooks, parts.Lease != nil, parts.Witness != nil, seed)
	return r, nil
}

// Run replicates until ctx is cancelled, which begins a graceful stop: nothing more is polled, what is in flight is
// flushed and committed, and the lease is given back. Run returns nil if all of that worked, and otherwise the
// error that ended the job. It must be called only once.
func (r *Replicator[K]) Run(ctx context.Context) error {
	r.pages = make(chan *replicate.Page[K], r.parts.Config.InFlight+1)
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var lanes sync.WaitGroup
	for _, l := range []*lane{&r.sources, &r.stores, &r.leases, &r.witnesses} {
		l.start(work, laneQueue, &lanes)
	}
	r.sinks.start(work, laneQueue+r.parts.Config.InFlight, &lanes)
	exit := r.loop(ctx)
	close(r.done)
	for _, t := range r.timers {
		if t != nil {
			t.Stop()
		}
	}
	cancel()
	err := r.close(&lanes)
	if exit.Release && r.parts.Lease != nil {
		// Nothing of ours is under way any more: no batch, and no request that could take the lease again.
		releaseCtx, done := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
		_ = r.parts.Lease.Release(releaseCtx) // if this fails, the lease expires by itself
		done()
	}
	if err == nil {
		return exit.Err
	}
	return errors.Join(exit.Err, err)
}

// Retune changes a running job's poll interval and page limits, when it reports a stuck horizon, how long it
// drains, and how often its audit looks. The rest of the configuration stays as it is.
func (r *Replicator[K]) Retune(c Config) error {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return err
	}
	select {
	case r.events <- machine.Retuned{Config: c}:
	case <-r.done:
	}
	return nil
}

// close waits for the lanes, which were told to end, and closes the sink and the source.
func (r *Replicator[K]) close(lanes *sync.WaitGroup) error {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		lanes.Wait()
		// The job has ended; a connection that fails to close makes no difference.
		_ = r.parts.Sink.Close()
		_ = r.parts.Source.Close()
	}()
	limit := time.NewTimer(closeTimeout)
	defer limit.Stop()
	select {
	case <-closed:
		return nil
	case <-limit.C:
		return errors.New("an operation on source, sink or store did not end within " + closeTimeout.String() +
			" after it was cancelled: it was left behind")
	}
}

// loop feeds the machine until it leaves.
func (r *Replicator[K]) loop(ctx context.Context) machine.Exit {
	stop := ctx.Done()
	actions := r.machine.Start(time.Now())
	for {
		for _, a := range actions {
			if exit, ok := a.(machine.Exit); ok {
				return exit
			}
			r.carryOut(a)
		}
		select {
		case ev := <-r.events:
			actions = r.machine.Step(ev, time.Now())
		case <-stop:
			stop = nil
			actions = r.machine.Step(machine.StopRequested{}, time.Now())
		}
	}
}

// post hands an event to the loop, or drops it if the loop has ended.
func (r *Replicator[K]) post(ev machine.Event) {
	select {
	case r.events <- ev:
	case <-r.done:
	}
}

func (r *Replicator[K]) carryOut(a machine.Action) {
	switch a := a.(type) {
	case machine.StartTimer:
		r.arm(a)
	case machine.Recycle[K]:
		r.recycle(a.Page)
	case machine.AcquireLease:
		r.leases.run(storeTimeout, func(ctx context.Context) {
			held, holder, err := r.parts.Lease.Acquire(ctx)
			r.post(machine.LeaseAnswered{Held: held, Holder: holder, Err: err})
		})
	case machine.LoadOffset, machine.Commit:
		r.carryOutStore(a)
	case machine.OpenSink, machine.CloseSink, machine.Publish[K], machine.SaveWitness:
		r.carryOutSink(a)
	default:
		r.carryOutSource(a)
	}
}

func (r *Replicator[K]) carryOutStore(a machine.Action) {
	switch a := a.(type) {
	case machine.LoadOffset:
		r.stores.run(storeTimeout, func(ctx context.Context) {
			load := r.parts.Store.Load
			if a.Witness {
				load = r.parts.Witness.Load
			}
			offset, err := load(ctx)
			r.post(machine.OffsetLoaded{Offset: offset, Witness: a.Witness, Err: err})
		})
	case machine.Commit:
		r.stores.run(storeTimeout, func(ctx context.Context) {
			r.post(machine.Committed{Offset: a.Offset, Err: r.parts.Store.Commit(ctx, a.Offset)})
		})
	}
}

func (r *Replicator[K]) carryOutSink(a machine.Action) {
	switch a := a.(type) {
	case machine.OpenSink:
		r.sinks.run(sinkTimeout, func(ctx context.Context) {
			info, err := r.parts.Sink.Open(ctx)
			r.post(machine.SinkOpened{Info: info, Err: err})
		})
	case machine.CloseSink:
		// A Publish that waits for room must not delay the close. A witness that is being saved must not arrive in
		// another tenure, by which time an operator may have set the offset back.
		r.sinks.abort()
		r.witnesses.abort()
		r.sinks.run(0, func(context.Context) { _ = r.parts.Sink.Close() }) // it is discarded
	case machine.Publish[K]:
		r.sinks.run(0, func(ctx context.Context) { r.publish(ctx, a) })
	case machine.SaveWitness:
		r.witnesses.run(storeTimeout, func(ctx context.Context) {
			r.post(machine.WitnessSaved{Err: r.parts.Witness.Save(ctx, a.Offset)})
		})
	}
}

func (r *Replicator[K]) publish(ctx context.Context, a machine.Publish[K]) {
	done := func(err error) {
		r.recycle(a.Page)
		r.post(machine.Published{ID: a.ID, Err: err})
	}
	if err := ctx.Err(); err != nil {
		done(err) // the sink was given up while the batch was queued
		return
	}
	r.parts.Sink.Publish(ctx, &a.Page.Batch, done)
}

func (r *Replicator[K]) carryOutSource(a machine.Action) {
	switch a := a.(type) {
	case machine.AbortSource:
		r.sources.abort()
	case machine.OpenSource:
		r.sources.run(sourceTimeout, func(ctx context.Context) {
			r.post(machine.SourceOpened{Err: r.parts.Source.Open(ctx, a.At)})
		})
	case machine.CloseSource:
		r.sources.run(0, func(context.Context) { _ = r.parts.Source.Close() }) // it is discarded
	case machine.Poll[K]:
		page := r.page()
		a.Req.OnFence = func(f replicate.Fence[K]) replicate.Bound[K] { return a.Horizon.Observe(f, time.Now()) }
		r.sources.run(sourceTimeout, func(ctx context.Context) {
			page.Reset()
			result, err := r.parts.Source.Poll(ctx, a.Req, page)
			r.post(machine.Polled[K]{Page: page, Result: result, Horizon: a.Horizon, Err: err})
		})
	case machine.LookUp[K]:
		r.lookUp(a)
	case machine.DescribeHolders:
		r.sources.run(storeTimeout, func(ctx context.Context) {
			r.post(machine.HoldersDescribed{Holders: r.describe(ctx, a.Holders)})
		})
	case machine.FindStranded:
		r.sources.run(sourceTimeout, func(ctx context.Context) {
			var found replicate.Stranded[K]
			var err error
			if source, ok := r.parts.Source.(replicate.StrandedFinder[K]); ok {
				found, err = source.FindStranded(ctx)
			}
			r.post(machine.StrandedFound[K]{Found: found, Err: err})
		})
	case machine.Recheck:
		r.sources.run(sourceTimeout, func(ctx context.Context) {
			var err error
			if source, ok := r.parts.Source.(replicate.Rechecker); ok {
				err = source.Recheck(ctx)
			}
			r.post(machine.Rechecked{Err: err})
		})
	}
}

// lookUp is called only if the source is an Auditor.
func (r *Replicator[K]) lookUp(a machine.LookUp[K]) {
	page := r.page()
	r.sources.run(sourceTimeout, func(ctx context.Context) {
		page.Reset()
		more, err := r.parts.Source.(replicate.Auditor[K]).Lookup(ctx, a.Keys, a.Req, page)
		r.post(machine.LookedUp[K]{Page: page, More: more, Err: err})
	})
}

// describe says who the holders are, or adds why the source could not tell.
func (r *Replicator[K]) describe(ctx context.Context, holders []string) []string {
	lines, err := describeHolders(ctx, r.parts.Source, holders)
	if err != nil {
		return append(holders, "(the database could not say who they are: "+err.Error()+")")
	}
	return lines
}

// page takes a free page. There are never more pages than may be in flight, plus one to read into.
func (r *Replicator[K]) page() *replicate.Page[K] {
	select {
	case p := <-r.pages:
		return p
	default:
		return new(replicate.Page[K])
	}
}

func (r *Replicator[K]) recycle(p *replicate.Page[K]) {
	p.Reset()
	p.Shrink(r.parts.Config.PageBytes)
	select {
	case r.pages <- p:
	default:
	}
}

func (r *Replicator[K]) arm(a machine.StartTimer) {
	if t := r.timers[a.Timer]; t != nil {
		t.Stop()
	}
	r.timers[a.Timer] = time.AfterFunc(a.Delay, func() { r.post(machine.TimerFired{Timer: a.Timer, N: a.N}) })
}

// laneQueue is how many operations may wait in a lane. The loop must never block on a lane, since a lane may be
// waiting for the loop to take its event. In each lane there is at most one operation that the machine waits for,
// one that it has cut short, one close and one open. The sink's lane also has InFlight batches.
const laneQueue = 8

// lane runs operations one at a time, in order.
type lane struct {
	work chan func()
	base context.Context // ends all operations
	ctx  context.Context // ends those that were queued since the last abort
	cut  context.CancelFunc
}

func (l *lane) start(ctx context.Context, queue int, running *sync.WaitGroup) {
	l.work, l.base = make(chan func(), queue), ctx
	l.ctx, l.cut = context.WithCancel(ctx)
	running.Go(func() {
		for {
			select {
			case op := <-l.work:
				op()
			case <-ctx.Done():
				return
			}
		}
	})
}

// run queues op. limit bounds it; 0 means that the operation bounds itself.
func (l *lane) run(limit time.Duration, op func(context.Context)) {
	ctx := l.ctx
	l.work <- func() {
		if limit > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, limit)
			defer cancel()
		}
		op(ctx)
	}
}

// abort cancels the current operation and the queued ones.
func (l *lane) abort() {
	l.cut()
	l.ctx, l.cut = context.WithCancel(l.base)
}
