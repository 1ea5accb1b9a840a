package simulation

import (
	"slices"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// broker is the topic: partitions that move between leaders, and sessions of idempotent producers. A session's
// records arrive in order in each partition, once each; after one has failed, none of its successors arrives.
type broker[K replicate.Key] struct {
	w         *world[K]
	downUntil []time.Time   // of each partition
	sessions  []*session[K] // those with batches under way
}

// session is one producer, from the opening of a sink until the end.
type session[K replicate.Key] struct {
	failed     bool // nothing more is handed over
	abandoned  bool // closed, or its process is gone: records under way may still arrive, late
	partitions []underWay[K]
}

// underWay is what a session is sending to one partition.
type underWay[K replicate.Key] struct {
	queue  []*chunk[K]
	broken bool      // a record failed
	held   time.Time // nothing arrives before this time
	next   int       // number of the next chunk to hand over
	seen   []int     // numbers of the chunks that arrived: the broker's memory against duplicates
}

// chunk is the part of a batch that goes to one partition.
type chunk[K replicate.Key] struct {
	batch  *inTransit[K]
	number int
	rows   []*row[K]
}

// inTransit is a batch whose chunks succeed or fail on their own.
type inTransit[K replicate.Key] struct {
	left int
	err  error
	done func(error)
}

func newBroker[K replicate.Key](w *world[K], partitions int) broker[K] {
	return broker[K]{w: w, downUntil: make([]time.Time, partitions)}
}

// partitionOf is a pure function of the row's key.
func (b *broker[K]) partitionOf(key K) int {
	if b.w.mutant.partitionByChance {
		return b.w.rng.IntN(len(b.downUntil))
	}
	return purePartition(key, len(b.downUntil))
}

func purePartition[K replicate.Key](key K, partitions int) int {
	return int(uint64(key) * 0x9E3779B97F4A7C15 >> 33 % uint64(partitions))
}

func (b *broker[K]) connect() *session[K] {
	s := &session[K]{partitions: make([]underWay[K], len(b.downUntil))}
	b.sessions = append(b.sessions, s)
	return s
}

// send hands a batch over.
func (b *broker[K]) send(s *session[K], rows []*row[K], done func(error)) {
	t := &inTransit[K]{done: done}
	if s.failed || s.abandoned {
		b.w.after(b.w.soon(), func() { done(b.w.failure()) })
		return
	}
	chunks := make([]*chunk[K], len(s.partitions))
	for _, r := range rows {
		p := b.partitionOf(r.key)
		if chunks[p] == nil {
			chunks[p] = &chunk[K]{batch: t, number: s.partitions[p].next}
			s.partitions[p].next++
			t.left++
		}
		chunks[p].rows = append(chunks[p].rows, r)
	}
	for p, c := range chunks {
		if c == nil {
			continue
		}
		l := &s.partitions[p]
		l.queue = append(l.queue, c)
		if len(l.queue) == 1 {
			b.later(s, p, b.w.soon())
		}
	}
}

func (b *broker[K]) later(s *session[K], p int, d time.Duration) {
	b.w.after(d, func() { b.deliver(s, p) })
}

// deliver brings a session's first chunk to a partition, or fails to.
func (b *broker[K]) deliver(s *session[K], p int) {
	w, l := b.w, &s.partitions[p]
	if len(l.queue) == 0 {
		return
	}
	for _, until := range []time.Time{b.downUntil[p], l.held} {
		if w.now.Before(until) {
			b.later(s, p, until.Sub(w.now)+w.soon())
			return
		}
	}
	c := l.queue[0]
	if !s.abandoned && len(l.queue) > 1 && w.mutant.notIdempotent && w.fault(lostRecords, "overtaken retry", 3) {
		l.queue[0], l.queue[1] = l.queue[1], c
		b.later(s, p, w.soon())
		return
	}
	switch {
	case l.broken, s.abandoned && w.oneIn(4), w.fault(lostRecords, "lost record", 40):
		b.broke(s, p, c, false)
		return
	case !s.abandoned && w.fault(lostRecords, "swallowed record", 300):
		return // neither arrives nor fails: only the loop's own timeout ends it
	}
	if !slices.Contains(l.seen, c.number) {
		l.seen = append(l.seen, c.number)
		for _, r := range c.rows {
			w.check.appended(r, p)
		}
		w.trace("broker: partition %d has %v", p, keysOf[K](c.rows))
	}
	switch {
	case w.fault(lostRecords, "lost acknowledgement, retried", 20):
		b.later(s, p, w.soon()) // the broker knows the chunk by its number
		return
	case w.fault(lostRecords, "lost acknowledgement", 40):
		b.broke(s, p, c, true)
		return
	}
	b.resolve(c, nil)
	b.proceed(s, p)
}

// broke fails a chunk, and with it all the session's later ones.
func (b *broker[K]) broke(s *session[K], p int, c *chunk[K], arrived bool) {
	if !b.w.mutant.keepSink {
		s.failed = true
		s.partitions[p].broken = true
	}
	b.w.trace("broker: partition %d fails %v, arrived %t", p, keysOf[K](c.rows), arrived)
	b.resolve(c, b.w.failure())
	b.proceed(s, p)
}

func (b *broker[K]) proceed(s *session[K], p int) {
	l := &s.partitions[p]
	l.queue = l.queue[1:]
	if len(l.queue) > 0 {
		b.later(s, p, b.w.upTo(time.Millisecond))
	}
}

func (b *broker[K]) resolve(c *chunk[K], err error) {
	t := c.batch
	t.left--
	if t.err == nil {
		t.err = err
	}
	if t.left == 0 {
		err := t.err
		b.w.after(b.w.soon(), func() { t.done(err) })
	}
}

// abandon ends a session. What it was sending arrives late, in part, or never.
func (b *broker[K]) abandon(s *session[K]) {
	if s == nil || s.abandoned || b.w.mutant.keepSink && !s.failed {
		return
	}
	b.sessions = slices.DeleteFunc(b.sessions, func(o *session[K]) bool { return o == s })
	s.abandoned = true
	for p := range s.partitions {
		l := &s.partitions[p]
		if b.w.oneIn(2) {
			l.broken = true
		}
		l.held = b.w.now.Add(b.w.upTo(200 * time.Millisecond))
	}
}

// trouble moves a partition to another leader: it does not answer for a while, and sessions may fail because of it.
func (b *broker[K]) trouble() {
	w := b.w
	if !w.fault(moves, "partition move", 1) {
		return
	}
	all := w.oneIn(4)
	one := w.rng.IntN(len(b.downUntil))
	for p := range b.downUntil {
		if p != one && !all {
			continue
		}
		b.downUntil[p] = w.now.Add(w.upTo(80 * time.Millisecond))
		for _, s := range b.sessions {
			if len(s.partitions[p].queue) > 0 && w.oneIn(3) {
				s.partitions[p].broken = !w.mutant.keepSink
			}
		}
	}
}

func keysOf[K replicate.Key](rows []*row[K]) []K {
	keys := make([]K, len(rows))
	for i, r := range rows {
		keys[i] = r.key
	}
	return keys
}
