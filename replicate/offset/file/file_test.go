package file_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/offset/file"
	"github.com/repliqate/repliqate/replicate/replicatetest"
)

func TestStore(t *testing.T) {
	replicatetest.ExerciseOffsetStore(t, func(t *testing.T) func() replicate.OffsetStore {
		path := filepath.Join(t.TempDir(), "offset")
		return func() replicate.OffsetStore { return file.New(path) }
	})
}

func TestLease(t *testing.T) {
	replicatetest.ExerciseLease(t, func(t *testing.T) replicatetest.LeaseHarness {
		path := filepath.Join(t.TempDir(), "offset")
		return replicatetest.LeaseHarness{New: func() replicatetest.Instance { return file.New(path) }}
	})
}

func TestContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offset")
	s := file.New(path)
	sum := strings.Repeat("0f", 32)
	if err := s.Commit(t.Context(), replicate.Offset{Key: "42", Checksum: sum}); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "42 "+sum+"\n" {
		t.Fatalf("the file holds %q, %v", content, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Fatalf("%d files beside the offset, %v", len(entries)-1, err)
	}
}

// TestCrashWhileWriting leaves behind what a crash between write and rename does.
func TestCrashWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offset")
	s := file.New(path)
	err := s.Commit(t.Context(), replicate.Offset{Key: "7"})
	if err = errors.Join(err, os.WriteFile(path+".tmp", []byte("8 abc"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if o, err := s.Load(t.Context()); err != nil || o.Key != "7" {
		t.Fatalf("after a crash: %+v, %v", o, err)
	}
	if err := s.Commit(t.Context(), replicate.Offset{Key: "9"}); err != nil {
		t.Fatal(err)
	}
	if o, err := s.Load(t.Context()); err != nil || o.Key != "9" {
		t.Fatalf("after the next commit: %+v, %v", o, err)
	}
}

func TestCorruptFileStops(t *testing.T) {
	for _, content := range []string{
		"", "\n", "abc\n", "1.5\n", "007\n", "-0\n", "5 5\n", "5 " + strings.Repeat("zz", 32), "1 2 3",
	} {
		path := filepath.Join(t.TempDir(), "offset")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s := file.New(path)
		_, err := s.Load(t.Context())
		if !replicate.IsStop(err) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v, want a stop that names the file", content, err)
		}
		if err := s.Commit(t.Context(), replicate.Offset{Key: "1"}); !replicate.IsStop(err) {
			t.Errorf("%q was overwritten by a commit: %v", content, err)
		}
	}
}

func TestMissingFolderStops(t *testing.T) {
	s := file.New(filepath.Join(t.TempDir(), "none", "offset"))
	if _, err := s.Load(t.Context()); !replicate.IsStop(err) {
		t.Errorf("Load: %v, want a stop", err)
	}
	if _, _, err := s.Acquire(t.Context()); !replicate.IsStop(err) {
		t.Errorf("Acquire: %v, want a stop", err)
	}
}

// TestLockFileDeleted is an operator who deletes the lock's file: another process can then lock a new
// one, so the first must no longer commit.
func TestLockFileDeleted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offset")
	first, second := file.New(path), file.New(path)
	if held, _, err := first.Acquire(t.Context()); err != nil || !held {
		t.Fatal(held, err)
	}
	if err := os.Remove(path + ".lock"); err != nil {
		t.Fatal(err)
	}
	if held, _, err := second.Acquire(t.Context()); err != nil || !held {
		t.Fatal(held, err)
	}
	if err := first.Commit(t.Context(), replicate.Offset{Key: "1"}); !errors.Is(err, replicate.ErrLeaseLost) {
		t.Errorf("Commit: %v, want ErrLeaseLost", err)
	}
	if held, _, err := first.Acquire(t.Context()); err != nil || held {
		t.Errorf("Acquire: %t, %v, want not held", held, err)
	}
}

func TestForce(t *testing.T) {
	s := file.New(filepath.Join(t.TempDir(), "offset"))
	for _, o := range []replicate.Offset{{}, {Key: "9", Checksum: strings.Repeat("ab", 32)}, {Key: "3"}, {}} {
		if err := s.Force(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Load(t.Context()); err != nil || got != o {
			t.Fatalf("after Force(%+v): %+v, %v", o, got, err)
		}
	}
	if err := s.Force(t.Context(), replicate.Offset{Key: "x"}); err == nil {
		t.Error("an offset that is no number was taken")
	}
}

func TestHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offset")
	holder, look := file.New(path), file.New(path)
	check := func(want string) {
		t.Helper()
		got, err := look.Holder(t.Context())
		if err != nil || got != want {
			t.Errorf("the holder is %q, %v, want %q", got, err, want)
		}
	}
	check("")
	if _, err := os.Stat(path + ".lock"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("looking has made a file: %v", err)
	}
	if held, _, err := holder.Acquire(t.Context()); err != nil || !held {
		t.Fatal(held, err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%s (process %d), with a lock on %s.lock", host, os.Getpid(), path)
	check(want)
	if held, who, err := look.Acquire(t.Context()); err != nil || held || who != want {
		t.Errorf("Acquire: %t, %q, %v, want %q", held, who, err, want)
	}
	if err := look.Force(t.Context(), replicate.Offset{Key: "1"}); !errors.Is(err, replicate.ErrLeaseLost) {
		t.Errorf("Force without the lease: %v, want ErrLeaseLost", err)
	}
	if err := holder.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("") // although the file still names it
	if held, _, err := look.Acquire(t.Context()); err != nil || !held {
		t.Fatal(held, err)
	}
	if err := look.Force(t.Context(), replicate.Offset{Key: "1"}); err != nil {
		t.Errorf("Force with the lease: %v", err)
	}
	if got := look.Where(); got != "file "+path {
		t.Errorf("it is in %s", got)
	}
}

// holderPath makes the test binary an instance that locks the file and is killed with it.
const holderPath = "REPLIQATE_TEST_FILE_HOLDER"

func TestMain(m *testing.M) {
	if path := os.Getenv(holderPath); path != "" {
		if held, _, err := file.New(path).Acquire(context.Background()); err == nil && held {
			_, _ = os.Stdout.WriteString("held\n") // the parent sees whether it arrives
			select {}
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKilledHolder leaves no lock behind.
func TestKilledHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offset")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holderPath+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the holder said %q, %v", line, err)
	}
	next := file.New(path)
	who := fmt.Sprintf("(process %d)", cmd.Process.Pid)
	if held, holder, err := next.Acquire(t.Context()); err != nil || held || !strings.Contains(holder, who) {
		t.Fatalf("while the holder runs: held %t, holder %q, %v", held, holder, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if held, holder, err := next.Acquire(t.Context()); err != nil || !held {
		t.Fatalf("the lock was not free at once: holder %q, %v", holder, err)
	}
}
