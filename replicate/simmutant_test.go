package replicate

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// mutants are the known mistakes, with a part of what the checker must say of each. A mistake needs a world
// in which it can show itself; where that is rare, the plan is bent towards it.
var mutants = map[string]struct {
	want string
	make func() mutant
}{
	"naive key > offset": {"promise", func() mutant {
		return mutant{fence: func(in *instance, f Fence[int64]) Bound[int64] {
			in.m.onFence(f, in.w.now)
			return Bound[int64]{Kind: BoundUnlimited}
		}}
	}},
	"page in the snapshot of the fence": {"promise", func() mutant { return mutant{sameSnapshot: true} }},
	"offset before acknowledgement": {"promise 3", func() mutant {
		return mutant{event: func(in *instance, ev event) event {
			acknowledge(in, func(flight[int64]) bool { return true })
			return ev
		}}
	}},
	"no fencing of the offset":      {"promise 4", func() mutant { return mutant{noFencing: true} }},
	"epochs kept over a reconnect":  {"promise", epochsKept},
	"another incarnation unnoticed": {"promise", incarnationIgnored},
	"sink kept after a failed record": {"promise 2", func() mutant {
		return mutant{keepSink: true, plan: func(p *plan) { p.faults |= lostRecords }}
	}},
	"producer without idempotence": {"promise 2", func() mutant {
		return mutant{notIdempotent: true, plan: func(p *plan) { p.faults |= lostRecords }}
	}},
	"partition by chance": {"promise 2", func() mutant { return mutant{partitionByChance: true} }},
	"the highest acknowledged batch in place of the contiguous prefix": {"promise", func() mutant {
		return mutant{event: func(in *instance, ev event) event {
			if p, ok := ev.(evPublished); ok && p.err == nil {
				acknowledge(in, func(f flight[int64]) bool { return f.id <= p.id })
			}
			return ev
		}}
	}},
	"position kept after a failed batch": {"has handed over", func() mutant {
		return mutant{actions: func(in *instance, ev event, actions []action) []action {
			if p, ok := ev.(evPublished); ok && p.err != nil {
				in.m.next.key += 3
			}
			return actions
		}, plan: func(p *plan) { p.faults |= lostRecords }}
	}},
	"failed load taken for no offset": {"before it knew its offset", func() mutant {
		return mutant{event: func(in *instance, ev event) event {
			if l, ok := ev.(evLoaded); ok && l.err != nil {
				return evLoaded{witness: l.witness}
			}
			return ev
		}}
	}},
	"standby that commits":             {"promise 4", standbyCommits},
	"witness ahead of acknowledgement": {"promise 3", witnessAhead},
	"late rows move the offset":        {"promise 3", lateRowsMoveTheOffset},
	"stop that does not wait for acknowledgements": {"without a fault", func() mutant {
		return mutant{plan: func(p *plan) { p.faults, p.once = 0, false }, event: func(in *instance, ev event) event {
			if _, ok := ev.(evStop); ok {
				in.m.sink.inFlight = nil
			}
			return ev
		}}
	}},
	"strict lease that goes on": {"strict lease", func() mutant {
		return mutant{plan: func(p *plan) { p.lease, p.strict, p.faults = true, true, p.faults|storeAway|pauses },
			event: func(in *instance, ev event) event {
				if timer, ok := ev.(evTimer); ok && timer.timer == timerLeaseEnd {
					return evTimer{timer: timerLeaseEnd} // as if it had been armed again
				}
				return ev
			}}
	}},
	"merged epochs keep the holders of one": {"promise 3", mergeKeepsOne},
	"offset not verified when the source opens": {"promise 5", func() mutant {
		return mutant{noVerify: true, plan: func(p *plan) { p.faults |= reuse }}
	}},
	"sequence that falls unnoticed": {"promise 5", func() mutant {
		return mutant{plan: func(p *plan) { p.faults, p.lease = reuse, false },
			fence: func(in *instance, f Fence[int64]) Bound[int64] {
				f.Counter = false
				return in.m.onFence(f, in.w.now)
			}}
	}},
}

// acknowledge marks batches as acknowledged that are not.
func acknowledge(in *instance, which func(flight[int64]) bool) {
	for i := range in.m.sink.inFlight {
		f := &in.m.sink.inFlight[i]
		f.acked = f.acked || which(*f)
	}
	if in.m.phase == phaseRunning {
		in.m.advance()
	}
}

func epochsKept() mutant {
	before := horizon[int64]{}
	return mutant{
		plan: func(p *plan) { p.faults, p.pooler, p.anonymous, p.lease = restarts, false, true, false },
		event: func(in *instance, ev event) event {
			before = in.m.horizon
			before.epochs = slices.Clone(before.epochs)
			return ev
		},
		actions: func(in *instance, ev event, actions []action) []action {
			if o, ok := ev.(evSourceOpened); ok && o.err == nil {
				in.m.horizon = before
			}
			return actions
		},
	}
}

func incarnationIgnored() mutant {
	return mutant{
		plan: func(p *plan) { p.faults, p.pooler, p.anonymous, p.lease = restarts, true, false, false },
		fence: func(in *instance, f Fence[int64]) Bound[int64] {
			f.Incarnation = ""
			return in.m.onFence(f, in.w.now)
		},
	}
}

func standbyCommits() mutant {
	acked := Offset{}
	return mutant{
		plan: func(p *plan) { p.lease, p.faults = true, p.faults|storeLoses|pauses },
		event: func(in *instance, ev event) event {
			acked = in.m.acked.offset
			return ev
		},
		actions: func(in *instance, ev event, actions []action) []action {
			if l, ok := ev.(evLease); ok && l.err == nil && !l.held && !acked.IsZero() {
				actions = append(actions, actCommit{acked})
			}
			return actions
		},
	}
}

func witnessAhead() mutant {
	return mutant{
		plan: func(p *plan) { p.witness = true },
		actions: func(in *instance, _ event, actions []action) []action {
			for i, a := range actions {
				if _, ok := a.(actSaveWitness); ok {
					actions[i] = actSaveWitness{in.m.next.offset}
				}
			}
			return actions
		},
	}
}

func lateRowsMoveTheOffset() mutant {
	return mutant{
		plan: func(p *plan) { p.auditOff, p.auditPublish = false, true },
		actions: func(in *instance, _ event, actions []action) []action {
			for i := range in.m.sink.inFlight {
				if f := &in.m.sink.inFlight[i]; len(f.late) > 0 {
					last := f.late[len(f.late)-1].key
					f.last = position[int64]{last, Offset{Key: KeyText(last)}}
				}
			}
			return actions
		},
	}
}

// mergeKeepsOne does what a merge would do that keeps the holders of the older epoch alone.
func mergeKeepsOne() mutant {
	return mutant{
		plan: func(p *plan) { p.faults, p.quick, p.crowd, p.once, p.delay = 0, false, true, false, 0 },
		fence: func(in *instance, f Fence[int64]) Bound[int64] {
			h := &in.m.horizon
			if len(h.epochs) < epochsMax || f.High <= h.epochs[epochsMax-1].high {
				return in.m.onFence(f, in.w.now)
			}
			older := maps.Clone(h.epochs[epochsMax-1].holders)
			maps.DeleteFunc(older, func(id string, _ struct{}) bool { return !slices.Contains(f.Holders, id) })
			bound := in.m.onFence(f, in.w.now)
			switch {
			case len(older) == 0:
				h.epochs, h.settled = nil, Bound[int64]{Key: f.High, Kind: BoundUpTo}
				bound = h.settled
			case len(h.epochs) == epochsMax:
				h.epochs[epochsMax-1].holders = older
			}
			return bound
		},
	}
}

// TestSimulationCatchesMutants shows that the checker can fail: each known mistake is found.
func TestSimulationCatchesMutants(t *testing.T) {
	const seeds = 600
	for name, mut := range mutants {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= seeds; seed++ {
				if problems := newWorld(seed, mut.make()).run(); len(problems) > 0 {
					t.Logf("caught by seed %d: %q", seed, problems)
					if !strings.Contains(problems[0], mut.want) {
						t.Errorf("want a problem with %q", mut.want)
					}
					if problems := newWorld(seed, mutant{plan: mut.make().plan}).run(); len(problems) > 0 {
						t.Errorf("without the mistake: %q", problems)
					}
					return
				}
			}
			t.Fatalf("%d seeds did not catch it", seeds)
		})
	}
}
