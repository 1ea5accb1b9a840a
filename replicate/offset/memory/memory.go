// Package memory keeps the offset for the life of the process: for dry runs and tests.
package memory

import (
	"context"
	"sync"

	"github.com/repliqate/repliqate/replicate"
)

// Store implements replicate.OffsetStore.
type Store struct {
	mu     sync.Mutex
	offset replicate.Offset
}

var _ replicate.OffsetStore = (*Store)(nil)

// New returns an empty store.
func New() *Store { return &Store{} }

// Load returns the offset, which is zero at first.
func (s *Store) Load(context.Context) (replicate.Offset, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offset, nil
}

// Commit keeps o, unless the offset is already greater.
func (s *Store) Commit(_ context.Context, o replicate.Offset) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.offset.IsZero() && replicate.CompareKeys(s.offset.Key, o.Key) > 0 {
		return &replicate.OffsetAheadError{Stored: s.offset.Key}
	}
	s.offset = o
	return nil
}
