package replicate

import (
	"errors"
	"slices"
	"time"
)

// instance is one running replicator: the real machine, and in place of the shell its connections to the model.
type instance struct {
	w      *world
	id     int
	m      *machine[int64]
	gone   bool
	timers [timerKinds]int
	lanes  [4]simLane

	session     *session
	incarnation int // of the database server that the source is connected to; 0: none
	aborts      int // operations on the source that were cut short

	pages   map[*Page[int64]][]*row // what the machine's pages stand for
	due     []*row                  // what a run with Once has to publish
	watcher watcher
	loading Offset // what the store answered last
}

// simLane runs operations one after the other, as the shell's lanes do.
type simLane struct {
	busyUntil time.Time
	queued    int
}

const (
	laneSource = iota
	laneSink
	laneStore
	laneLease
)

// start brings up a new instance.
func (w *world) start() {
	if w.maintenance {
		return
	}
	w.started++
	in := &instance{w: w, id: w.started, pages: map[*Page[int64]][]*row{}}
	cfg := Config{PollInterval: 2 * time.Millisecond, BatchRows: 1 + w.rng.IntN(20), InFlight: 1 + w.rng.IntN(4),
		CommitInterval: 3 * time.Millisecond, LeaseTTL: 60 * time.Millisecond, StandbyInterval: 10 * time.Millisecond,
		AuditInterval: 5 * time.Millisecond, AuditPublish: w.plan.auditPublish, AuditOff: w.plan.auditOff,
		AuditKeep: 300 * time.Millisecond, AckTimeout: 150 * time.Millisecond, LeaseStrict: w.plan.strict,
		RetryMin: time.Millisecond, RetryMax: 10 * time.Millisecond, DrainTimeout: 500 * time.Millisecond,
		StuckAfter: 40 * time.Millisecond, SettleDelay: w.plan.delay, Once: w.plan.once, OnceWait: 100 * time.Millisecond}
	if w.plan.eager {
		cfg.BatchBytes, cfg.AuditKeys = 12, 20
	}
	if w.plan.faults == 0 {
		cfg.LeaseTTL = time.Second // nothing runs out where nothing goes wrong
	}
	hooks := &Hooks{OnState: func(i StateInfo) {
		if i.State == "starting" {
			in.watcher.newTenure(in)
		}
	}}
	in.m = newMachine[int64](cfg.WithDefaults(), hooks, w.plan.lease, w.plan.witness, w.rng.Uint64())
	in.m.refreshEvery, in.m.recheckEvery = 15*time.Millisecond, 50*time.Millisecond
	if w.plan.once {
		in.due = w.db.page(PollRequest[int64]{Limit: len(w.db.rows)})
	}
	w.instances = append(w.instances, in)
	w.trace("instance %d starts", in.id)
	in.carryOut(in.m.start(w.now))
}

// crash ends an instance without a word.
func (w *world) crash(in *instance) {
	w.trace("instance %d crashes", in.id)
	w.gone(in)
	w.broker.abandon(in.session)
}

func (w *world) gone(in *instance) {
	in.gone = true
	w.instances = slices.DeleteFunc(w.instances, func(o *instance) bool { return o == in })
}

func (w *world) post(in *instance, ev event) {
	if in.gone {
		return
	}
	w.check.events++
	if w.tracing != nil {
		w.trace("%d <- %s", in.id, describeEvent(ev))
	}
	in.watcher.event(in, ev)
	if w.mutant.event != nil {
		ev = w.mutant.event(in, ev)
	}
	actions := in.m.step(ev, w.now)
	if w.mutant.actions != nil {
		actions = w.mutant.actions(in, ev, actions)
	}
	in.watcher.bounds(in)
	in.carryOut(actions)
}

func (in *instance) carryOut(actions []action) {
	w := in.w
	for _, a := range actions {
		if in.gone {
			return
		}
		w.actions++
		if w.actions == w.crashAt {
			w.crash(in)
			w.after(w.soon(), w.keepUp)
			return
		}
		if w.tracing != nil {
			w.trace("%d -> %s", in.id, describeAction(a))
		}
		in.watcher.action(in, a)
		switch a := a.(type) {
		case actTimer:
			in.arm(a)
		case actAcquire, actLoad, actCommit:
			in.carryOutStore(a)
		case actOpenSink, actCloseSink, actPublish[int64], actSaveWitness:
			in.carryOutSink(a)
		case actExit:
			in.exit(a)
		case actRecycle[int64]:
			delete(in.pages, a.page)
		default:
			in.carryOutSource(a)
		}
	}
}

func (in *instance) arm(a actTimer) {
	in.timers[a.timer]++
	armed := in.timers[a.timer]
	in.w.after(a.delay, func() {
		// The event of a timer that was armed again meanwhile may be on its way already.
		if in.timers[a.timer] == armed || !in.w.quiet && in.w.oneIn(4) {
			in.w.post(in, evTimer{a.timer, a.n})
		}
	})
}

// op runs an operation in its lane: what it does happens a moment after it was asked for, and the answer
// comes a moment later. Of an instance that has crashed, a request to the store may still arrive.
func (in *instance) op(lane int, arrivesAnyway bool, do func() event) {
	w, l := in.w, &in.lanes[lane]
	l.queued++
	at := w.now
	if at.Before(l.busyUntil) {
		at = l.busyUntil
	}
	at = at.Add(w.soon())
	answer := at.Add(w.soon())
	l.busyUntil = answer
	w.after(at.Sub(w.now), func() {
		if in.gone && (!arrivesAnyway || w.plan.faults&reuse != 0 || w.oneIn(2)) {
			return
		}
		ev := do()
		w.after(answer.Sub(w.now), func() {
			l.queued--
			if ev != nil {
				w.post(in, ev)
			}
		})
	})
}

func (in *instance) carryOutStore(a action) {
	s := &in.w.store
	switch a := a.(type) {
	case actAcquire:
		in.op(laneLease, true, func() event { return s.acquire(in) })
	case actCommit:
		in.op(laneStore, true, func() event { return evCommitted{a.offset, s.commit(in, a.offset)} })
	case actLoad:
		in.op(laneStore, false, func() event {
			ev := s.load(in, a.witness)
			in.loading = ev.offset
			return ev
		})
	}
}

func (in *instance) carryOutSink(a action) {
	w := in.w
	switch a := a.(type) {
	case actOpenSink:
		in.op(laneSink, false, func() event {
			if w.fault(lostRecords, "sink open", 20) {
				return evSinkOpened{err: w.failure()}
			}
			in.session = w.broker.connect()
			return evSinkOpened{}
		})
	case actCloseSink:
		w.broker.abandon(in.session)
		in.op(laneSink, false, func() event { return nil })
	case actPublish[int64]:
		rows := in.pages[a.page]
		delete(in.pages, a.page)
		w.broker.send(in.session, rows, func(err error) {
			w.post(in, evPublished{a.id, err})
		})
	case actSaveWitness:
		in.op(laneSink, false, func() event { return evWitnessSaved{w.store.saveWitness(a.offset)} })
	}
}

func (in *instance) carryOutSource(a action) {
	w := in.w
	switch a := a.(type) {
	case actOpenSource:
		in.op(laneSource, false, func() event {
			if w.db.down() || w.fault(sourceFails, "source open", 20) {
				return evSourceOpened{err: w.failure()}
			}
			if err := w.db.verify(a.at); err != nil {
				return evSourceOpened{err: err}
			}
			in.incarnation = w.db.incarnation
			return evSourceOpened{}
		})
	case actCloseSource:
		in.incarnation = 0
	case actAbortSource:
		in.aborts++
	case actPoll[int64]:
		in.poll(a.req)
	case actLookup[int64]:
		in.op(laneSource, false, func() event { return in.lookUp(a) })
	case actRecheck:
		in.op(laneSource, false, func() event {
			if w.fault(sourceFails, "recheck", 10) {
				return evRechecked{w.failure()}
			}
			return evRechecked{}
		})
	case actDescribe:
		in.op(laneSource, false, func() event { return evDescribed(a) })
	}
}

// connected reports whether the source's connection has outlived the last restart of the server.
func (in *instance) connected() bool {
	return !in.w.db.down() && (in.incarnation == in.w.db.incarnation || in.w.plan.pooler && in.incarnation > 0)
}

// exit ends an instance as the shell does: the sink is closed before the lease is given back.
func (in *instance) exit(a actExit) {
	w := in.w
	w.trace("instance %d ends: %v", in.id, a.err)
	w.gone(in)
	w.broker.abandon(in.session)
	if a.release {
		w.store.release(in)
	}
	w.check.ended(in, a.err)
	if errors.Is(a.err, errReused) {
		w.db.repair()
		return
	}
	w.db.mend(a.err)
	w.after(w.soon(), w.keepUp)
}

// poll is the round trip: the highest key, then the holders, then the page, each a moment later.
func (in *instance) poll(req PollRequest[int64]) {
	w := in.w
	var f Fence[int64]
	var rows []*row
	aborts := in.aborts
	p := new(Page[int64])
	lost := func() bool {
		return in.gone || !in.connected() || in.aborts != aborts || w.fault(sourceFails, "poll", 100)
	}
	in.lanes[laneSource].queued++
	answer := func(ev evPolled[int64]) {
		w.after(w.soon(), func() {
			in.lanes[laneSource].queued--
			w.post(in, ev)
		})
	}
	w.after(w.soon(), func() {
		f.High, f.HasHigh = w.db.fence()
		f.Counter = true
		if w.mutant.sameSnapshot {
			rows = w.db.page(req)
		}
		w.after(w.soon(), func() {
			f.Holders = w.db.holders()
			if !w.plan.anonymous {
				f.Incarnation = KeyText(int64(w.db.incarnation))
			}
			w.after(w.soon(), func() {
				if lost() {
					answer(evPolled[int64]{page: p, err: w.failure()})
					return
				}
				if !w.mutant.sameSnapshot {
					rows = w.db.page(req)
				}
				result, err := in.fill(p, req, in.bound(f), rows, f)
				answer(evPolled[int64]{page: p, result: result, err: err})
			})
		})
	})
}

func (in *instance) bound(f Fence[int64]) Bound[int64] {
	if len(in.m.horizon.epochs) == epochsMax {
		in.w.struck["full horizon queue"]++
	}
	if in.w.mutant.fence != nil {
		return in.w.mutant.fence(in, f)
	}
	return in.m.onFence(f, in.w.now)
}

// fill makes the page, as a source does.
func (in *instance) fill(p *Page[int64], req PollRequest[int64], bound Bound[int64], rows []*row,
	f Fence[int64]) (PollResult, error) {
	for _, r := range rows {
		if !bound.Allows(r.key) {
			return PollResult{Unsettled: true, Above: f.HasHigh && r.key > f.High}, nil
		}
		if r.bad {
			return PollResult{}, &RowError{Key: KeyText(r.key), Err: errPoison}
		}
		in.appendRow(p, r)
		if p.Len() == req.Limit || p.Bytes() >= req.MaxBytes {
			return PollResult{More: true}, nil
		}
	}
	return PollResult{}, nil
}

func (in *instance) lookUp(a actLookup[int64]) event {
	w := in.w
	p := new(Page[int64])
	if !in.connected() || w.fault(sourceFails, "lookup", 10) {
		return evLooked[int64]{page: p, err: w.failure()}
	}
	for _, k := range a.keys {
		i, there := w.db.find(k)
		if there && w.db.rows[i].bad {
			return evLooked[int64]{page: p, err: &RowError{Key: KeyText(k), Err: errPoison}}
		}
		if there {
			in.appendRow(p, w.db.rows[i])
		}
		if p.Len() == a.req.Limit || p.Len() > 0 && p.Bytes() >= a.req.MaxBytes {
			return evLooked[int64]{page: p, more: true}
		}
	}
	return evLooked[int64]{page: p}
}

// appendRow adds a row's message.
func (in *instance) appendRow(p *Page[int64], r *row) {
	in.pages[p] = append(in.pages[p], r)
	start := len(p.slab)
	p.slab = AppendKey(p.slab, r.key)
	p.append(r.key, r.sum(), span{rowKey: start, key: len(p.slab), value: len(p.slab), end: len(p.slab)})
}
