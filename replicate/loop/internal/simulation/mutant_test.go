package simulation

import (
	"slices"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/internal/machine"
)

// mutants are the known mistakes, each with part of the problem that the checker must report. A mistake needs a
// world in which it can show; where such worlds are rare, the mutant changes the plan to make them likely.
func mutants[K replicate.Key]() map[string]mistake[K] {
	return map[string]mistake[K]{
		"naive key > offset": {"promise", func() mutant[K] {
			return mutant[K]{fence: func(in *instance[K], h *horizon[K], f fence[K]) bound[K] {
				h.Observe(f, in.w.now)
				return bound[K]{Kind: replicate.BoundUnlimited}
			}}
		}},
		"page in the snapshot of the fence": {"promise", func() mutant[K] { return mutant[K]{sameSnapshot: true} }},
		"offset before acknowledgement": {"promise 3", func() mutant[K] {
			return mutant[K]{events: func(in *instance[K], ev machine.Event) []machine.Event {
				return append(acknowledge[K](in, ^uint64(0)), ev)
			}}
		}},
		"no fencing of the offset":      {"promise 4", func() mutant[K] { return mutant[K]{noFencing: true} }},
		"epochs kept over a reconnect":  {"promise", epochsKept[K]},
		"another incarnation unnoticed": {"promise", incarnationIgnored[K]},
		"sink kept after a failed record": {"promise 2", func() mutant[K] {
			return mutant[K]{keepSink: true, plan: func(p *plan) { p.faults |= lostRecords }}
		}},
		"producer without idempotence": {"promise 2", func() mutant[K] {
			return mutant[K]{notIdempotent: true, plan: func(p *plan) { p.faults |= lostRecords }}
		}},
		"partition by chance": {"promise 2", func() mutant[K] { return mutant[K]{partitionByChance: true} }},
		"the highest acknowledged batch in place of the contiguous prefix": {"promise", func() mutant[K] {
			return mutant[K]{events: func(in *instance[K], ev machine.Event) []machine.Event {
				if p, ok := ev.(machine.Published); ok && p.Err == nil {
					return append(acknowledge[K](in, p.ID), ev)
				}
				return []machine.Event{ev}
			}}
		}},
		"position kept after a failed batch": {"has handed over", positionKept[K]},
		"failed load taken for no offset": {"before it knew its offset", func() mutant[K] {
			return mutant[K]{events: func(in *instance[K], ev machine.Event) []machine.Event {
				if l, ok := ev.(machine.OffsetLoaded); ok && l.Err != nil {
					ev = machine.OffsetLoaded{Witness: l.Witness}
				}
				return []machine.Event{ev}
			}}
		}},
		"standby that commits":                         {"promise 4", standbyCommits[K]},
		"witness ahead of acknowledgement":             {"promise 3", witnessAhead[K]},
		"late rows move the offset":                    {"promise 3", lateRowsMoveTheOffset[K]},
		"stop that does not wait for acknowledgements": {"without a fault", hastyStop[K]},
		"strict lease that goes on":                    {"strict lease", strictLeaseGoesOn[K]},
		"merged epochs keep the holders of one":        {"promise 3", mergeKeepsOne[K]},
		"brief look while keys wait": {"promise 1", func() mutant[K] {
			return brief(func(in *instance[K]) bool { return len(in.w.db.open) > 0 })
		}},
		"brief look after the position was set back": {"promise 1", briefAfterFailure[K]},
		"brief looks alone": {"has not looked properly", func() mutant[K] {
			m := brief(func(in *instance[K]) bool { return in.watcher.brief })
			m.plan = func(p *plan) { p.faults, p.lease, p.once, p.auditOff = 0, false, false, true }
			return m
		}},
		"offset not verified when the source opens": {"promise 5", func() mutant[K] {
			return mutant[K]{noVerify: true, plan: func(p *plan) { p.faults |= reuse }}
		}},
		"sequence that falls unnoticed": {"promise 5", func() mutant[K] {
			return mutant[K]{plan: func(p *plan) { p.faults, p.lease = reuse, false },
				fence: func(in *instance[K], h *horizon[K], f fence[K]) bound[K] {
					f.Counter = false
					return h.Observe(f, in.w.now)
				}}
		}},
	}
}

type mistake[K replicate.Key] struct {
	want string
	make func() mutant[K]
}

type (
	horizon[K replicate.Key] = machine.Horizon[K]
	fence[K replicate.Key]   = replicate.Fence[K]
	bound[K replicate.Key]   = replicate.Bound[K]
)

// hastyStop ends at once when it is asked to stop.
func hastyStop[K replicate.Key]() mutant[K] {
	return mutant[K]{
		plan: func(p *plan) { p.faults, p.once = 0, false },
		actions: func(_ *instance[K], ev machine.Event, actions []machine.Action) []machine.Action {
			if _, ok := ev.(machine.StopRequested); ok {
				actions = append(actions, machine.Exit{Release: true})
			}
			return actions
		},
	}
}

// strictLeaseGoesOn never learns that a strict lease has expired.
func strictLeaseGoesOn[K replicate.Key]() mutant[K] {
	return mutant[K]{
		plan: func(p *plan) { p.lease, p.strict, p.faults = true, true, p.faults|storeAway|pauses },
		events: func(_ *instance[K], ev machine.Event) []machine.Event {
			if timer, ok := ev.(machine.TimerFired); ok && timer.Timer == machine.TimerLeaseEnd {
				return nil
			}
			return []machine.Event{ev}
		},
	}
}

// acknowledge gives the machine acknowledgements up to a batch that have not arrived.
func acknowledge[K replicate.Key](in *instance[K], upTo uint64) (events []machine.Event) {
	for _, f := range in.watcher.flights {
		if f.id <= upTo && !f.acked {
			events = append(events, machine.Published{ID: f.id})
		}
	}
	return events
}

// positionKept continues after the rows of a failed batch.
func positionKept[K replicate.Key]() mutant[K] {
	failed := map[*instance[K]]bool{}
	return mutant[K]{
		plan: func(p *plan) { p.faults |= lostRecords },
		actions: func(in *instance[K], ev machine.Event, actions []machine.Action) []machine.Action {
			if p, ok := ev.(machine.Published); ok && p.Err != nil {
				failed[in] = true
			}
			for i, a := range actions {
				if poll, ok := a.(machine.Poll[K]); ok && failed[in] {
					poll.Req.After += 3
					actions[i] = poll
				}
			}
			return actions
		},
	}
}

// epochsKept takes bounds from a horizon that outlives the connection.
func epochsKept[K replicate.Key]() mutant[K] {
	kept := map[*instance[K]]*horizon[K]{}
	return mutant[K]{
		plan: func(p *plan) { p.faults, p.pooler, p.anonymous, p.lease = restarts, false, true, false },
		fence: func(in *instance[K], h *horizon[K], f fence[K]) bound[K] {
			if kept[in] == nil {
				kept[in] = machine.NewHorizon[K](in.config.SettleDelay)
			}
			h.Observe(f, in.w.now)
			return kept[in].Observe(f, in.w.now)
		},
	}
}

func incarnationIgnored[K replicate.Key]() mutant[K] {
	return mutant[K]{
		plan: func(p *plan) { p.faults, p.pooler, p.anonymous, p.lease = restarts, true, false, false },
		fence: func(in *instance[K], h *horizon[K], f fence[K]) bound[K] {
			f.Incarnation = ""
			return h.Observe(f, in.w.now)
		},
	}
}

func standbyCommits[K replicate.Key]() mutant[K] {
	acked := replicate.Offset{}
	return mutant[K]{
		plan: func(p *plan) { p.lease, p.faults = true, p.faults|storeLoses|pauses },
		events: func(in *instance[K], ev machine.Event) []machine.Event {
			acked = in.m.Standing().Acked.Offset
			return []machine.Event{ev}
		},
		actions: func(in *instance[K], ev machine.Event, actions []machine.Action) []machine.Action {
			if l, ok := ev.(machine.LeaseAnswered); ok && l.Err == nil && !l.Held && !acked.IsZero() {
				actions = append(actions, machine.Commit{Offset: acked})
			}
			return actions
		},
	}
}

func witnessAhead[K replicate.Key]() mutant[K] {
	return mutant[K]{
		plan: func(p *plan) { p.witness = true },
		actions: func(in *instance[K], _ machine.Event, actions []machine.Action) []machine.Action {
			for i, a := range actions {
				if _, ok := a.(machine.SaveWitness); ok {
					actions[i] = machine.SaveWitness{Offset: in.m.Standing().Next.Offset}
				}
			}
			return actions
		},
	}
}

// brief makes the machine ask for a brief look when it would look fully.
func brief[K replicate.Key](when func(in *instance[K]) bool) mutant[K] {
	return mutant[K]{actions: func(in *instance[K], _ machine.Event, actions []machine.Action) []machine.Action {
		for i, a := range actions {
			if poll, ok := a.(machine.Poll[K]); ok && when(in) {
				poll.Req.Idle = true
				actions[i] = poll
			}
		}
		return actions
	}}
}

// briefAfterFailure forgets that the rows of a failed batch must be read again.
func briefAfterFailure[K replicate.Key]() mutant[K] {
	failed := map[*instance[K]]bool{}
	m := brief(func(in *instance[K]) bool { return failed[in] })
	m.plan = func(p *plan) { p.faults |= lostRecords }
	m.events = func(in *instance[K], ev machine.Event) []machine.Event {
		switch ev := ev.(type) {
		case machine.Published:
			failed[in] = failed[in] || ev.Err != nil
		case machine.Polled[K]:
			failed[in] = failed[in] && ev.Page.Len() == 0
		}
		return []machine.Event{ev}
	}
	return m
}

func lateRowsMoveTheOffset[K replicate.Key]() mutant[K] {
	late := map[*instance[K]]K{}
	return mutant[K]{
		plan: func(p *plan) { p.auditOff, p.auditPublish = false, true },
		actions: func(in *instance[K], _ machine.Event, actions []machine.Action) []machine.Action {
			for i, a := range actions {
				switch a := a.(type) {
				case machine.Publish[K]:
					delete(late, in)
					if a.Page.Last <= in.watcher.handed.Key && !in.watcher.handed.Offset.IsZero() {
						late[in] = a.Page.Last
					}
				case machine.Commit:
					if last, ok := late[in]; ok {
						actions[i] = machine.Commit{Offset: replicate.Offset{Key: replicate.KeyText(last)}}
					}
				}
			}
			return actions
		},
	}
}

// mergeKeepsOne takes bounds from its own horizon. When that horizon's queue is full, it merges the two newest
// epochs into the larger key with only the older one's holders.
func mergeKeepsOne[K replicate.Key]() mutant[K] {
	type epoch struct {
		high    K
		holders []string
	}
	var queue []epoch
	var settled bound[K]
	return mutant[K]{
		plan: func(p *plan) {
			p.faults, p.quick, p.crowd, p.once, p.delay, p.lease = 0, false, true, false, 0, false
		},
		fence: func(in *instance[K], h *horizon[K], f fence[K]) bound[K] {
			h.Observe(f, in.w.now)
			for i := range queue {
				queue[i].holders = slices.DeleteFunc(queue[i].holders, func(id string) bool {
					return !slices.Contains(f.Holders, id)
				})
			}
			if n := len(queue); f.HasHigh && (n == 0 || f.High > queue[n-1].high) {
				queue = append(queue, epoch{f.High, slices.Clone(f.Holders)})
			}
			if n := len(queue); n > machine.EpochsMax {
				queue[n-2].high = queue[n-1].high
				queue = queue[:n-1]
			}
			for i := len(queue) - 1; i >= 0; i-- {
				if len(queue[i].holders) == 0 {
					settled = bound[K]{Key: queue[i].high, Kind: replicate.BoundUpTo}
					queue = queue[i+1:]
					break
				}
			}
			return settled
		},
	}
}

// TestSimulationCatchesMutants shows that the checker can fail: it finds every known mistake.
func TestSimulationCatchesMutants(t *testing.T) {
	t.Run("int64", testSimulationCatchesMutants[int64])
	t.Run("uint64", testSimulationCatchesMutants[uint64])
}

func testSimulationCatchesMutants[K replicate.Key](t *testing.T) {
	const seeds = 600
	for name, mut := range mutants[K]() {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= seeds; seed++ {
				if problems := newWorld[K](seed, mut.make()).run(); len(problems) > 0 {
					t.Logf("caught by seed %d: %q", seed, problems)
					if !strings.Contains(problems[0], mut.want) {
						t.Errorf("want a problem with %q", mut.want)
					}
					if problems := newWorld[K](seed, mutant[K]{plan: mut.make().plan}).run(); len(problems) > 0 {
						t.Errorf("without the mistake: %q", problems)
					}
					return
				}
			}
			t.Fatalf("%d seeds did not catch it", seeds)
		})
	}
}
