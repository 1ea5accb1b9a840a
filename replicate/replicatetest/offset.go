package replicatetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// StoreFactory makes a store of its own for one subtest, and returns a function that opens it, once more
// each time it is called, as another process would.
type StoreFactory func(t *testing.T) func() replicate.OffsetStore

// ascending are keys in ascending order, at the places where comparing them can go wrong: signs, numbers
// of different length, and numbers that a double can't hold.
var ascending = []string{
	"-9223372036854775808", "-9223372036854775807", "-9007199254740993", "-9007199254740992", "-100", "-20", "-9",
	"-1", "0", "1", "9", "10", "99", "100", "9007199254740992", "9007199254740993", "9223372036854775807",
	"9223372036854775808", "18446744073709551614", "18446744073709551615",
}

var (
	sumA = strings.Repeat("a1", 32)
	sumB = strings.Repeat("b2", 32)
)

// ExerciseOffsetStore checks the contract of replicate.OffsetStore.
func ExerciseOffsetStore(t *testing.T, factory StoreFactory) {
	for name, test := range map[string]func(*testing.T, func() replicate.OffsetStore){
		"is empty at first":                  storeEmpty,
		"keeps the offset and its checksum":  storeRoundTrip,
		"goes forward through every key":     storeForward,
		"never goes backwards":               storeBackwards,
		"forgets the checksum of an old row": storeChecksum,
	} {
		t.Run(name, func(t *testing.T) { test(t, factory(t)) })
	}
}

func load(t *testing.T, s replicate.OffsetStore, want replicate.Offset) {
	t.Helper()
	got, err := s.Load(t.Context())
	if err != nil || got != want {
		t.Fatalf("Load: %+v, %v, want %+v", got, err, want)
	}
}

func commit(t *testing.T, s replicate.OffsetStore, o replicate.Offset) {
	t.Helper()
	if err := s.Commit(t.Context(), o); err != nil {
		t.Fatalf("Commit(%+v): %v", o, err)
	}
}

func storeEmpty(t *testing.T, open func() replicate.OffsetStore) {
	load(t, open(), replicate.Offset{})
	load(t, open(), replicate.Offset{})
}

func storeRoundTrip(t *testing.T, open func() replicate.OffsetStore) {
	s := open()
	o := replicate.Offset{Key: "41", Checksum: sumA}
	commit(t, s, o)
	load(t, s, o)
	load(t, open(), o)
	commit(t, s, o) // what was stored already, as after an answer that was lost
	load(t, s, o)
	commit(t, open(), replicate.Offset{Key: "42", Checksum: sumB})
	load(t, s, replicate.Offset{Key: "42", Checksum: sumB})
}

func storeForward(t *testing.T, open func() replicate.OffsetStore) {
	s := open()
	for _, key := range ascending {
		o := replicate.Offset{Key: key, Checksum: sumA}
		commit(t, s, o)
		load(t, s, o)
	}
}

func storeBackwards(t *testing.T, open func() replicate.OffsetStore) {
	s := open()
	for i, key := range ascending {
		stored := replicate.Offset{Key: key, Checksum: sumB}
		commit(t, s, stored)
		for _, lower := range ascending[:i] {
			err := s.Commit(t.Context(), replicate.Offset{Key: lower, Checksum: sumA})
			var ahead *replicate.OffsetAheadError
			if !errors.As(err, &ahead) || ahead.Stored != key {
				t.Fatalf("Commit(%s) where %s is stored: %v, want OffsetAheadError", lower, key, err)
			}
		}
		load(t, s, stored)
	}
}

func storeChecksum(t *testing.T, open func() replicate.OffsetStore) {
	s := open()
	commit(t, s, replicate.Offset{Key: "1", Checksum: sumA})
	commit(t, s, replicate.Offset{Key: "2"})
	load(t, s, replicate.Offset{Key: "2"})
	load(t, open(), replicate.Offset{Key: "2"})
}

// WitnessFactory makes a witness of its own for one subtest, and returns a function that opens it, once more each time
// it is called, as another process would.
type WitnessFactory func(t *testing.T) func() replicate.Witness

// ExerciseWitness checks the contract of replicate.Witness.
func ExerciseWitness(t *testing.T, factory WitnessFactory) {
	t.Run("is empty at first", func(t *testing.T) {
		open := factory(t)
		witnessed(t, open(), replicate.Offset{})
		witnessed(t, open(), replicate.Offset{})
	})
	t.Run("keeps the offset and its checksum", func(t *testing.T) {
		open := factory(t)
		w := open()
		for _, o := range []replicate.Offset{{Key: "41", Checksum: sumA}, {Key: "42", Checksum: sumB}, {Key: "43"}} {
			save(t, w, o)
			witnessed(t, w, o)
			witnessed(t, open(), o)
			save(t, open(), o) // so that it does not expire
			witnessed(t, w, o)
		}
	})
	t.Run("follows the offset, forwards and back", func(t *testing.T) {
		w := factory(t)()
		for _, key := range append(slices.Clone(ascending), ascending...) {
			o := replicate.Offset{Key: key, Checksum: sumA}
			save(t, w, o)
			witnessed(t, w, o)
		}
	})
}

func witnessed(t *testing.T, w replicate.Witness, want replicate.Offset) {
	t.Helper()
	got, err := w.Load(t.Context())
	if err != nil || got != want {
		t.Fatalf("Load: %+v, %v, want %+v", got, err, want)
	}
}

func save(t *testing.T, w replicate.Witness, o replicate.Offset) {
	t.Helper()
	if err := w.Save(t.Context(), o); err != nil {
		t.Fatalf("Save(%+v): %v", o, err)
	}
}

// Instance is one instance of a job, as its store sees it.
type Instance interface {
	replicate.OffsetStore
	replicate.Lease
}

// LeaseHarness is a lease of its own for one subtest.
type LeaseHarness struct {
	// New returns another instance of the same job.
	New func() Instance
	// Expire makes the time pass that an instance which was killed keeps the lease for. Nil where a
	// lease ends with its process alone.
	Expire func()
}

// ExerciseLease checks the contract of replicate.Lease, and that only the holder commits.
func ExerciseLease(t *testing.T, factory func(t *testing.T) LeaseHarness) {
	for name, test := range map[string]func(*testing.T, LeaseHarness){
		"one holds it, others learn who":  leaseOne,
		"passes on at once when released": leaseRelease,
		"only the holder commits":         leaseCommit,
		"passes on when it has expired":   leaseExpires,
		"many ask at once, one holds":     leaseMany,
	} {
		t.Run(name, func(t *testing.T) { test(t, factory(t)) })
	}
}

func acquire(t *testing.T, l replicate.Lease, want bool) {
	t.Helper()
	held, holder, err := l.Acquire(t.Context())
	switch {
	case err != nil:
		t.Fatalf("Acquire: %v", err)
	case held != want:
		t.Fatalf("Acquire: held is %t (holder %q), want %t", held, holder, want)
	case !held && holder == "":
		t.Fatal("Acquire does not say who holds the lease")
	}
}

func release(t *testing.T, l replicate.Lease) {
	t.Helper()
	if err := l.Release(t.Context()); err != nil {
		t.Fatalf("Release: %v", err)
	}
}

func leaseOne(t *testing.T, h LeaseHarness) {
	first, second := h.New(), h.New()
	acquire(t, first, true)
	for range 3 {
		acquire(t, second, false)
		acquire(t, first, true)
	}
}

func leaseRelease(t *testing.T, h LeaseHarness) {
	first, second := h.New(), h.New()
	release(t, first) // nobody holds it
	acquire(t, first, true)
	acquire(t, second, false)
	release(t, second) // it is not the second's
	acquire(t, second, false)
	release(t, first)
	acquire(t, second, true)
	acquire(t, first, false)
	release(t, second)
	acquire(t, first, true)
}

func refused(t *testing.T, s replicate.OffsetStore, o replicate.Offset) {
	t.Helper()
	if err := s.Commit(t.Context(), o); !errors.Is(err, replicate.ErrLeaseLost) {
		t.Fatalf("Commit without the lease: %v, want ErrLeaseLost", err)
	}
}

func leaseCommit(t *testing.T, h LeaseHarness) {
	first, second := h.New(), h.New()
	acquire(t, first, true)
	acquire(t, second, false)
	commit(t, first, replicate.Offset{Key: "5", Checksum: sumA})
	refused(t, second, replicate.Offset{Key: "6"})
	load(t, second, replicate.Offset{Key: "5", Checksum: sumA})
	release(t, first)
	acquire(t, second, true)
	refused(t, first, replicate.Offset{Key: "7"})
	commit(t, second, replicate.Offset{Key: "6", Checksum: sumB})
	release(t, second)
	refused(t, second, replicate.Offset{Key: "8"})
	load(t, first, replicate.Offset{Key: "6", Checksum: sumB})
}

func leaseExpires(t *testing.T, h LeaseHarness) {
	if h.Expire == nil {
		return
	}
	first, second := h.New(), h.New()
	acquire(t, first, true)
	acquire(t, second, false)
	h.Expire()
	refused(t, first, replicate.Offset{Key: "1"}) // although nobody else has it yet
	acquire(t, second, true)
	acquire(t, first, false)
	refused(t, first, replicate.Offset{Key: "1"})
	commit(t, second, replicate.Offset{Key: "1"})
}

func leaseMany(t *testing.T, h LeaseHarness) {
	const instances = 8
	type answer struct {
		held bool
		err  error
	}
	answers := make(chan answer, instances)
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	begin := make(chan struct{})
	for range instances {
		l := h.New()
		go func() {
			<-begin
			held, _, err := l.Acquire(ctx)
			answers <- answer{held, err}
		}()
	}
	close(begin)
	holders := 0
	for range instances {
		select {
		case a := <-answers:
			if a.err != nil {
				t.Fatalf("Acquire: %v", a.err)
			}
			if a.held {
				holders++
			}
		case <-time.After(wait):
			t.Fatal("Acquire does not return at once")
		}
	}
	if holders != 1 {
		t.Fatalf("%d of %d instances hold the lease", holders, instances)
	}
}
