package simulation

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// database is a table whose keys come from a sequence, and the transactions that write to it.
type database[K replicate.Key] struct {
	w           *world[K]
	seq         K
	drawn       bool // the sequence was used
	life        int  // of the table; a new one begins when keys are used again
	rows        []*row[K]
	open        []*transaction[K]
	incarnation int
	backup      *backup[K]
	downUntil   time.Time
	reused      *time.Time // since when keys may be used again without anyone having noticed
}

// row is a row of the table. If its key is used again, that is another row.
type row[K replicate.Key] struct {
	key         K
	life        int
	bad, mended bool // bad: it can't become a message; mended: it was bad
	late        bool // its key was chosen by hand, below the sequence: only the audit can find it

	published bool
	lastSeen  int // ordinal of its last publication
}

func (r *row[K]) sum() replicate.Checksum { return replicate.Checksum{1, byte(r.life)} }

func (r *row[K]) offset() replicate.Offset {
	return replicate.Offset{Key: replicate.KeyText(r.key), Checksum: r.sum().String()}
}

type transaction[K replicate.Key] struct {
	holder   string
	keys     []K
	prepared bool
	over     bool // committed, rolled back or aborted
}

type backup[K replicate.Key] struct {
	rows  []*row[K]
	seq   K
	drawn bool
}

func newDatabase[K replicate.Key](w *world[K]) database[K] {
	db := database[K]{w: w, incarnation: 1}
	if w.oneIn(4) {
		db.seq = farKey[K]()
	}
	return db
}

// farKey is where the keys of some tables begin, so that a run crosses zero or, with an unsigned type, the largest
// int64.
func farKey[K replicate.Key]() K {
	top := K(0) - 1
	if top < 0 {
		return top - 29
	}
	return top>>1 - 29
}

func (db *database[K]) find(key K) (int, bool) {
	return slices.BinarySearchFunc(db.rows, key, func(r *row[K], k K) int {
		switch {
		case r.key < k:
			return -1
		case r.key > k:
			return 1
		}
		return 0
	})
}

func (db *database[K]) has(r *row[K]) bool {
	i, there := db.find(r.key)
	return there && db.rows[i] == r
}

func (db *database[K]) insert(key K, late bool) {
	i, _ := db.find(key)
	db.rows = slices.Insert(db.rows, i, &row[K]{key: key, life: db.life, late: late,
		bad: db.w.fault(poison, "bad row", 200)})
}

// write runs n transactions of one writer. Each draws keys, early or late, waits, and commits or rolls back. Some
// are prepared first, and a few stay open for long.
func (db *database[K]) write(left int) {
	w := db.w
	if left == 0 {
		return
	}
	if db.reused != nil {
		w.after(5*time.Millisecond, func() { db.write(left) })
		return
	}
	tx := new(transaction[K])
	at := time.Duration(0)
	for range 1 + w.rng.IntN(3) {
		w.after(at, func() { db.draw(tx) })
		at += w.soon()
	}
	length := at + w.upTo(20*time.Millisecond)
	switch {
	case w.plan.crowd && w.oneIn(40):
		length += w.upTo(3 * time.Second)
	case !w.plan.quick && w.oneIn(25):
		length += w.upTo(time.Second)
	}
	if w.oneIn(6) {
		w.after(at+(length-at)/2, func() { tx.prepared = true })
		length += w.upTo(100 * time.Millisecond) // it may outlive the server
	}
	commits := !w.oneIn(10)
	w.after(length, func() {
		db.end(tx, commits)
		w.after(w.soon(), func() { db.write(left - 1) })
	})
}

// draw takes the lock on the sequence and then a key.
func (db *database[K]) draw(tx *transaction[K]) {
	w := db.w
	if tx.over {
		return
	}
	if tx.holder == "" {
		w.taskSeq++
		tx.holder = "tx" + strconv.Itoa(w.taskSeq)
		db.open = append(db.open, tx)
	}
	db.seq += 1 + K(w.rng.IntN(2)) // sometimes leaving a gap
	db.drawn = true
	if _, taken := db.find(db.seq); taken { // by a row with an explicit key
		db.end(tx, false)
		return
	}
	tx.keys = append(tx.keys, db.seq)
}

// end commits or rolls back. The rows become visible a moment before the lock is released.
func (db *database[K]) end(tx *transaction[K], commit bool) {
	if tx.over {
		return
	}
	tx.over = true
	if commit {
		for _, k := range tx.keys {
			db.insert(k, false)
		}
		db.w.trace("db: %s commits %v", tx.holder, tx.keys)
	}
	tx.keys = nil
	db.w.after(db.w.upTo(time.Millisecond), func() {
		db.open = slices.DeleteFunc(db.open, func(o *transaction[K]) bool { return o == tx })
	})
}

// insertLate inserts a row with a key that was skipped or rolled back, as an application might that chooses its own
// keys.
func (db *database[K]) insertLate() {
	if !db.drawn || db.reused != nil {
		return
	}
	k := db.seq - K(db.w.rng.Int64N(60))
	if k > db.seq {
		return // below the first key of an unsigned type
	}
	for _, tx := range db.open {
		if slices.Contains(tx.keys, k) {
			return
		}
	}
	if _, there := db.find(k); !there {
		db.insert(k, true)
		db.w.struck["late row"]++
		db.w.trace("db: late row %d", k)
	}
}

// insertAbove inserts a row with an explicit key that the sequence has not reached yet. The row must wait until it
// has.
func (db *database[K]) insertAbove() {
	k := db.seq + 1 + K(db.w.rng.Int64N(6))
	if _, there := db.find(k); !there && db.reused == nil {
		db.insert(k, false)
		db.w.struck["row above the sequence"]++
		db.w.trace("db: row %d above the sequence", k)
	}
}

// stranded are the rows above the sequence.
func (db *database[K]) stranded() (found replicate.Stranded[K]) {
	for _, r := range db.rows {
		if r.key <= db.seq {
			continue
		}
		if found.Rows == 0 {
			found.First = r.key
		}
		found.Rows, found.Last = found.Rows+1, r.key
	}
	return found
}

// deleteRow deletes a published row, possibly the last one.
func (db *database[K]) deleteRow() {
	if len(db.rows) == 0 {
		return
	}
	i := db.w.rng.IntN(len(db.rows))
	if db.w.oneIn(3) {
		i = len(db.rows) - 1
	}
	if r := db.rows[i]; r.published {
		db.rows = slices.Delete(db.rows, i, i+1)
		db.w.struck["deleted row"]++
		db.w.trace("db: row %d is deleted", r.key)
	}
}

func (db *database[K]) trouble() {
	w := db.w
	if db.backup == nil || w.oneIn(3) {
		db.backup = &backup[K]{slices.Clone(db.rows), db.seq, db.drawn}
	}
	switch {
	case db.reused == nil && w.fault(reuse, "restored backup", 6):
		db.rows, db.seq, db.drawn = slices.Clone(db.backup.rows), db.backup.seq, db.backup.drawn
		db.newLife()
		db.restart()
	case db.reused == nil && w.fault(reuse, "truncated table", 6):
		db.rows, db.seq, db.drawn = nil, 0, false
		db.newLife()
	case w.fault(sourceFails, "database away", 4):
		db.downUntil = w.now.Add(w.upTo(150 * time.Millisecond))
	case w.fault(restarts, "database restart", 1):
		db.restart()
	}
}

func (db *database[K]) down() bool { return db.w.now.Before(db.downUntil) && !db.w.quiet }

var errPoison = errors.New("the row can't become a message")

// mend is what the operator does about a bad row, after the job has stopped at it or the audit has reported it.
func (db *database[K]) mend(err error) {
	var bad *replicate.RowError
	if !errors.As(err, &bad) {
		return
	}
	key, _ := replicate.ParseKey[K](bad.Key)
	i, there := db.find(key)
	switch {
	case !there: // lost with its table in the meantime
	case db.rows[i].bad:
		db.rows[i].bad, db.rows[i].mended = false, true
		db.w.struck["mended row"]++
	case !db.rows[i].mended: // another instance had met it before
		db.w.check.fail("promise 5: the job stopped at row %s, which is not bad", bad.Key)
	}
}

// restart aborts unprepared transactions and gives the others a new identity.
func (db *database[K]) restart() {
	db.incarnation++
	for _, tx := range slices.Clone(db.open) {
		if !tx.prepared {
			tx.keys, tx.over = nil, true
			db.open = slices.DeleteFunc(db.open, func(o *transaction[K]) bool { return o == tx })
		}
		tx.holder = "prepared" + strconv.Itoa(db.incarnation) + tx.holder
	}
}

// newLife begins another life of the table. Writers wait until the job has noticed, or has nothing to notice. Two
// cases could not be noticed: an offset that the sequence has passed again at a key without a row looks like a good
// one, and so does a table that is truncated and refilled between the statements of one poll.
func (db *database[K]) newLife() {
	db.life++
	for _, tx := range db.open {
		tx.keys, tx.over = nil, true
	}
	db.open, db.backup, db.w.store.older = nil, nil, nil
	at := db.w.now
	db.reused = &at
	db.w.check.forgetReplay()
	db.w.after(500*time.Millisecond, db.watchReuse) // polls that began before have ended by then
}

// watchReuse ends the wait once no position is beyond the sequence.
func (db *database[K]) watchReuse() {
	w := db.w
	if db.reused == nil {
		return
	}
	if !w.store.beyond(db.seq, db.drawn) {
		if beyond(w.store.witness, db.seq, db.drawn) {
			w.store.witness = replicate.Offset{} // the operator discards it, along with the backup
		}
		db.reused = nil
		return
	}
	if w.now.Sub(*db.reused) > 4*time.Second {
		w.check.fail("promise 5: keys are used again, and nobody has stopped for it")
		return
	}
	w.after(10*time.Millisecond, db.watchReuse)
}

// beyond reports whether an offset lies where the sequence has not been yet.
func beyond[K replicate.Key](o replicate.Offset, seq K, drawn bool) bool {
	key, err := replicate.ParseKey[K](o.Key)
	return err == nil && (!drawn || key > seq)
}

var errReused = errors.New("keys were used again")

// verify is the check that a source makes of the offset when it opens.
func (db *database[K]) verify(at replicate.Offset) error {
	if at.IsZero() || db.w.mutant.noVerify {
		return nil
	}
	if beyond(at, db.seq, db.drawn) {
		return replicate.Stop(errReused, "set the offset by hand")
	}
	key, _ := replicate.ParseKey[K](at.Key)
	if i, there := db.find(key); there && at.Checksum != "" && db.rows[i].sum().String() != at.Checksum {
		return replicate.Stop(errReused, "set the offset by hand")
	}
	return nil
}

// repair is what the operator does about a job that stopped because keys were used again.
func (db *database[K]) repair() {
	w := db.w
	w.withNobodyRunning(func() {
		w.struck["stop for reused keys"]++
		limit := db.seq
		for _, tx := range db.open {
			for _, k := range tx.keys {
				limit = min(limit, k-1)
			}
		}
		var to replicate.Offset
		for _, r := range db.rows {
			if !r.published && !r.late {
				break
			}
			if db.drawn && r.key <= limit {
				to = r.offset()
			}
		}
		w.store.set(to)
		w.store.witness, w.store.older = to, nil
		w.check.forgetReplay()
		db.reused = nil
	})
}

func (db *database[K]) fence() (high K, drawn bool) { return db.seq, db.drawn }

func (db *database[K]) holders() []string {
	var names []string
	for _, tx := range db.open {
		names = append(names, tx.holder)
	}
	return names
}

// page returns rows from a snapshot taken now.
func (db *database[K]) page(req replicate.PollRequest[K]) []*row[K] {
	from := 0
	if req.HasAfter {
		from, _ = db.find(req.After)
		if from < len(db.rows) && db.rows[from].key == req.After {
			from++
		}
	}
	return slices.Clone(db.rows[from:min(len(db.rows), from+req.MaxRows)])
}
