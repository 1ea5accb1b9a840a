package gen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/repliqate/repliqate/gen/emit"
)

// staged is a file that is written whole under another name, beside its place.
type staged struct{ temporary, place string }

// Write brings the folder up to date. All files are written under other names before the first one
// takes its place, so that a full disk or a missing permission changes nothing.
func Write(out string, files []emit.File, c Changes) (err error) {
	var all []staged
	var made []string
	defer func() {
		for _, s := range all {
			err = errors.Join(err, ignoreMissing(os.Remove(s.temporary)))
		}
		if err != nil {
			for _, dir := range slices.Backward(made) {
				_ = os.Remove(dir) // fails if the folder is in use, as it should
			}
		}
	}()
	for _, f := range files {
		if !slices.Contains(c.Write, f.Name) {
			continue
		}
		place := filepath.Join(out, f.Name)
		dirs, err := makeDir(filepath.Dir(place))
		made = append(made, dirs...)
		if err != nil {
			return fmt.Errorf("write %s: %w", place, err)
		}
		temporary, err := stage(place, f.Content)
		if err != nil {
			return fmt.Errorf("write %s: %w", place, err)
		}
		all = append(all, staged{temporary, place})
	}
	for _, s := range all {
		if err := os.Rename(s.temporary, s.place); err != nil {
			return fmt.Errorf("write %s: %w", s.place, err)
		}
	}
	return remove(out, c.Remove)
}

// makeDir makes a folder, with those above it, and returns what it has made.
func makeDir(dir string) ([]string, error) {
	var missing []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); err == nil || d == filepath.Dir(d) {
			break
		}
		missing = append(missing, d)
	}
	slices.Reverse(missing)
	return missing, os.MkdirAll(dir, 0o755)
}

func stage(place string, content []byte) (string, error) {
	tmp, err := os.CreateTemp(filepath.Dir(place), ".repliqate-gen-*")
	if err != nil {
		return "", err
	}
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(tmp.Name()))
	}
	return tmp.Name(), nil
}

// remove deletes stale files, and the folders that are empty then.
func remove(out string, names []string) error {
	for _, name := range names {
		place := filepath.Join(out, name)
		if err := os.Remove(place); err != nil {
			return fmt.Errorf("remove stale %s: %w", place, err)
		}
		for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
			if os.Remove(filepath.Join(out, dir)) != nil {
				break // it is not empty
			}
		}
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
