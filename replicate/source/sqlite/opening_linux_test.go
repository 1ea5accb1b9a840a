package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	zombiezen "zombiezen.com/go/sqlite"

	"github.com/repliqate/repliqate/replicate"
)

// nobody is a user without any right of its own.
const nobody = 65534

// asNobody gives up root's rights to files, in the one thread that the test then runs in.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	runtime.LockOSThread()
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setfsuid(0); err != nil {
			t.Error(err)
		}
		runtime.UnlockOSThread()
	})
}

// shut makes a database whose folder nobody may write, in a place where everybody may enter.
func shut(t *testing.T, ddl string) *database {
	t.Helper()
	dir, err := os.MkdirTemp("", "repliqate") //nolint:usetesting // the folders of t.TempDir let nobody else in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &database{t: t, path: filepath.Join(dir, "events.db")}
	d.exec(ddl)
	return d
}

// chmod is os.Chmod, undone before the folder is removed.
func chmod(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(name, 0o755) })
}

// TestWALInAFolderThatCantBeWritten has a database in WAL mode whose application is not running, so that its -shm file
// is not there: it can't be read without the right to make one. While the application runs, it can.
func TestWALInAFolderThatCantBeWritten(t *testing.T) {
	d := shut(t, "PRAGMA journal_mode = WAL; "+bare+"; INSERT INTO events (text) VALUES ('a')")
	application, err := zombiezen.OpenConn(d.path, zombiezen.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	read, err := application.Prepare("SELECT count(*) FROM events")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read.Step(); err != nil {
		t.Fatal(err)
	}
	chmod(t, d.path, 0o644)
	chmod(t, filepath.Dir(d.path), 0o555)
	t.Run("the application is running", func(t *testing.T) {
		asNobody(t)
		s := d.source(false, false)
		if err := errors.Join(s.Open(t.Context(), replicate.Offset{}), s.Close()); err != nil {
			t.Error(err)
		}
	})
	chmod(t, filepath.Dir(d.path), 0o755)
	if err := application.Close(); err != nil {
		t.Fatal(err)
	}
	chmod(t, filepath.Dir(d.path), 0o555)
	t.Run("it is not", func(t *testing.T) {
		asNobody(t)
		err := d.source(false, false).Open(t.Context(), replicate.Offset{})
		stops(t, err, "the database is in WAL mode", "-shm file in the folder "+filepath.Dir(d.path),
			"let this user write in the folder, or start the application first")
	})
}

// TestFilesThatCantBeRead has what else can stand at the path.
func TestFilesThatCantBeRead(t *testing.T) {
	d := shut(t, bare)
	dir := filepath.Dir(d.path)
	for name, content := range map[string]string{
		"secret.db": "SQLite format 3\x00", "text.db": strings.Repeat("this is longer than the header of a database ", 10),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	chmod(t, filepath.Join(dir, "text.db"), 0o644)
	for name, mode := range map[string]os.FileMode{"folder": 0o755, "closed": 0o700} {
		if err := os.Mkdir(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	chmod(t, filepath.Join(dir, "closed"), 0)
	chmod(t, filepath.Join(dir, "secret.db"), 0)
	chmod(t, dir, 0o755)
	asNobody(t)
	for name, want := range map[string]string{
		"folder":        "it is a folder",
		"secret.db":     "permission denied; let this user read the file",
		"closed/any.db": "permission denied; let this user enter the folders",
		"missing.db":    "no such file or directory",
		"text.db":       "one that is encrypted can't be read",
	} {
		at := &database{t: t, path: filepath.Join(dir, name)}
		stops(t, at.source(false, false).Open(t.Context(), replicate.Offset{}), want)
	}
}
