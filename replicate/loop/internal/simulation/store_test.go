package simulation

import (
	"strconv"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/internal/machine"
)

// simStore is Redis: the offset, which is written by compare-and-set, and the lease. The witness lives in the
// broker.
type simStore[K replicate.Key] struct {
	w         *world[K]
	offset    replicate.Offset
	holder    int // of the lease; 0: free
	until     time.Time
	downUntil time.Time
	older     *storeCopy[K] // what a replica has
	witness   replicate.Offset
}

type storeCopy[K replicate.Key] struct {
	offset replicate.Offset
	holder int
	until  time.Time
}

func (s *simStore[K]) key() (K, bool) {
	key, err := replicate.ParseKey[K](s.offset.Key)
	return key, err == nil
}

// set is a change by the operator or a fault: from then on, the job has not written the offset.
func (s *simStore[K]) set(o replicate.Offset) {
	s.offset, s.holder = o, 0
	s.w.check.stored = nil
	s.w.trace("store: set to %q", o.Key)
}

func (s *simStore[K]) down() bool { return s.w.now.Before(s.downUntil) && !s.w.quiet }

// beyond reports whether one of the job's positions lies where the sequence has not been yet.
func (s *simStore[K]) beyond(seq K, drawn bool) bool {
	if beyond(s.offset, seq, drawn) {
		return true
	}
	for _, in := range s.w.instances {
		starting := in.m.Standing().Phase == machine.PhaseStarting
		if beyond(in.m.Standing().Next.Offset, seq, drawn) || starting && beyond(in.loading, seq, drawn) {
			return true
		}
	}
	return false
}

func (s *simStore[K]) trouble() {
	w := s.w
	switch w.rng.IntN(4) {
	case 0:
		if w.fault(storeAway, "store away", 1) {
			s.downUntil = w.now.Add(w.upTo(120 * time.Millisecond))
		}
	case 1:
		if w.fault(storeLoses, "store wiped", 1) {
			s.set(replicate.Offset{})
			w.check.forgetReplay()
		}
	case 2:
		if s.older != nil && w.fault(storeLoses, "stale failover", 1) {
			s.set(s.older.offset)
			s.holder, s.until = s.older.holder, s.older.until
			w.check.forgetReplay()
		}
	}
	if w.oneIn(2) {
		s.older = &storeCopy[K]{s.offset, s.holder, s.until}
	}
}

func (s *simStore[K]) load(in *instance[K], witness bool) machine.OffsetLoaded {
	switch {
	case s.down() && !witness, s.w.fault(storeAway, "load", 20):
		return machine.OffsetLoaded{Err: s.w.failure(), Witness: witness}
	case witness:
		return machine.OffsetLoaded{Offset: s.witness, Witness: true}
	}
	return machine.OffsetLoaded{Offset: s.offset}
}

func (s *simStore[K]) acquire(in *instance[K]) machine.LeaseAnswered {
	if s.down() || s.w.fault(storeAway, "lease", 30) {
		return machine.LeaseAnswered{Err: s.w.failure()}
	}
	if s.holder != in.id && s.holder != 0 && s.w.now.Before(s.until) {
		return machine.LeaseAnswered{Holder: strconv.Itoa(s.holder)}
	}
	s.holder, s.until = in.id, s.w.now.Add(in.config.LeaseTTL*9/10)
	return machine.LeaseAnswered{Held: true}
}

// commit is the compare-and-set. It may fail before the write or after it.
func (s *simStore[K]) commit(in *instance[K], o replicate.Offset) error {
	if s.down() || s.w.fault(storeAway, "commit refused", 30) {
		return s.w.failure()
	}
	key, _ := replicate.ParseKey[K](o.Key)
	if !s.w.mutant.noFencing {
		if s.w.plan.lease && (s.holder != in.id || !s.w.now.Before(s.until)) {
			return replicate.ErrLeaseLost
		}
		if stored, there := s.key(); there && stored > key {
			return &replicate.OffsetAheadError{Stored: s.offset.Key}
		}
	}
	s.offset = o
	s.w.check.committed(in, o)
	if s.w.fault(storeAway, "answer of a commit lost", 30) {
		return errModel
	}
	return nil
}

func (s *simStore[K]) saveWitness(o replicate.Offset) error {
	if s.w.fault(storeAway, "witness", 10) {
		return errModel
	}
	s.w.check.covered("the witness", o)
	s.witness = o
	return nil
}

func (s *simStore[K]) release(in *instance[K]) {
	if s.holder == in.id && !s.down() {
		s.holder = 0
	}
}
