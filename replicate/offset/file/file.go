// Package file keeps the offset in a file, for jobs without Redis. The lease is a lock on a file beside it, which the
// kernel releases when the process ends, however it ends.
package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/repliqate/repliqate/replicate"
)

// Store implements replicate.OffsetStore and replicate.Lease.
type Store struct {
	path string

	mu     sync.Mutex // the lease is renewed while offsets are committed
	leased bool       // the lease was asked for, so a commit needs it
	lock   *os.File   // nil while the lease is not ours
}

var (
	_ replicate.OffsetStore = (*Store)(nil)
	_ replicate.Lease       = (*Store)(nil)
)

// New returns the store that keeps the offset at path. Unless Acquire is called, it commits without a lease.
func New(path string) *Store { return &Store{path: path} }

// Load reads the file, which holds the key and, if known, the checksum of its row.
func (s *Store) Load(context.Context) (replicate.Offset, error) {
	content, err := os.ReadFile(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return replicate.Offset{}, s.verifyFolder()
	}
	if err != nil {
		return replicate.Offset{}, fmt.Errorf("read offset: %w", err)
	}
	parts := strings.Fields(string(content))
	if len(parts) == 0 || len(parts) > 2 || !replicate.IsKeyText(parts[0]) ||
		len(parts) == 2 && !replicate.IsChecksumText(parts[1]) {
		return replicate.Offset{}, replicate.Stop(
			fmt.Errorf("offset file %s: expected a key in decimal, got %.40q", s.path, content),
			"write the key of the last published row into it, or delete it to start at the first row")
	}
	o := replicate.Offset{Key: parts[0]}
	if len(parts) == 2 {
		o.Checksum = parts[1]
	}
	return o, nil
}

// verifyFolder distinguishes a first start from a path that no offset can ever be written to.
func (s *Store) verifyFolder() error {
	dir := filepath.Dir(s.path)
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("it is not a folder")
	}
	if err != nil {
		return replicate.Stop(fmt.Errorf("offset file %s: its folder can't be used: %w", s.path, err),
			"create the folder, or correct %s", SettingPath)
	}
	return nil
}

// Commit replaces the file: after a crash it holds the old offset or the new one.
func (s *Store) Commit(ctx context.Context, o replicate.Offset) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leased && !s.holds() {
		return fmt.Errorf("write offset: %w", replicate.ErrLeaseLost) // Promise 4
	}
	stored, err := s.Load(ctx)
	if err != nil {
		return err
	}
	if !stored.IsZero() && replicate.CompareKeys(stored.Key, o.Key) > 0 {
		return &replicate.OffsetAheadError{Stored: stored.Key}
	}
	return s.write(o)
}

// Force sets the offset to any value, also backwards; a zero offset deletes it. It is for operators. Like a commit it
// needs the lease if Acquire has been called.
func (s *Store) Force(_ context.Context, o replicate.Offset) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leased && !s.holds() {
		return fmt.Errorf("set offset: %w", replicate.ErrLeaseLost)
	}
	if !o.IsZero() {
		if !replicate.IsKeyText(o.Key) {
			return fmt.Errorf("set offset: expected a key in decimal, got %.40q", o.Key)
		}
		return s.write(o)
	}
	err := os.Remove(s.path)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err = errors.Join(err, syncDir(filepath.Dir(s.path))); err != nil {
		return fmt.Errorf("delete offset: %w", err)
	}
	return nil
}

func (s *Store) write(o replicate.Offset) error {
	// The name is fixed, so that a crash leaves at most one file behind.
	tmp, err := os.OpenFile(s.path+".tmp", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return fmt.Errorf("write offset: %w", err)
	}
	_, err = tmp.WriteString(strings.TrimSpace(o.Key+" "+o.Checksum) + "\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), s.path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(s.path))
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

// Acquire locks the file beside the offset, or says that another process has locked it.
func (s *Store) Acquire(context.Context) (held bool, holder string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leased = true
	if s.holds() {
		return true, "", nil
	}
	if err := s.release(); err != nil { // a lock on a file that was deleted keeps nobody out
		return false, "", fmt.Errorf("lock offset file: %w", err)
	}
	f, err := os.OpenFile(s.lockPath(), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return false, "", replicate.Stop(fmt.Errorf("lock offset file: %w", err),
			"make its folder writable, or correct %s", SettingPath)
	}
	if held, err = lock(f, syscall.LOCK_EX); err != nil || !held {
		if err == nil {
			holder = s.holder(f)
		}
		_ = f.Close() // nothing was written
		return false, holder, err
	}
	s.lock = f
	if !s.holds() {
		return false, "another process, which has just deleted " + s.lockPath(), nil
	}
	if err := sign(f); err != nil {
		return false, "", errors.Join(fmt.Errorf("lock offset file: %w", err), s.release())
	}
	return true, "", nil
}

// lock tries to take a lock without waiting, and reports whether it succeeded.
func lock(f *os.File, how int) (bool, error) {
	err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock offset file: %w", err)
	}
	return true, nil
}

// sign writes who holds the lock into the file, to inform others. Only the lock itself counts.
func sign(f *os.File) error {
	host, err := os.Hostname()
	if err != nil {
		host = "this host"
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(fmt.Sprintf("%s (process %d)\n", host, os.Getpid())), 0)
	return err
}

// holder reads who holds the lock on f.
func (s *Store) holder(f *os.File) string {
	text := make([]byte, 300)
	n, _ := f.ReadAt(text, 0) // the file is shorter than the buffer, which is reported as an error
	if who := strings.TrimSpace(string(text[:n])); who != "" {
		return who + ", with a lock on " + s.lockPath()
	}
	return "another process, with a lock on " + s.lockPath()
}

// Holder returns who holds the lock, without trying to take it. It is empty if nobody does.
func (s *Store) Holder(context.Context) (string, error) {
	f, err := os.Open(s.lockPath())
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the lock of the offset file: %w", err)
	}
	defer f.Close()
	// The lock is shared, so that two processes that look do not see each other. It ends when the file is closed.
	free, err := lock(f, syscall.LOCK_SH)
	if err != nil || free {
		return "", err
	}
	return s.holder(f), nil
}

// Where says where the offset is kept.
func (s *Store) Where() string { return "file " + s.path }

func (s *Store) lockPath() string { return s.path + ".lock" }

// holds reports whether we hold the lock, and it is still on the file that others would lock.
func (s *Store) holds() bool {
	if s.lock == nil {
		return false
	}
	ours, err := s.lock.Stat()
	if err != nil {
		return false
	}
	theirs, err := os.Stat(s.lockPath())
	return err == nil && os.SameFile(ours, theirs)
}

// Release gives the lock back. The file stays: deleting it would let two processes lock two files.
func (s *Store) Release(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.release(); err != nil {
		return fmt.Errorf("unlock offset file: %w", err)
	}
	return nil
}

func (s *Store) release() error {
	if s.lock == nil {
		return nil
	}
	err := s.lock.Close()
	s.lock = nil
	return err
}
