package replicate

import (
	"container/heap"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"
)

var (
	simSeeds = flag.Int("sim.seeds", 3000, "number of seeds that the simulation runs")
	simSeed  = flag.Uint64("sim.seed", 0, "replay this one seed")
	simFor   = flag.Duration("sim.for", 0, "run new seeds for so long instead of -sim.seeds")
)

// run lets writers, instances and faults loose on one another, then stops the faults and returns
// every promise that does not hold.
func (w *world) run() []string {
	for range 4 {
		w.write(12)
	}
	w.start()
	if w.rng.IntN(2) == 0 {
		w.start()
	}
	w.trouble(40)
	quietAt := w.now.Add(900 * time.Millisecond)
	end := quietAt.Add(3 * time.Second)
	for len(w.tasks) > 0 && w.now.Before(end) {
		t := heap.Pop(&w.tasks).(task)
		w.now = t.at
		if !w.quiet && !w.now.Before(quietAt) {
			w.quiet, w.storeDown = true, false
			if len(w.instances) == 0 {
				w.start()
			}
		}
		t.run()
		if w.quiet && len(w.open) == 0 && len(w.seenAt) >= len(w.keys) && w.now.After(quietAt.Add(time.Second)) {
			break
		}
	}
	return append(w.problems, w.check()...)
}

// trouble strikes now and then: crashes, a store that is away, forgets, or falls back.
func (w *world) trouble(left int) {
	if left == 0 || w.quiet {
		return
	}
	old := w.offset
	w.after(time.Duration(w.rng.Int64N(int64(40*time.Millisecond))), func() {
		if w.quiet {
			return
		}
		switch w.rng.IntN(8) {
		case 0, 1:
			for _, in := range w.sorted() {
				w.faults["crash"]++
				w.crash(in)
				w.after(w.soon(), func() { w.start() })
				break
			}
		case 2:
			w.faults["store away"]++
			w.storeDown = true
			w.after(30*w.soon(), func() { w.storeDown = false })
		case 3:
			w.faults["store wiped"]++
			w.offset, w.leaseOf, w.wiped = Offset{}, 0, true
		case 4:
			w.faults["stale failover"]++
			w.offset, w.leaseOf, w.wiped = old, 0, true
		case 5:
			if len(w.instances) < 3 {
				w.faults["second instance"]++
				w.start()
			}
		case 7:
			w.insertLate()
		case 6:
			for _, in := range w.sorted() {
				w.faults["graceful stop"]++
				w.post(in, evStop{})
				w.after(w.soon(), func() { w.start() })
				break
			}
		}
		w.trouble(left - 1)
	})
}

func (w *world) sorted() []*instance {
	var all []*instance
	for _, in := range w.instances {
		all = append(all, in)
	}
	slices.SortFunc(all, func(a, b *instance) int { return a.id - b.id })
	if len(all) > 1 && w.rng.IntN(2) == 0 {
		slices.Reverse(all)
	}
	return all
}

// check reads the history and returns the promises that were broken.
func (w *world) check() []string {
	var problems []string
	highest := int64(-1)
	for i, k := range w.log {
		if w.seenAt[k] != i || w.late[k] {
			continue // not its first publication
		}
		if k < highest {
			problems = append(problems, fmt.Sprintf("promise 2: key %d first published after %d", k, highest))
			break
		}
		highest = k
	}
	for _, k := range w.rows {
		if _, ok := w.seenAt[k]; !ok && !w.late[k] {
			problems = append(problems, fmt.Sprintf("promise 1: row %d was never published", k))
			break
		}
	}
	last := int64(-1)
	for _, c := range w.commits {
		if c.key < last && !c.wiped {
			problems = append(problems, fmt.Sprintf("promise 4: the offset went back from %d to %d", last, c.key))
			break
		}
		last = c.key
		for _, k := range w.rows {
			if at, ok := w.seenAt[k]; k <= c.key && !w.late[k] && (!ok || at >= c.at) {
				return append(problems, fmt.Sprintf("promise 3: offset %d was stored before row %d was published", c.key, k))
			}
		}
	}
	return problems
}

func TestSimulation(t *testing.T) {
	first, count := uint64(1), *simSeeds
	if *simSeed != 0 {
		first, count = *simSeed, 1
	}
	if *simFor > 0 {
		first, count = uint64(time.Now().UnixNano()), 0
	}
	end := time.Now().Add(*simFor)
	faults := map[string]int{}
	var rows, duplicates, late int
	for seed := first; seed < first+uint64(count) || time.Now().Before(end); seed++ {
		w := newWorld(seed, noMutant)
		if problems := w.run(); len(problems) > 0 {
			t.Fatalf("seed %d: %q (replay: go test ./replicate -run TestSimulation -sim.seed %d)", seed, problems, seed)
		}
		rows += len(w.rows)
		for k := range w.late {
			if _, ok := w.seenAt[k]; ok {
				late++
			}
		}
		duplicates += len(w.log) - len(w.seenAt)
		for name, n := range w.faults {
			faults[name] += n
		}
	}
	t.Logf("%d seeds, %d rows, %d duplicates, %d late rows published, faults %v",
		count, rows, duplicates, late, faults)
	bites := faults["crash"] > 0 && faults["store wiped"] > 0 && faults["publish"] > 0 && duplicates > 0 && late > 0
	if count > 100 && !bites {
		t.Fatalf("the simulation no longer bites: faults %v, %d duplicates", faults, duplicates)
	}
}

// TestSimulationCatchesMutants shows that the checker can fail: each known mistake is found.
func TestSimulationCatchesMutants(t *testing.T) {
	for mut, name := range map[mutant]string{
		mutantNaiveHorizon: "naive key > offset", mutantOffsetBeforeAck: "offset before acknowledgement",
		mutantSameSnapshot: "page in the fence's snapshot", mutantNoFencing: "no fencing of the offset",
	} {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= 300; seed++ {
				if problems := newWorld(seed, mut).run(); len(problems) > 0 {
					t.Logf("caught by seed %d: %q", seed, problems)
					return
				}
			}
			t.Fatal("300 seeds did not catch it")
		})
	}
}
