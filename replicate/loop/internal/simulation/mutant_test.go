package simulation

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/internal/machine"
)

// mutants are the known mistakes, with a part of what the checker must say of each. A mistake needs a world
// in which it can show itself; where that is rare, the plan is bent towards it.
var mutants = map[string]struct {
	want string
	make func() mutant
}{
	"naive key > offset": {"promise", func() mutant {
		return mutant{fence: func(in *instance, f replicate.Fence[int64]) replicate.Bound[int64] {
			in.m.OnFence(f, in.w.now)
			return replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
		}}
	}},
	"page in the snapshot of the fence": {"promise", func() mutant { return mutant{sameSnapshot: true} }},
	"offset before acknowledgement": {"promise 3", func() mutant {
		return mutant{event: func(in *instance, ev machine.Event) machine.Event {
			acknowledge(in, func(machine.Flight[int64]) bool { return true })
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
		return mutant{event: func(in *instance, ev machine.Event) machine.Event {
			if p, ok := ev.(machine.Published); ok && p.Err == nil {
				acknowledge(in, func(f machine.Flight[int64]) bool { return f.ID <= p.ID })
			}
			return ev
		}}
	}},
	"position kept after a failed batch": {"has handed over", func() mutant {
		return mutant{actions: func(in *instance, ev machine.Event, actions []machine.Action) []machine.Action {
			if p, ok := ev.(machine.Published); ok && p.Err != nil {
				in.m.Next.Key += 3
			}
			return actions
		}, plan: func(p *plan) { p.faults |= lostRecords }}
	}},
	"failed load taken for no offset": {"before it knew its offset", func() mutant {
		return mutant{event: func(in *instance, ev machine.Event) machine.Event {
			if l, ok := ev.(machine.OffsetLoaded); ok && l.Err != nil {
				return machine.OffsetLoaded{Witness: l.Witness}
			}
			return ev
		}}
	}},
	"standby that commits":             {"promise 4", standbyCommits},
	"witness ahead of acknowledgement": {"promise 3", witnessAhead},
	"late rows move the offset":        {"promise 3", lateRowsMoveTheOffset},
	"stop that does not wait for acknowledgements": {"without a fault", func() mutant {
		quiet := func(p *plan) { p.faults, p.once = 0, false }
		return mutant{plan: quiet, event: func(in *instance, ev machine.Event) machine.Event {
			if _, ok := ev.(machine.StopRequested); ok {
				in.m.Sink.InFlight = nil
			}
			return ev
		}}
	}},
	"strict lease that goes on": {"strict lease", func() mutant {
		return mutant{plan: func(p *plan) { p.lease, p.strict, p.faults = true, true, p.faults|storeAway|pauses },
			event: func(in *instance, ev machine.Event) machine.Event {
				if timer, ok := ev.(machine.TimerFired); ok && timer.Timer == machine.TimerLeaseEnd {
					return machine.TimerFired{Timer: machine.TimerLeaseEnd} // as if it had been armed again
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
			fence: func(in *instance, f replicate.Fence[int64]) replicate.Bound[int64] {
				f.Counter = false
				return in.m.OnFence(f, in.w.now)
			}}
	}},
}

// acknowledge marks batches as acknowledged that are not.
func acknowledge(in *instance, which func(machine.Flight[int64]) bool) {
	for i := range in.m.Sink.InFlight {
		f := &in.m.Sink.InFlight[i]
		f.Acked = f.Acked || which(*f)
	}
	if in.m.Phase == machine.PhaseRunning {
		in.m.Advance()
	}
}

func epochsKept() mutant {
	before := machine.Horizon[int64]{}
	return mutant{
		plan: func(p *plan) { p.faults, p.pooler, p.anonymous, p.lease = restarts, false, true, false },
		event: func(in *instance, ev machine.Event) machine.Event {
			before = in.m.Horizon
			before.Epochs = slices.Clone(before.Epochs)
			return ev
		},
		actions: func(in *instance, ev machine.Event, actions []machine.Action) []machine.Action {
			if o, ok := ev.(machine.SourceOpened); ok && o.Err == nil {
				in.m.Horizon = before
			}
			return actions
		},
	}
}

func incarnationIgnored() mutant {
	return mutant{
		plan: func(p *plan) { p.faults, p.pooler, p.anonymous, p.lease = restarts, true, false, false },
		fence: func(in *instance, f replicate.Fence[int64]) replicate.Bound[int64] {
			f.Incarnation = ""
			return in.m.OnFence(f, in.w.now)
		},
	}
}

func standbyCommits() mutant {
	acked := replicate.Offset{}
	return mutant{
		plan: func(p *plan) { p.lease, p.faults = true, p.faults|storeLoses|pauses },
		event: func(in *instance, ev machine.Event) machine.Event {
			acked = in.m.Acked.Offset
			return ev
		},
		actions: func(in *instance, ev machine.Event, actions []machine.Action) []machine.Action {
			if l, ok := ev.(machine.LeaseAnswered); ok && l.Err == nil && !l.Held && !acked.IsZero() {
				actions = append(actions, machine.Commit{Offset: acked})
			}
			return actions
		},
	}
}

func witnessAhead() mutant {
	return mutant{
		plan: func(p *plan) { p.witness = true },
		actions: func(in *instance, _ machine.Event, actions []machine.Action) []machine.Action {
			for i, a := range actions {
				if _, ok := a.(machine.SaveWitness); ok {
					actions[i] = machine.SaveWitness{Offset: in.m.Next.Offset}
				}
			}
			return actions
		},
	}
}

func lateRowsMoveTheOffset() mutant {
	return mutant{
		plan: func(p *plan) { p.auditOff, p.auditPublish = false, true },
		actions: func(in *instance, _ machine.Event, actions []machine.Action) []machine.Action {
			for i := range in.m.Sink.InFlight {
				if f := &in.m.Sink.InFlight[i]; len(f.Late) > 0 {
					last := f.Late[len(f.Late)-1].Key
					f.Last = machine.Position[int64]{Key: last, Offset: replicate.Offset{Key: replicate.KeyText(last)}}
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
		fence: func(in *instance, f replicate.Fence[int64]) replicate.Bound[int64] {
			h := &in.m.Horizon
			if len(h.Epochs) < machine.EpochsMax || f.High <= h.Epochs[machine.EpochsMax-1].High {
				return in.m.OnFence(f, in.w.now)
			}
			older := maps.Clone(h.Epochs[machine.EpochsMax-1].Holders)
			maps.DeleteFunc(older, func(id string, _ struct{}) bool { return !slices.Contains(f.Holders, id) })
			bound := in.m.OnFence(f, in.w.now)
			switch {
			case len(older) == 0:
				h.Epochs, h.Settled = nil, replicate.Bound[int64]{Key: f.High, Kind: replicate.BoundUpTo}
				bound = h.Settled
			case len(h.Epochs) == machine.EpochsMax:
				h.Epochs[machine.EpochsMax-1].Holders = older
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
