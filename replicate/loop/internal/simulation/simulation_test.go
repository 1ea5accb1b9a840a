package simulation

import (
	"flag"
	"hash/fnv"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/internal/machine"
)

var (
	seeds   = flag.Int("sim.seeds", 2000, "number of seeds that the simulation runs with each type of key")
	oneSeed = flag.Uint64("sim.seed", 0, "replay this one seed; with -v, print what happens")
	soak    = flag.Duration("sim.for", 0, "run new seeds for this long, instead of -sim.seeds of them")
)

// mutant is a known mistake that the checker must catch. It is a change to the model, or to what passes between
// model and machine, so that the machine itself needs no switches for it.
type mutant[K replicate.Key] struct {
	plan    func(p *plan)                                           // makes the mistake likely to show
	events  func(in *instance[K], ev machine.Event) []machine.Event // what the machine is told instead
	actions func(in *instance[K], ev machine.Event, actions []machine.Action) []machine.Action
	// fence answers a fence, in place of the horizon that was lent to the poll.
	fence func(in *instance[K], h *machine.Horizon[K], f replicate.Fence[K]) replicate.Bound[K]

	sameSnapshot, noFencing, keepSink, notIdempotent, partitionByChance, noVerify bool
}

// totals adds up the results of many seeds.
type totals struct {
	mu                       sync.Mutex
	struck                   map[string]int
	rows, records, dup, late int
	polls, idle              int
	seeds                    int
}

func addTo[K replicate.Key](s *totals, w *world[K]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, n := range w.struck {
		s.struck[name] += n
	}
	s.seeds++
	s.rows += len(w.db.rows)
	s.records += w.check.log
	s.dup += w.check.duplicates
	s.late += w.check.lateSeen
	s.polls += w.check.polls
	s.idle += w.check.idle
}

func TestSimulation(t *testing.T) {
	t.Run("int64", testSimulation[int64])
	t.Run("uint64", testSimulation[uint64])
}

func testSimulation[K replicate.Key](t *testing.T) {
	if *oneSeed != 0 {
		w := newWorld[K](*oneSeed, mutant[K]{})
		if testing.Verbose() {
			w.tracing = func(line string) { t.Log(line) }
		}
		t.Logf("seed %d: %+v", *oneSeed, w.plan)
		if problems := w.run(); len(problems) > 0 {
			t.Fatalf("seed %d: %q", *oneSeed, problems)
		}
		return
	}
	first, count := uint64(1), uint64(*seeds)
	if *soak > 0 {
		first, count = uint64(time.Now().UnixNano()), 1<<62
	}
	all := runSeeds[K](t, first, count, time.Now().Add(*soak/2))
	t.Logf("%d seeds, %d rows, %d records, %d of them duplicates, %d late rows published; %d polls, %d of them brief; "+
		"struck: %v", all.seeds, all.rows, all.records, all.dup, all.late, all.polls, all.idle, all.struck)
	if all.seeds < 1000 {
		return
	}
	for _, name := range []string{"crash", "lost record", "swallowed record", "lost acknowledgement",
		"partition move", "store wiped", "stale failover", "database restart", "restored backup", "truncated table",
		"rows to replay", "stop for reused keys", "full horizon queue", "mended row", "late row",
		"row above the sequence", "deleted row", "graceful stop"} {
		if all.struck[name] < 10 {
			t.Errorf("the simulation no longer bites: %s struck %d times", name, all.struck[name])
		}
	}
	if all.dup == 0 || all.late == 0 || all.idle < all.polls/10 {
		t.Errorf("the simulation no longer bites: %d duplicates, %d late rows published, %d of %d polls brief",
			all.dup, all.late, all.idle, all.polls)
	}
}

// runSeeds runs worlds on all processors, until count or, if end is set, until that time.
func runSeeds[K replicate.Key](t *testing.T, first, count uint64, end time.Time) *totals {
	all := &totals{struck: map[string]int{}}
	var next atomic.Uint64
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for !failed.Load() {
				n := next.Add(1) - 1
				if n >= count || *soak > 0 && time.Now().After(end) {
					return
				}
				w := newWorld[K](first+n, mutant[K]{})
				if problems := w.run(); len(problems) > 0 {
					failed.Store(true)
					t.Errorf("seed %d: %q (replay: go test ./replicate/loop/internal/simulation "+
						"-run '%s$' -v -args -sim.seed=%d)",
						first+n, problems, strings.ReplaceAll(t.Name(), "/", "$/^"), first+n)
				}
				addTo(all, w)
			}
		})
	}
	workers.Wait()
	return all
}

// TestSimulationReplaysExactly runs seeds twice: both runs must be the same, event by event and action by action.
func TestSimulationReplaysExactly(t *testing.T) {
	t.Run("int64", testSimulationReplaysExactly[int64])
	t.Run("uint64", testSimulationReplaysExactly[uint64])
}

func testSimulationReplaysExactly[K replicate.Key](t *testing.T) {
	trace := func(seed uint64) (sum uint64, lines int) {
		h := fnv.New64a()
		w := newWorld[K](seed, mutant[K]{})
		w.tracing = func(line string) {
			lines++
			_, _ = h.Write([]byte(line))
		}
		w.run()
		return h.Sum64(), lines
	}
	for seed := uint64(1); seed <= 40; seed++ {
		first, n := trace(seed)
		if again, m := trace(seed); first != again || n != m {
			t.Fatalf("seed %d: %d lines with hash %x, then %d with %x", seed, n, first, m, again)
		}
		if n < 100 {
			t.Fatalf("seed %d: a trace of %d lines", seed, n)
		}
	}
}

// TestSimulationCrashesAtEveryStep has one run for each action of a plain run, and crashes after that action.
func TestSimulationCrashesAtEveryStep(t *testing.T) {
	t.Run("int64", testSimulationCrashesAtEveryStep[int64])
	t.Run("uint64", testSimulationCrashesAtEveryStep[uint64])
}

func testSimulationCrashesAtEveryStep[K replicate.Key](t *testing.T) {
	runs := 0
	for seed := uint64(1); seed <= 6; seed++ {
		build := func() *world[K] {
			w := newWorld[K](seed, mutant[K]{})
			w.setPlan(plan{lease: true, witness: seed%2 == 0, partitions: 1 + int(seed)%3, quick: true,
				auditPublish: true, eager: seed%3 == 0, faults: crashes})
			return w
		}
		for n := 1; ; n++ {
			w := build()
			w.crashAt = n
			w.brief()
			if len(w.check.problems) > 0 {
				t.Fatalf("seed %d, crash after action %d: %q", seed, n, w.check.problems)
			}
			runs++
			if w.actions < n || n == 400 {
				break
			}
		}
	}
	t.Logf("%d runs", runs)
	if runs < 500 {
		t.Errorf("only %d runs", runs)
	}
}

// brief is a short run with two instances and no fault except the crash.
func (w *world[K]) brief() {
	for range 2 {
		w.db.write(4)
	}
	w.start()
	w.start()
	w.after(20*time.Millisecond, func() {
		if len(w.instances) > 0 {
			w.post(w.instances[0], machine.StopRequested{})
		}
	})
	w.runUntil(w.now.Add(100*time.Millisecond), nil)
	w.converge()
	w.idle()
	w.restart()
}

// TestSimulationFindsLateRows looks at the audit in worlds without faults. Every row that turns up in a passed gap
// that the audit remembers is found and published once, and never moves the offset.
func TestSimulationFindsLateRows(t *testing.T) {
	t.Run("int64", testSimulationFindsLateRows[int64])
	t.Run("uint64", testSimulationFindsLateRows[uint64])
}

func testSimulationFindsLateRows[K replicate.Key](t *testing.T) {
	found := 0
	for seed := uint64(1); seed <= 100; seed++ {
		w := newWorld[K](seed, mutant[K]{})
		w.setPlan(plan{quick: true, auditPublish: true, partitions: 2})
		w.db.write(12)
		w.start()
		for i := range 20 {
			w.after(time.Duration(i)*10*time.Millisecond, w.db.insertLate)
		}
		w.runUntil(w.now.Add(200*time.Millisecond), nil)
		w.converge()
		w.idle()
		first := w.check.lowest
		for _, r := range w.db.rows {
			// There is no gap to remember below the first published row.
			if r.late && !r.published && r.key > first {
				t.Fatalf("seed %d: late row %d was not published", seed, r.key)
			}
		}
		found += w.check.lateSeen
		if len(w.check.problems) > 0 {
			t.Fatalf("seed %d: %q", seed, w.check.problems)
		}
	}
	if found < 100 {
		t.Fatalf("only %d late rows in all", found)
	}
}

// TestStandbyTakesOver ends the lease's holder. After a crash the standby runs as soon as the lease has expired;
// after a graceful stop, as soon as it next asks.
func TestStandbyTakesOver(t *testing.T) {
	t.Run("int64", testStandbyTakesOver[int64])
	t.Run("uint64", testStandbyTakesOver[uint64])
}

func testStandbyTakesOver[K replicate.Key](t *testing.T) {
	for seed := uint64(1); seed <= 200; seed++ {
		for _, stop := range []bool{false, true} {
			w := newWorld[K](seed, mutant[K]{})
			w.setPlan(plan{lease: true, partitions: 1, quick: true})
			w.db.write(30)
			w.start()
			w.runUntil(w.now.Add(50*time.Millisecond), nil)
			w.start()
			w.runUntil(w.now.Add(w.upTo(100*time.Millisecond)), nil)
			holder, standby := w.instances[0], w.instances[1]
			if holder.m.Standing().Phase != machine.PhaseRunning || standby.m.Standing().Phase != machine.PhaseStandby {
				t.Fatalf("seed %d: phases %d and %d", seed, holder.m.Standing().Phase, standby.m.Standing().Phase)
			}
			begin, bound := w.now, standby.config.StandbyInterval+60*time.Millisecond // and for messages to pass between them
			if stop {
				w.post(holder, machine.StopRequested{})
			} else {
				w.crash(holder)
				bound += standby.config.LeaseTTL
			}
			w.runUntil(w.now.Add(5*time.Second), func() bool { return standby.m.Standing().Phase == machine.PhaseRunning })
			if took := w.now.Sub(begin); took > bound || len(w.check.problems) > 0 {
				t.Fatalf("seed %d, graceful stop %t: took over after %v, more than %v; %q",
					seed, stop, took, bound, w.check.problems)
			}
		}
	}
}
