// Package file keeps the offset in a file, for jobs without Redis. The lease is a lock on a file beside
// it: the kernel gives it back when the process ends, however it ends.
package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/repliqate/repliqate/replicate"
)

// Store implements replicate.OffsetStore and replicate.Lease.
type Store struct {
	path string
	lock *os.File
}

var (
	_ replicate.OffsetStore = (*Store)(nil)
	_ replicate.Lease       = (*Store)(nil)
)

// New returns the store that keeps the offset at path.
func New(path string) *Store { return &Store{path: path} }

// Load reads the file, which holds the key and, where it is known, the checksum of its row.
func (s *Store) Load(context.Context) (replicate.Offset, error) {
	content, err := os.ReadFile(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return replicate.Offset{}, nil
	}
	if err != nil {
		return replicate.Offset{}, fmt.Errorf("read offset: %w", err)
	}
	parts := strings.Fields(string(content))
	if len(parts) == 0 || len(parts) > 2 || !replicate.IsKeyText(parts[0]) || len(parts) == 2 && len(parts[1]) != 64 {
		return replicate.Offset{}, replicate.Stop(fmt.Errorf("offset file %s: expected a key in decimal", s.path),
			"write the key of the last published row into it, or delete it to begin at the first row")
	}
	o := replicate.Offset{Key: parts[0]}
	if len(parts) == 2 {
		o.Sum = parts[1]
	}
	return o, nil
}

// Commit replaces the file: after a crash it holds the old offset or the new one.
func (s *Store) Commit(ctx context.Context, o replicate.Offset) error {
	stored, err := s.Load(ctx)
	if err != nil {
		return err
	}
	if !stored.IsZero() && replicate.CompareKeys(stored.Key, o.Key) > 0 {
		return &replicate.OffsetAheadError{Stored: stored.Key}
	}
	dir := filepath.Dir(s.path)
	tmp, err := os.CreateTemp(dir, ".offset-*")
	if err != nil {
		return fmt.Errorf("write offset: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(strings.TrimSpace(o.Key+" "+o.Sum) + "\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), s.path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("write offset: %w", err)
	}
	return nil
}

// syncDir makes the rename survive a power failure.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Acquire locks the file beside the offset, or says that another process has.
func (s *Store) Acquire(context.Context) (held bool, holder string, err error) {
	if s.lock != nil {
		return true, "", nil
	}
	f, err := os.OpenFile(s.path+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return false, "", replicate.Stop(fmt.Errorf("lock offset file: %w", err), "make its folder writable")
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		s.lock = f
		return true, "", nil
	}
	_ = f.Close() // nothing was written
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, "another process with a lock on " + s.path + ".lock", nil
	}
	return false, "", fmt.Errorf("lock offset file: %w", err)
}

// Release gives the lock back.
func (s *Store) Release(context.Context) error {
	if s.lock == nil {
		return nil
	}
	err := s.lock.Close()
	s.lock = nil
	return err
}
