package replicate

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// world is a model of everything around the machine: a database whose transactions draw keys and end
// in any order, a broker that loses acknowledgements, an offset store with a lease that fails and
// forgets, and instances that crash. One seed decides all of it, so a run replays exactly.
type world struct {
	rng     *rand.Rand
	now     time.Time
	tasks   taskQueue
	taskSeq int
	mutant  mutant
	quiet   bool // faults have stopped; everything must converge

	lastKey int64
	open    map[int64]*transaction
	rows    []int64        // committed keys, ascending
	keys    map[int64]bool // the same as a set
	log     []int64        // the topic's one partition
	seenAt  map[int64]int  // index in log of a key's first publication
	commits []simCommit    // every write of the offset
	late    map[int64]bool // rows that were given a key of the writer's choice
	faults  map[string]int // how often each fault struck, so that a run can show that it bites

	offset    Offset
	witness   Offset
	leaseOf   int
	leaseTill time.Time
	storeDown bool
	wiped     bool

	instances map[int]*instance
	nextID    int
	problems  []string
}

type transaction struct {
	id   int64
	keys []int64
}

type simCommit struct {
	key   int64
	at    int // length of the log then
	wiped bool
}

// mutant is a known mistake that the checker must catch.
type mutant int

const (
	noMutant mutant = iota
	mutantNaiveHorizon
	mutantOffsetBeforeAck
	mutantSameSnapshot
	mutantNoFencing
)

// instance is one running replicator: the real machine, and its connection to the model broker.
type instance struct {
	id     int
	m      *machine[int64]
	client *client
	timers [timerKinds]int // number of the armed timer
	gone   bool
}

// client is a producer: batches arrive in order, and after a failure none does.
type client struct {
	broken bool
	busyTo time.Time
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

func newWorld(seed uint64, mut mutant) *world {
	return &world{rng: rand.New(rand.NewPCG(seed, 7)), now: time.Unix(1_700_000_000, 0), mutant: mut,
		open: map[int64]*transaction{}, keys: map[int64]bool{}, seenAt: map[int64]int{},
		late: map[int64]bool{}, faults: map[string]int{}, instances: map[int]*instance{}}
}

func (w *world) after(d time.Duration, run func()) {
	w.taskSeq++
	heap.Push(&w.tasks, task{w.now.Add(d), w.taskSeq, run})
}

// runUntil lets the model's time pass.
func (w *world) runUntil(end time.Time) {
	for len(w.tasks) > 0 && w.tasks[0].at.Before(end) {
		t := heap.Pop(&w.tasks).(task)
		w.now = t.at
		t.run()
	}
	w.now = end
}

// soon is a random delay of a few milliseconds, now and then of many.
func (w *world) soon() time.Duration {
	d := time.Duration(w.rng.Int64N(int64(4 * time.Millisecond)))
	if w.rng.IntN(40) == 0 {
		d *= 30
	}
	return d
}

func (w *world) fault(name string, oneIn int) bool {
	if w.quiet || w.rng.IntN(oneIn) != 0 {
		return false
	}
	w.faults[name]++
	return true
}

// write runs one writer: it draws keys, waits, and commits or rolls back.
func (w *world) write(left int) {
	if left == 0 {
		return
	}
	w.taskSeq++
	tx := &transaction{id: int64(w.taskSeq)}
	w.open[tx.id] = tx // the lock comes before the first key
	draws := 1 + w.rng.IntN(3)
	for i := range draws {
		w.after(time.Duration(i)*w.soon(), func() {
			if w.open[tx.id] == nil {
				return
			}
			w.lastKey += 1 + int64(w.rng.IntN(2)) // now and then a hole
			tx.keys = append(tx.keys, w.lastKey)
		})
	}
	w.after(time.Duration(w.rng.Int64N(int64(30*time.Millisecond))), func() {
		if w.rng.IntN(10) > 0 {
			for _, k := range tx.keys {
				i, _ := slices.BinarySearch(w.rows, k)
				w.rows = slices.Insert(w.rows, i, k)
				w.keys[k] = true
			}
		}
		tx.keys = nil
		delete(w.open, tx.id)
		w.after(w.soon(), func() { w.write(left - 1) })
	})
}

// start brings up a new instance.
func (w *world) start() *instance {
	w.nextID++
	cfg := Config{PollInterval: 2 * time.Millisecond, BatchRows: 1 + w.rng.IntN(20), InFlight: 3,
		CommitInterval: 3 * time.Millisecond, LeaseTTL: 60 * time.Millisecond, StandbyInterval: 10 * time.Millisecond,
		AuditInterval: 5 * time.Millisecond, AuditPublish: w.rng.IntN(2) == 0,
		RetryMin: time.Millisecond, RetryMax: 10 * time.Millisecond, DrainTimeout: time.Second}.WithDefaults()
	in := &instance{id: w.nextID}
	in.m = newMachine[int64](cfg, &Hooks{}, true, w.rng.IntN(2) == 0, w.rng.Uint64())
	in.m.witness = 15 * time.Millisecond
	in.m.horizon.naive = w.mutant == mutantNaiveHorizon
	in.m.commitUnacked = w.mutant == mutantOffsetBeforeAck
	w.instances[in.id] = in
	w.carryOut(in, in.m.start(w.now))
	return in
}

// crash ends an instance without a word. What its producer has under way may still arrive.
func (w *world) crash(in *instance) {
	in.gone = true
	delete(w.instances, in.id)
}

func (w *world) post(in *instance, ev event) {
	if !in.gone {
		w.carryOut(in, in.m.step(ev, w.now))
	}
}

func (w *world) answer(in *instance, make func() event) {
	w.after(w.soon(), func() {
		if in.gone {
			return
		}
		ev := make()
		w.after(w.soon(), func() { w.post(in, ev) })
	})
}

var errModel = errors.New("the model failed on purpose")

func (w *world) carryOut(in *instance, actions []action) {
	for _, a := range actions {
		switch a := a.(type) {
		case actTimer:
			in.timers[a.timer]++
			armed := in.timers[a.timer]
			w.after(a.delay, func() {
				if in.timers[a.timer] == armed {
					w.post(in, evTimer{a.timer})
				}
			})
		case actAcquire:
			w.answer(in, func() event { return w.acquire(in) })
		case actOpenSink:
			w.answer(in, func() event {
				if w.fault("sink open", 20) {
					return evSinkOpened{err: errModel}
				}
				in.client = &client{}
				return evSinkOpened{}
			})
		case actCloseSink:
			if in.client != nil {
				in.client.broken = true
			}
		case actLoad:
			w.answer(in, func() event { return w.load(a) })
		case actCommit:
			w.answer(in, func() event { return evCommitted{a.offset, w.commit(in, a.offset)} })
		case actOpenSource:
			w.answer(in, func() event {
				if w.fault("source open", 20) {
					return evSourceOpened{err: errModel}
				}
				return evSourceOpened{}
			})
		case actPoll[int64]:
			w.poll(in, a.req)
		case actLookup[int64]:
			w.answer(in, func() event { return w.lookUp(a) })
		case actPublish[int64]:
			w.publish(in, a)
		case actSaveWitness:
			w.answer(in, func() event { return w.saveWitness(a) })
		case actRecheck:
			w.answer(in, func() event { return evRechecked{} })
		case actDescribe:
			w.answer(in, func() event { return evDescribed(a) })
		case actExit:
			if a.release && w.leaseOf == in.id {
				w.leaseOf = 0
			}
			in.gone = true
			delete(w.instances, in.id)
			if a.err != nil && w.quiet {
				w.problems = append(w.problems, fmt.Sprintf("instance %d ended: %v", in.id, a.err))
			}
		}
	}
}

func (w *world) load(a actLoad) event {
	switch {
	case w.storeDown || w.fault("load", 20):
		return evLoaded{err: errModel}
	case a.witness:
		return evLoaded{offset: w.witness, witness: true}
	}
	return evLoaded{offset: w.offset}
}

func (w *world) saveWitness(a actSaveWitness) event {
	if w.fault("witness", 10) {
		return evWitnessSaved{err: errModel}
	}
	w.witness = a.offset
	return evWitnessSaved{}
}

func (w *world) acquire(in *instance) event {
	if w.storeDown || w.fault("lease", 30) {
		return evLease{err: errModel}
	}
	if w.leaseOf != in.id && w.leaseOf != 0 && w.now.Before(w.leaseTill) {
		return evLease{holder: strconv.Itoa(w.leaseOf)}
	}
	w.leaseOf, w.leaseTill = in.id, w.now.Add(60*time.Millisecond)
	return evLease{held: true}
}

// commit is the store's compare-and-set. A failure may come before or after the write.
func (w *world) commit(in *instance, o Offset) error {
	if w.storeDown || w.fault("commit refused", 30) {
		return errModel
	}
	key, _ := strconv.ParseInt(o.Key, 10, 64)
	if w.mutant != mutantNoFencing {
		if w.leaseOf != in.id || !w.now.Before(w.leaseTill) {
			return ErrLeaseLost
		}
		if stored, err := strconv.ParseInt(w.offset.Key, 10, 64); err == nil && stored > key {
			return &OffsetAheadError{w.offset.Key}
		}
	}
	w.offset = o
	w.commits = append(w.commits, simCommit{key, len(w.log), w.wiped})
	w.wiped = false
	if w.fault("commit answer lost", 30) {
		return errModel
	}
	return nil
}

// poll is the round trip: the highest key, then the holders, then the page, each a moment later.
func (w *world) poll(in *instance, req PollRequest[int64]) {
	var f Fence[int64]
	var page []int64
	read := func() {
		from := 0
		if req.HasAfter {
			from, _ = slices.BinarySearch(w.rows, req.After+1)
		}
		page = slices.Clone(w.rows[from:min(len(w.rows), from+req.Limit)])
	}
	w.after(w.soon(), func() {
		f.High, f.HasHigh = w.lastKey, w.lastKey > 0
		if w.mutant == mutantSameSnapshot {
			read()
		}
		w.after(w.soon(), func() {
			for id := range w.open {
				f.Holders = append(f.Holders, strconv.FormatInt(id, 10))
			}
			w.after(w.soon(), func() {
				if w.mutant != mutantSameSnapshot {
					read()
				}
				if !in.gone {
					w.finishPoll(in, req, f, page)
				}
			})
		})
	})
}

func (w *world) finishPoll(in *instance, req PollRequest[int64], f Fence[int64], keys []int64) {
	p := new(Page[int64])
	if w.fault("poll", 40) {
		w.after(w.soon(), func() { w.post(in, evPolled[int64]{page: p, err: errModel}) })
		return
	}
	bound := in.m.onFence(f, w.now)
	result := PollResult{}
	for _, k := range keys {
		if !bound.Allows(k) {
			result.Unsettled = true
			break
		}
		appendKeyOnly(p, k)
	}
	result.More = p.Len() == req.Limit
	if p.Len() > in.m.cfg.BatchRows {
		w.problems = append(w.problems, "promise 7: a page is larger than configured")
	}
	w.after(w.soon(), func() { w.post(in, evPolled[int64]{page: p, result: result}) })
}

// insertLate gives a row a key that was skipped or rolled back, as an application does that chooses keys.
func (w *world) insertLate() {
	if w.lastKey == 0 {
		return
	}
	k := 1 + w.rng.Int64N(w.lastKey)
	for _, tx := range w.open {
		if slices.Contains(tx.keys, k) {
			return
		}
	}
	if !w.keys[k] {
		i, _ := slices.BinarySearch(w.rows, k)
		w.rows = slices.Insert(w.rows, i, k)
		w.keys[k], w.late[k] = true, true
		w.faults["late row"]++
	}
}

func (w *world) lookUp(a actLookup[int64]) event {
	p := new(Page[int64])
	if w.fault("lookup", 10) {
		return evLooked[int64]{page: p, err: errModel}
	}
	for _, k := range a.keys {
		if w.keys[k] {
			appendKeyOnly(p, k)
		}
		if p.Len() == a.req.Limit {
			return evLooked[int64]{page: p, more: true}
		}
	}
	return evLooked[int64]{page: p}
}

func appendKeyOnly(p *Page[int64], k int64) {
	start := len(p.slab)
	p.slab = AppendKey(p.slab, k)
	p.append(k, Sum{}, span{rowKey: start, key: len(p.slab), value: len(p.slab), end: len(p.slab)})
}

// publish delivers a batch in its client's order. A fault may lose the acknowledgement or the batch
// from some row on; then nothing that follows on this client arrives.
func (w *world) publish(in *instance, a actPublish[int64]) {
	c, keys := in.client, slices.Clone(a.page.Keys)
	if len(in.m.sink.inFlight) > in.m.cfg.InFlight {
		w.problems = append(w.problems, "promise 7: more batches in flight than configured")
	}
	at := w.now.Add(w.soon())
	if at.Before(c.busyTo) {
		at = c.busyTo
	}
	c.busyTo = at
	w.after(at.Sub(w.now), func() {
		if c.broken {
			w.after(w.soon(), func() { w.post(in, evPublished{a.id, errModel}) })
			return
		}
		arrived, err := len(keys), error(nil)
		if w.fault("publish", 25) {
			arrived, err = w.rng.IntN(len(keys)+1), errModel
			c.broken = true
		}
		for _, k := range keys[:arrived] {
			if _, seen := w.seenAt[k]; !seen {
				w.seenAt[k] = len(w.log)
			}
			w.log = append(w.log, k)
		}
		w.after(w.soon(), func() { w.post(in, evPublished{a.id, err}) })
	})
}
