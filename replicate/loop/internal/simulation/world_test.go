package simulation

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/internal/machine"
)

// world is a model of everything around the machine: a database whose transactions draw keys and end in any order
// (database_test.go), a broker with several partitions (broker_test.go), an offset store with a lease and a witness
// (store_test.go), an operator, and the instances of the job (instance_test.go). check_test.go checks the promises.
// One seed determines all of it, so a run replays exactly.
type world[K replicate.Key] struct {
	rng     *rand.Rand
	now     time.Time
	tasks   taskQueue
	taskSeq int
	tracing func(line string) // nil: the run is not traced

	plan   plan
	mutant mutant[K]
	quiet  bool           // faults have stopped; everything must converge
	struck map[string]int // how often each fault struck, to show that the faults take effect

	db     database[K]
	broker broker[K]
	store  simStore[K]
	check  checker[K]

	instances   []*instance[K] // the running ones
	started     int
	maintenance bool // the operator wants no instance to run
	actions     int  // carried out so far
	crashAt     int  // crash an instance after this many actions; 0: never
}

// plan is what a seed will bring.
type plan struct {
	faults              faultClass // if none, nothing excuses a duplicate
	lease, strict       bool
	witness, once       bool
	pooler              bool // connections outlive the database server
	anonymous           bool // the fence has no incarnation
	crowd               bool // many transactions, which fill the horizon's queue
	quick               bool // no long transactions, so that many seeds fit into a minute
	auditOff            bool
	auditPublish, eager bool // eager: small limits everywhere
	partitions          int
	delay               time.Duration
}

type faultClass uint

const (
	crashes faultClass = 1 << iota
	lostRecords
	moves // a partition moves to another leader
	storeAway
	storeLoses // the store loses its data, or falls back to an older copy
	pauses
	sourceFails
	restarts  // the database server restarts
	reuse     // keys are used again: a restored backup, a truncated table
	operators // an operator sets the offset back
	poison    // rows that can't become messages
	fatal     // failures that no retry mends
	allFaults = fatal<<1 - 1
)

// newPlan draws a plan. One world in eight has no faults.
func newPlan(rng *rand.Rand) plan {
	half := func() bool { return rng.IntN(2) == 0 }
	p := plan{lease: rng.IntN(8) > 0, strict: rng.IntN(4) == 0, witness: half(), once: rng.IntN(12) == 0,
		pooler: rng.IntN(3) == 0, quick: rng.IntN(4) > 0, auditOff: rng.IntN(6) == 0, auditPublish: half(), eager: half(),
		partitions: 1 + rng.IntN(3)}
	p.anonymous = !p.pooler && half()
	p.crowd = rng.IntN(32) == 0
	if rng.IntN(6) == 0 {
		p.delay = 20 * time.Millisecond
	}
	if rng.IntN(8) > 0 {
		p.faults = faultClass(rng.Uint64()) & allFaults
		if half() {
			p.faults &^= reuse
		}
	}
	return p
}

type task struct {
	at  time.Time
	seq int
	run func()
}

type taskQueue []task

func (q taskQueue) Len() int { return len(q) }
func (q taskQueue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].seq < q[j].seq
}
func (q taskQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *taskQueue) Push(x any)   { *q = append(*q, x.(task)) }
func (q *taskQueue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

var errModel = errors.New("the model failed on purpose")

func newWorld[K replicate.Key](seed uint64, mut mutant[K]) *world[K] {
	w := &world[K]{rng: rand.New(rand.NewPCG(seed, 7)), now: time.Unix(1_700_000_000, 0), mutant: mut,
		struck: map[string]int{}}
	w.setPlan(newPlan(w.rng))
	return w
}

func (w *world[K]) setPlan(p plan) {
	if w.mutant.plan != nil {
		w.mutant.plan(&p)
	}
	w.plan = p
	w.db = newDatabase[K](w)
	w.broker = newBroker[K](w, p.partitions)
	w.store = simStore[K]{w: w}
	w.check = newChecker[K](w)
}

func (w *world[K]) after(d time.Duration, run func()) {
	w.taskSeq++
	heap.Push(&w.tasks, task{w.now.Add(d), w.taskSeq, run})
}

// runUntil lets the model's time pass until end, or until done returns true.
func (w *world[K]) runUntil(end time.Time, done func() bool) {
	for len(w.tasks) > 0 && w.tasks[0].at.Before(end) && len(w.check.problems) == 0 {
		if done != nil && done() {
			return
		}
		t := heap.Pop(&w.tasks).(task)
		w.now = t.at
		t.run()
	}
	if len(w.check.problems) == 0 && (done == nil || !done()) {
		w.now = end
	}
}

func (w *world[K]) trace(format string, args ...any) {
	if w.tracing != nil {
		w.tracing(fmt.Sprintf("%8.3fms ", float64(w.now.UnixMicro()%1e9)/1e3) + fmt.Sprintf(format, args...))
	}
}

// soon is a random delay of a few milliseconds, occasionally of many.
func (w *world[K]) soon() time.Duration {
	d := w.upTo(4 * time.Millisecond)
	if w.plan.faults&pauses != 0 && !w.quiet && w.rng.IntN(40) == 0 {
		d *= 30
	}
	return d
}

func (w *world[K]) upTo(d time.Duration) time.Duration { return time.Duration(w.rng.Int64N(int64(d))) }

func (w *world[K]) oneIn(n int) bool { return w.rng.IntN(n) == 0 }

// fault strikes with a chance of one in n if its class is in the plan.
func (w *world[K]) fault(class faultClass, name string, oneIn int) bool {
	if w.quiet || w.plan.faults&class == 0 || !w.oneIn(oneIn) {
		return false
	}
	w.struck[name]++
	w.trace("fault: %s", name)
	return true
}

// failure is the error of a fault. Occasionally it is one that ends the job, and its supervisor starts it again.
func (w *world[K]) failure() error {
	if w.fault(fatal, "failure that no retry mends", 12) {
		return replicate.Stop(errModel, "try again")
	}
	return errModel
}

// run lets writers, instances and faults loose on one another, then stops the faults, and returns every broken
// promise.
func (w *world[K]) run() []string {
	writes := 12
	if w.plan.crowd {
		writes = 60
	}
	for range 4 {
		w.db.write(writes)
	}
	w.start()
	if w.plan.lease && w.oneIn(2) {
		w.start()
	}
	w.trouble(40)
	w.runUntil(w.now.Add(900*time.Millisecond), nil)
	w.converge()
	w.idle()
	w.restart()
	return w.check.problems
}

// trouble strikes at random intervals.
func (w *world[K]) trouble(left int) {
	if left == 0 || w.quiet {
		return
	}
	w.after(w.upTo(40*time.Millisecond), func() {
		if w.quiet {
			return
		}
		w.strike()
		w.trouble(left - 1)
	})
}

func (w *world[K]) strike() {
	switch w.rng.IntN(12) {
	case 0, 1:
		if in := w.anyInstance(); in != nil && w.fault(crashes, "crash", 1) {
			w.crash(in)
			w.after(w.soon(), w.keepUp)
		}
	case 2, 3:
		w.store.trouble()
	case 4:
		if in := w.anyInstance(); in != nil {
			w.struck["graceful stop"]++
			w.post(in, machine.StopRequested{})
		}
	case 5:
		if w.plan.lease && len(w.instances) < 3 {
			w.struck["another instance"]++
			w.start()
		}
	case 6:
		w.db.insertLate()
	case 7:
		w.db.insertAbove()
	case 8:
		w.db.deleteRow()
	case 9:
		w.broker.trouble()
	case 10:
		w.db.trouble()
	case 11:
		w.replayByHand()
	}
}

func (w *world[K]) anyInstance() *instance[K] {
	if len(w.instances) == 0 {
		return nil
	}
	return w.instances[w.rng.IntN(len(w.instances))]
}

// keepUp starts the job again, as a supervisor does.
func (w *world[K]) keepUp() {
	if len(w.instances) == 0 && !w.maintenance {
		w.start()
	}
}

// withNobodyRunning ends all instances, waits until none of their requests is under way, and then lets the operator
// do something.
func (w *world[K]) withNobodyRunning(do func()) {
	if w.maintenance {
		return
	}
	w.maintenance = true
	for len(w.instances) > 0 {
		w.crash(w.instances[0])
	}
	w.after(300*time.Millisecond, func() {
		do()
		w.maintenance = false
		w.keepUp()
	})
}

// replayByHand sets the offset back to some row, as an operator does who wants rows published again.
func (w *world[K]) replayByHand() {
	if w.db.reused != nil || w.plan.once || !w.fault(operators, "replay by hand", 2) {
		return
	}
	w.withNobodyRunning(func() {
		if len(w.db.rows) == 0 || w.db.reused != nil {
			return
		}
		r := w.db.rows[w.rng.IntN(len(w.db.rows))]
		stored, there := w.store.key()
		if !there || r.key >= stored || r.late || !r.published {
			return
		}
		w.store.set(r.offset())
		w.check.replayFrom(r.key)
	})
}
