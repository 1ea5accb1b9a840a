package simulation

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/internal/machine"
)

// checker compares the history with the promises.
type checker[K replicate.Key] struct {
	w        *world[K]
	problems []string

	log        int               // records in the topic
	duplicates int               // those that had been there before
	highest    []map[int]*row[K] // last first publication, by partition, in each life of the table
	stored     *replicate.Offset // as the job last wrote it; nil if someone else has changed it
	replay     *replay[K]
	events     int // given to instances
	polls      int // requested by instances
	idle       int // those answered by a brief look
	lateSeen   int
	lowest     K // key of the first record
	exits      int
	restarted  int // records in the topic when everything had been stopped gracefully; -1: not yet
}

// replay is what must be published again after the operator has set the offset back.
type replay[K replicate.Key] struct {
	from int // ordinal in the log
	rows []*row[K]
}

func newChecker[K replicate.Key](w *world[K]) checker[K] {
	c := checker[K]{w: w, restarted: -1}
	for range w.plan.partitions {
		c.highest = append(c.highest, map[int]*row[K]{})
	}
	return c
}

func (c *checker[K]) fail(format string, args ...any) {
	problem := fmt.Sprintf(format, args...)
	c.w.trace("PROBLEM: %s", problem)
	c.problems = append(c.problems, problem)
}

// appended is called for each record that reaches a partition.
func (c *checker[K]) appended(r *row[K], partition int) {
	if c.log++; c.log == 1 {
		c.lowest = r.key
	}
	if want := purePartition(r.key, c.w.plan.partitions); partition != want {
		c.fail("promise 2: row %d is in partition %d and not in %d", r.key, partition, want)
	}
	first := !r.published
	r.published, r.lastSeen = true, c.log
	switch {
	case !first:
		c.duplicates++
		if c.w.plan.faults == 0 {
			c.fail("row %d was published twice without a fault", r.key)
		}
		if c.restarted >= 0 {
			c.fail("row %d is published again after a graceful stop", r.key)
		}
	case r.late:
		c.lateSeen++
	case !c.w.db.has(r): // a restored backup has lost the row since
	default:
		if before := c.highest[partition][r.life]; before != nil && before.key > r.key {
			c.fail("promise 2: row %d was first published after %d in partition %d", r.key, before.key, partition)
		}
		c.highest[partition][r.life] = r
	}
}

// covered checks that no unpublished row lies at or below an offset. Rows that the table got later do not count.
func (c *checker[K]) covered(what string, o replicate.Offset) {
	key, err := replicate.ParseKey[K](o.Key)
	if err != nil {
		c.fail("%s is not a key: %q", what, o.Key)
		return
	}
	for _, r := range c.w.db.rows {
		if r.key > key {
			break
		}
		if !r.published && !r.late && (replicate.Checksum{1, byte(r.life)}.String() <= o.Checksum) {
			c.fail("promise 3: %s is at %d before row %d was published", what, key, r.key)
			return
		}
	}
}

// unchanged is called whenever a poll finds that nothing has changed. Then there must be no row to read, and no
// transaction that could commit one without drawing another key. Rows above the sequence wait until it moves.
func (c *checker[K]) unchanged(in *instance[K], req replicate.PollRequest[K]) {
	c.idle++
	for _, r := range c.w.db.rows {
		if (!req.HasAfter || r.key > req.After) && r.key <= c.w.db.seq && !r.late {
			c.fail("promise 1: instance %d is told that nothing has come, and row %d has", in.id, r.key)
			return
		}
	}
	for _, tx := range c.w.db.open {
		if len(tx.keys) > 0 {
			c.fail("promise 1: instance %d is told that nothing can come, and %s has drawn %v", in.id, tx.holder, tx.keys)
			return
		}
	}
}

// committed is called for each write of the offset.
func (c *checker[K]) committed(in *instance[K], o replicate.Offset) {
	if c.stored != nil && replicate.CompareKeys(o.Key, c.stored.Key) < 0 {
		c.fail("promise 4: the offset went back from %s to %s", c.stored.Key, o.Key)
	}
	c.stored = &o
	c.covered("the offset", o)
}

// replayFrom notes what must be published again after the offset was set to key.
func (c *checker[K]) replayFrom(key K) {
	c.replay = &replay[K]{from: c.log}
	for _, r := range c.w.db.rows {
		if r.key > key && !r.late && r.published {
			c.replay.rows = append(c.replay.rows, r)
		}
	}
	c.w.struck["rows to replay"] += len(c.replay.rows)
}

// forgetReplay is called when something else has overwritten the operator's offset.
func (c *checker[K]) forgetReplay() { c.replay = nil }

// ended checks why an instance ended.
func (c *checker[K]) ended(in *instance[K], err error) {
	c.exits++
	final := c.w.quiet && c.w.maintenance // faults stopped long ago
	tolerated := c.w.plan.faults != 0 && !final && (errors.Is(err, errReused) ||
		errors.Is(err, replicate.ErrDrainTimeout) ||
		errors.Is(err, errModel) || errors.Is(err, machine.ErrAckOverdue))
	tolerated = tolerated || errors.Is(err, errPoison)
	switch {
	case err == nil:
		c.onceEnded(in)
	case tolerated, errors.Is(err, replicate.ErrOnceGaveUp) && c.w.plan.once:
	default:
		c.fail("instance %d ended: %v", in.id, err)
	}
}

// onceEnded checks that a Once run has published what was committed when it began.
func (c *checker[K]) onceEnded(in *instance[K]) {
	if in.watcher.stopAsked || !in.watcher.everRan {
		return // it was stopped, or was not alone
	}
	for _, r := range in.due {
		if c.w.db.has(r) && !r.late && !r.published {
			c.fail("once: row %d was there when it began, and is not published at its end", r.key)
			return
		}
	}
}

// missing returns a row that should be in the topic and is not.
func (c *checker[K]) missing() *row[K] {
	i := slices.IndexFunc(c.w.db.rows, func(r *row[K]) bool { return !r.published && !r.late })
	if i < 0 {
		return nil
	}
	return c.w.db.rows[i]
}

// converged reports whether everything is published, replayed and committed.
func (c *checker[K]) converged() bool {
	w := c.w
	if len(w.db.open) > 0 || w.db.reused != nil || c.missing() != nil || c.owed() != nil {
		return false
	}
	for i := len(w.db.rows) - 1; i >= 0; i-- {
		if r := w.db.rows[i]; !r.late {
			stored, there := w.store.key()
			return there && stored >= r.key && (w.plan.once || w.caughtUp(r.key))
		}
	}
	return true
}

// caughtUp reports whether a running instance has itself published up to key, perhaps for the second time.
func (w *world[K]) caughtUp(key K) bool {
	return slices.ContainsFunc(w.instances, func(in *instance[K]) bool {
		return in.m.Standing().Phase == machine.PhaseRunning && !in.watcher.acked.Before(key)
	})
}

// owed returns a row that the operator wanted published again and that was not.
func (c *checker[K]) owed() *row[K] {
	if c.replay == nil {
		return nil
	}
	for _, r := range c.replay.rows {
		if c.w.db.has(r) && r.lastSeen <= c.replay.from {
			return r
		}
	}
	return nil
}

// converge stops the faults. Everything must then be published and committed within a bounded time.
func (w *world[K]) converge() {
	w.quiet = true
	w.trace("faults have stopped")
	for p := range w.broker.downUntil {
		w.broker.downUntil[p] = w.now
	}
	w.after(0, w.keepUp)
	w.after(time.Second, w.db.drawOut)
	bound := 6 * time.Second
	if w.plan.crowd {
		bound = 30 * time.Second // more rows, and a page may hold only one
	}
	w.runUntil(w.now.Add(bound), w.check.converged)
	switch {
	case len(w.check.problems) > 0 || w.check.converged():
	case w.check.missing() != nil:
		w.check.fail("promise 1: row %d was never published", w.check.missing().key)
	case w.check.owed() != nil:
		w.check.fail("row %d was not published again after the offset was set back", w.check.owed().key)
	default:
		w.check.fail("liveness: everything is published, but the stored offset stays at %q", w.store.offset.Key)
	}
}

// drawOut draws keys until the sequence has passed every row with an explicit key.
func (db *database[K]) drawOut() {
	if db.reused != nil {
		db.w.after(10*time.Millisecond, db.drawOut)
		return
	}
	if n := len(db.rows); n > 0 && db.rows[n-1].key > db.seq {
		db.seq, db.drawn = db.rows[n-1].key, true
	}
}

// idle checks that a job with nothing to do pauses between polls.
func (w *world[K]) idle() {
	if len(w.check.problems) > 0 || w.plan.once {
		return
	}
	const window = 200 * time.Millisecond
	polls, events := w.check.polls, w.check.events
	w.runUntil(w.now.Add(window), nil)
	running := max(1, len(w.instances))
	if n := w.check.polls - polls; n > running*int(window/(2*time.Millisecond)+2) {
		w.check.fail("an idle job polls %d times within %v", n, window)
	}
	if n := w.check.events - events; n > running*1000 {
		w.check.fail("an idle job is busy: %d events within %v", n, window)
	}
}

// restart stops everyone gracefully and starts the job once more. It must publish nothing again.
func (w *world[K]) restart() {
	if len(w.check.problems) > 0 || w.plan.once {
		return
	}
	w.maintenance = true
	for _, in := range slices.Clone(w.instances) {
		w.post(in, machine.StopRequested{})
	}
	w.runUntil(w.now.Add(time.Second), func() bool { return len(w.instances) == 0 })
	if len(w.instances) > 0 {
		w.check.fail("instance %d has not ended after a request to stop gracefully", w.instances[0].id)
		return
	}
	w.maintenance = false
	w.check.restarted = w.check.log
	w.start()
	w.runUntil(w.now.Add(100*time.Millisecond), nil)
}
