package simulation

import (
	"errors"
	"slices"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/internal/machine"
	"github.com/repliqate/repliqate/replicate/loop/loopconfig"
)

// instance is one running replicator: the real machine, with connections to the model in place of the shell.
type instance[K replicate.Key] struct {
	w      *world[K]
	id     int
	m      *machine.Machine[K]
	config loopconfig.Config
	gone   bool
	timers [machine.TimerKinds]int
	lanes  [5]simLane

	session     *session[K]
	incarnation int                 // of the database server that the source is connected to; 0: none
	aborts      int                 // operations on the source that were cut short
	fenced      *replicate.Fence[K] // the source's last one since it was opened

	pages   map[*replicate.Page[K]][]*row[K] // what the machine's pages stand for
	due     []*row[K]                        // what a Once run has to publish
	watcher watcher[K]
	loading replicate.Offset // what the store answered last
}

// simLane runs operations one after another, as the shell's lanes do.
type simLane struct {
	busyUntil time.Time
	queued    int
}

const (
	laneSource = iota
	laneSink
	laneStore
	laneLease
	laneWitness
)

// start brings up a new instance.
func (w *world[K]) start() {
	if w.maintenance {
		return
	}
	w.started++
	cfg := loopconfig.Config{PollInterval: 2 * time.Millisecond, PollLeast: 500 * time.Microsecond,
		PageRows: 1 + w.rng.IntN(20), InFlight: 1 + w.rng.IntN(4),
		CommitInterval: 3 * time.Millisecond, LeaseTTL: 60 * time.Millisecond, StandbyInterval: 10 * time.Millisecond,
		AuditInterval: 5 * time.Millisecond, AuditPublish: w.plan.auditPublish, AuditOff: w.plan.auditOff,
		AuditKeep: 300 * time.Millisecond, AckTimeout: 150 * time.Millisecond, LeaseStrict: w.plan.strict,
		RetryMin: time.Millisecond, RetryMax: 10 * time.Millisecond, DrainTimeout: 500 * time.Millisecond,
		StuckAfter: 40 * time.Millisecond, SettleDelay: w.plan.delay, Once: w.plan.once, OnceWait: 100 * time.Millisecond,
		RefreshInterval: 15 * time.Millisecond, RecheckInterval: 50 * time.Millisecond,
		LookInterval: 25 * time.Millisecond}
	if w.plan.eager {
		cfg.PageBytes, cfg.AuditKeys = 12, 20
	}
	if w.plan.faults == 0 {
		cfg.LeaseTTL = time.Second // nothing expires unless something goes wrong
	}
	in := &instance[K]{w: w, id: w.started, config: cfg.WithDefaults(), pages: map[*replicate.Page[K]][]*row[K]{}}
	hooks := &replicate.Hooks{OnState: func(i replicate.StateInfo) {
		if i.State == replicate.StateStarting {
			in.watcher.newTenure(in)
		}
	}}
	in.m = machine.New[K](in.config, hooks, w.plan.lease, w.plan.witness, w.rng.Uint64())
	if w.plan.once {
		in.due = w.db.page(replicate.PollRequest[K]{MaxRows: len(w.db.rows)})
	}
	w.instances = append(w.instances, in)
	w.trace("instance %d starts", in.id)
	in.carryOut(in.m.Start(w.now))
}

// crash ends an instance without warning.
func (w *world[K]) crash(in *instance[K]) {
	w.trace("instance %d crashes", in.id)
	w.gone(in)
	w.broker.abandon(in.session)
}

func (w *world[K]) gone(in *instance[K]) {
	in.gone = true
	w.instances = slices.DeleteFunc(w.instances, func(o *instance[K]) bool { return o == in })
}

func (w *world[K]) post(in *instance[K], ev machine.Event) {
	if in.gone {
		return
	}
	w.check.events++
	if w.tracing != nil {
		w.trace("%d <- %s", in.id, describeEvent[K](ev))
	}
	in.watcher.event(in, ev)
	events := []machine.Event{ev}
	if w.mutant.events != nil {
		events = w.mutant.events(in, ev)
	}
	for _, ev := range events {
		if in.gone {
			return
		}
		actions := in.m.Step(ev, w.now)
		if w.mutant.actions != nil {
			actions = w.mutant.actions(in, ev, actions)
		}
		in.watcher.bounds(in)
		in.carryOut(actions)
	}
}

func (in *instance[K]) carryOut(actions []machine.Action) {
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
			w.trace("%d -> %s", in.id, describeAction[K](a))
		}
		in.watcher.action(in, a)
		switch a := a.(type) {
		case machine.StartTimer:
			in.arm(a)
		case machine.AcquireLease, machine.LoadOffset, machine.Commit:
			in.carryOutStore(a)
		case machine.OpenSink, machine.CloseSink, machine.Publish[K], machine.SaveWitness:
			in.carryOutSink(a)
		case machine.Exit:
			in.exit(a)
		case machine.Recycle[K]:
			delete(in.pages, a.Page)
		default:
			in.carryOutSource(a)
		}
	}
}

func (in *instance[K]) arm(a machine.StartTimer) {
	in.timers[a.Timer]++
	armed := in.timers[a.Timer]
	in.w.after(a.Delay, func() {
		// A timer that has been armed again may still fire its old event.
		if in.timers[a.Timer] == armed || !in.w.quiet && in.w.oneIn(4) {
			in.w.post(in, machine.TimerFired{Timer: a.Timer, N: a.N})
		}
	})
}

// op runs an operation in its lane. It takes effect a moment after the request, and the answer comes a moment after
// that. A request to the store may still arrive after its instance has crashed.
func (in *instance[K]) op(lane int, arrivesAnyway bool, do func() machine.Event) {
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

func (in *instance[K]) carryOutStore(a machine.Action) {
	s := &in.w.store
	switch a := a.(type) {
	case machine.AcquireLease:
		in.op(laneLease, true, func() machine.Event { return s.acquire(in) })
	case machine.Commit:
		in.op(laneStore, true, func() machine.Event {
			return machine.Committed{Offset: a.Offset, Err: s.commit(in, a.Offset)}
		})
	case machine.LoadOffset:
		in.op(laneStore, false, func() machine.Event {
			ev := s.load(in, a.Witness)
			in.loading = ev.Offset
			return ev
		})
	}
}

func (in *instance[K]) carryOutSink(a machine.Action) {
	w := in.w
	switch a := a.(type) {
	case machine.OpenSink:
		in.op(laneSink, false, func() machine.Event {
			if w.fault(lostRecords, "sink open", 20) {
				return machine.SinkOpened{Err: w.failure()}
			}
			in.session = w.broker.connect()
			return machine.SinkOpened{}
		})
	case machine.CloseSink:
		w.broker.abandon(in.session)
		in.op(laneSink, false, func() machine.Event { return nil })
	case machine.Publish[K]:
		rows := in.pages[a.Page]
		delete(in.pages, a.Page)
		w.broker.send(in.session, rows, func(err error) {
			w.post(in, machine.Published{ID: a.ID, Err: err})
		})
	case machine.SaveWitness:
		in.op(laneWitness, false, func() machine.Event {
			return machine.WitnessSaved{Err: w.store.saveWitness(a.Offset)}
		})
	}
}

func (in *instance[K]) carryOutSource(a machine.Action) {
	w := in.w
	switch a := a.(type) {
	case machine.OpenSource:
		in.op(laneSource, false, func() machine.Event {
			if w.db.down() || w.fault(sourceFails, "source open", 20) {
				return machine.SourceOpened{Err: w.failure()}
			}
			if err := w.db.verify(a.At); err != nil {
				return machine.SourceOpened{Err: err}
			}
			in.incarnation, in.fenced = w.db.incarnation, nil
			return machine.SourceOpened{}
		})
	case machine.CloseSource:
		in.incarnation = 0
	case machine.AbortSource:
		in.aborts++
	case machine.Poll[K]:
		in.poll(a)
	case machine.LookUp[K]:
		in.op(laneSource, false, func() machine.Event { return in.lookUp(a) })
	case machine.Recheck:
		in.op(laneSource, false, func() machine.Event {
			if w.fault(sourceFails, "recheck", 10) {
				return machine.Rechecked{Err: w.failure()}
			}
			return machine.Rechecked{}
		})
	case machine.FindStranded:
		in.op(laneSource, false, func() machine.Event {
			if !in.connected() || w.fault(sourceFails, "looking for rows above the sequence", 10) {
				return machine.StrandedFound[K]{Err: w.failure()}
			}
			return machine.StrandedFound[K]{Found: w.db.stranded()}
		})
	case machine.DescribeHolders:
		in.op(laneSource, false, func() machine.Event { return machine.HoldersDescribed(a) })
	}
}

// connected reports whether the source's connection is younger than the server's last restart.
func (in *instance[K]) connected() bool {
	return !in.w.db.down() && (in.incarnation == in.w.db.incarnation || in.w.plan.pooler && in.incarnation > 0)
}

// exit ends an instance as the shell does: it closes the sink before it gives the lease back.
func (in *instance[K]) exit(a machine.Exit) {
	w := in.w
	w.trace("instance %d ends: %v", in.id, a.Err)
	w.gone(in)
	w.broker.abandon(in.session)
	if a.Release {
		w.store.release(in)
	}
	w.check.ended(in, a.Err)
	if errors.Is(a.Err, errReused) {
		w.db.repair()
		return
	}
	w.db.mend(a.Err)
	w.after(w.soon(), w.keepUp)
}

// poll is the round trip: the highest key, then the holders, then the page, each a moment later.
func (in *instance[K]) poll(a machine.Poll[K]) {
	w, req := in.w, a.Req
	var f replicate.Fence[K]
	var rows []*row[K]
	aborts := in.aborts
	p := new(replicate.Page[K])
	lost := func() bool {
		return in.gone || !in.connected() || in.aborts != aborts || w.fault(sourceFails, "poll", 100)
	}
	in.lanes[laneSource].queued++
	answer := func(ev machine.Polled[K]) {
		ev.Horizon = a.Horizon
		w.after(w.soon(), func() {
			in.lanes[laneSource].queued--
			w.post(in, ev)
		})
	}
	w.after(w.soon(), func() {
		f.High, f.HasHigh = w.db.fence()
		f.Counter = true
		if last := in.fenced; req.Idle && last != nil && last.High == f.High && last.HasHigh == f.HasHigh && !lost() {
			w.check.unchanged(in, req)
			answer(machine.Polled[K]{Page: p, Result: replicate.PollResult{Unchanged: true}})
			return
		}
		if w.mutant.sameSnapshot {
			rows = w.db.page(req)
		}
		w.after(w.soon(), func() {
			f.Holders = w.db.holders()
			if !w.plan.anonymous {
				f.Incarnation = replicate.KeyText(int64(w.db.incarnation))
			}
			w.after(w.soon(), func() {
				if lost() {
					answer(machine.Polled[K]{Page: p, Err: w.failure()})
					return
				}
				if !w.mutant.sameSnapshot {
					rows = w.db.page(req)
				}
				in.fenced = &f
				result, err := in.fill(p, req, in.bound(a.Horizon, f), rows, f)
				answer(machine.Polled[K]{Page: p, Result: result, Err: err})
			})
		})
	})
}

func (in *instance[K]) bound(h *machine.Horizon[K], f replicate.Fence[K]) replicate.Bound[K] {
	if h.Epochs() == machine.EpochsMax {
		in.w.struck["full horizon queue"]++
	}
	defer func() {
		if n := h.Epochs(); n > machine.EpochsMax {
			in.w.check.fail("promise 7: instance %d has %d epochs, more than %d", in.id, n, machine.EpochsMax)
		}
	}()
	if in.w.mutant.fence != nil {
		return in.w.mutant.fence(in, h, f)
	}
	return h.Observe(f, in.w.now)
}

// fill makes the page, as a source does.
func (in *instance[K]) fill(p *replicate.Page[K], req replicate.PollRequest[K], bound replicate.Bound[K],
	rows []*row[K], f replicate.Fence[K]) (replicate.PollResult, error) {
	b := newBuilder[K]()
	b.Begin(p, req)
	for _, r := range rows {
		if !bound.Allows(r.key) {
			return replicate.PollResult{Unsettled: true, Above: f.HasHigh && r.key > f.High}, nil
		}
		if r.bad {
			return replicate.PollResult{}, &replicate.RowError{Key: replicate.KeyText(r.key), Err: errPoison}
		}
		in.appendRow(b, p, r)
		if p.Len() == req.MaxRows || p.Bytes() >= req.MaxBytes {
			return replicate.PollResult{More: true}, nil
		}
	}
	return replicate.PollResult{}, nil
}

func (in *instance[K]) lookUp(a machine.LookUp[K]) machine.Event {
	w := in.w
	p := new(replicate.Page[K])
	if !in.connected() || w.fault(sourceFails, "lookup", 10) {
		return machine.LookedUp[K]{Page: p, Err: w.failure()}
	}
	b := newBuilder[K]()
	b.Begin(p, a.Req)
	for _, k := range a.Keys {
		i, there := w.db.find(k)
		if there && w.db.rows[i].bad {
			return machine.LookedUp[K]{Page: p, Err: &replicate.RowError{Key: replicate.KeyText(k), Err: errPoison}}
		}
		if there {
			in.appendRow(b, p, w.db.rows[i])
		}
		if p.Len() == a.Req.MaxRows || p.Len() > 0 && p.Bytes() >= a.Req.MaxBytes {
			return machine.LookedUp[K]{Page: p, More: true}
		}
	}
	return machine.LookedUp[K]{Page: p}
}

// appendRow adds a row's message.
func (in *instance[K]) appendRow(b *builder[K], p *replicate.Page[K], r *row[K]) {
	in.pages[p] = append(in.pages[p], r)
	_, _ = b.Add(r) // a row of the model has no value that could be bad
}

func newBuilder[K replicate.Key]() *builder[K] {
	table := replicate.Table[row[K], K]{Name: "model", KeyColumn: "id", Key: func(r *row[K]) K { return r.key }}
	return replicate.NewBuilder(&table, rowCodec[K]{}, replicate.MessageKey{None: true}, false)
}

type builder[K replicate.Key] = replicate.Builder[row[K], K]

// rowCodec writes messages without a value.
type rowCodec[K replicate.Key] struct{}

func (rowCodec[K]) Begin(time.Time) {}

func (rowCodec[K]) AppendValue(b []byte, r *row[K]) ([]byte, replicate.Checksum) { return b, r.sum() }

func (rowCodec[K]) AppendDeadLetter(b []byte, _ replicate.DeadLetter) []byte { return b }
