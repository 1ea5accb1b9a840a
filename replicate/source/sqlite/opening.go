package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"zombiezen.com/go/sqlite"

	"github.com/repliqate/repliqate/replicate"
)

// present looks at the file before SQLite does, which has one error for all that can be wrong with it.
func (s *source[R, K]) present() error {
	info, err := os.Stat(s.path)
	switch {
	case errors.Is(err, os.ErrPermission):
		return replicate.Stop(fmt.Errorf("open database %s: permission denied", s.path),
			"let this user enter the folders above the file, or correct %s", replicate.SettingURI)
	case err != nil:
		return replicate.Stop(fmt.Errorf("open database %s: %w", s.path, errors.Unwrap(err)),
			"correct %s", replicate.SettingURI)
	case info.IsDir():
		return replicate.Stop(fmt.Errorf("open database %s: it is a folder", s.path),
			"name the database's file in %s", replicate.SettingURI)
	case !info.Mode().IsRegular():
		return replicate.Stop(fmt.Errorf("open database %s: it is not a regular file", s.path),
			"name the database's file in %s", replicate.SettingURI)
	}
	file, err := os.Open(s.path)
	if err != nil {
		return replicate.Stop(fmt.Errorf("open database %s: %w", s.path, errors.Unwrap(err)), "let this user read the file")
	}
	return file.Close()
}

// journalAt is where the header of a database says how it is written, and inWAL what it says of WAL mode.
const (
	journalAt = 18
	inWAL     = 2
)

// isWAL reports whether the database is in WAL mode.
func (s *source[R, K]) isWAL() bool {
	file, err := os.Open(s.path)
	if err != nil {
		return false
	}
	defer file.Close() // it was read alone
	var mode [1]byte
	_, err = file.ReadAt(mode[:], journalAt)
	return (err == nil || errors.Is(err, io.EOF)) && mode[0] == inWAL
}

// unopened says why SQLite can't open a file that is there and can be read. A job that has read the database before
// waits: the application may just be starting again.
func (s *source[R, K]) unopened(err error) error {
	folder := filepath.Dir(s.path)
	var reason, hint string
	switch {
	case writable(folder):
		return err
	case s.isWAL():
		reason = "the database is in WAL mode, and reading it needs the right to write its -shm file in the folder " +
			folder + ", or the application to have it open"
		hint = "let this user write in the folder, or start the application first"
	default:
		reason = "a transaction was cut short, and rolling it back needs the right to write in the folder " + folder
		hint = "let the application open the database once, or let this user write in the folder"
	}
	err = fmt.Errorf("%w: %s", err, reason)
	if s.wasOpen {
		return replicate.Hint(err, hint)
	}
	return replicate.Stop(err, hint)
}

// writable reports whether this process may create files in a folder.
func writable(folder string) bool {
	file, err := os.CreateTemp(folder, ".repliqate-*")
	if err != nil {
		return !errors.Is(err, os.ErrPermission) && !errors.Is(err, syscall.EROFS)
	}
	_ = file.Close()           // nothing was written
	_ = os.Remove(file.Name()) // what can't be removed is empty
	return true
}

// classify tells what a retry can heal, a busy or interrupted database, from what it can't.
func (s *source[R, K]) classify(what string, err error) error {
	err = fmt.Errorf("%s in %s: %w", what, s.path, err)
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCantOpen, sqlite.ResultReadOnly:
		return s.unopened(err)
	case sqlite.ResultNotADB:
		return replicate.Stop(err, "name a database of SQLite in %s; one that is encrypted can't be read",
			replicate.SettingURI)
	case sqlite.ResultCorrupt:
		return replicate.Stop(err, "check the file with PRAGMA integrity_check, and restore it")
	case sqlite.ResultPerm, sqlite.ResultAuth:
		return replicate.Stop(err, "let this user read the file")
	case sqlite.ResultBusy, sqlite.ResultLocked:
		return replicate.Hint(err, "if it goes on, another process holds the database: one with PRAGMA locking_mode ="+
			" EXCLUSIVE, or a transaction that does not end")
	case sqlite.ResultError:
		return replicate.Stop(err, "check the table, or regenerate: "+s.table.Regenerate)
	}
	return err
}
