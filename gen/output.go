package gen

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/repliqate/repliqate/gen/emit"
)

// Changes is how the folder differs from what was generated.
type Changes struct {
	Write  []string // missing or different
	Remove []string // ours, but no longer generated
	Same   []string
}

// Stale reports whether the folder is not as generated.
func (c Changes) Stale() bool { return len(c.Write)+len(c.Remove) > 0 }

// Compare finds what has to change below out. Only files with our marker are ever to be replaced or
// removed; a file in the way that is not ours is an error.
func Compare(out string, files []emit.File) (Changes, error) {
	var c Changes
	generated := map[string]bool{}
	packages := map[string]bool{}
	for _, f := range files {
		generated[f.Name] = true
		packages[strings.SplitN(f.Name, "/", 2)[0]] = true
		have, err := os.ReadFile(filepath.Join(out, f.Name))
		switch {
		case errors.Is(err, os.ErrNotExist):
			c.Write = append(c.Write, f.Name)
		case err != nil:
			return c, fmt.Errorf("compare with what is there: %w", err)
		case bytes.Equal(have, f.Content):
			c.Same = append(c.Same, f.Name)
		case !ours(have):
			return c, fmt.Errorf("%s is not a generated file (it lacks our marker): move it away, then run again", filepath.Join(out, f.Name))
		default:
			c.Write = append(c.Write, f.Name)
		}
	}
	for name := range packages {
		if err := findStale(out, name, generated, &c); err != nil {
			return c, err
		}
	}
	slices.Sort(c.Remove)
	return c, nil
}

// findStale looks for files of ours in a package's folder that are no longer generated.
func findStale(out, pkg string, generated map[string]bool, c *Changes) error {
	root := filepath.Join(out, pkg)
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), ".gen.go") && !strings.Contains(d.Name(), ".gen_test.go") {
			return err
		}
		rel, err := filepath.Rel(out, p)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if generated[name] {
			return nil
		}
		content, err := os.ReadFile(p)
		if err == nil && ours(content) {
			c.Remove = append(c.Remove, name)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look for stale files: %w", err)
	}
	return nil
}

// ours reports whether a file begins with our marker, in the comment syntax of its kind.
func ours(content []byte) bool {
	marker := strings.TrimPrefix(emit.Marker, "// ")
	first, _, _ := bytes.Cut(content, []byte("\n"))
	return bytes.Contains(first, []byte(marker))
}

// Write brings the folder up to date. Each file appears whole or not at all.
func Write(out string, files []emit.File, c Changes) error {
	for _, f := range files {
		if !slices.Contains(c.Write, f.Name) {
			continue
		}
		if err := writeFile(filepath.Join(out, f.Name), f.Content); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
	}
	for _, name := range c.Remove {
		if err := os.Remove(filepath.Join(out, name)); err != nil {
			return fmt.Errorf("remove stale %s: %w", name, err)
		}
	}
	return nil
}

func writeFile(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".repliqate-gen-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(content)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

// RuntimeModule is the module that generated code imports.
const RuntimeModule = "github.com/repliqate/repliqate"

// Module finds the Go module that out lies in. It returns the import path of out, and what is still
// missing for the generated code to build.
func Module(out string) (importPath, missing string, err error) {
	abs, err := filepath.Abs(out)
	if err != nil {
		return "", "", fmt.Errorf("find the Go module of %s: %w", out, err)
	}
	for dir := abs; ; dir = filepath.Dir(dir) {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if errors.Is(err, os.ErrNotExist) {
			if dir == filepath.Dir(dir) {
				return "", "", fmt.Errorf("%s is in no Go module: run go mod init in the folder that is to hold it", out)
			}
			continue
		}
		if err != nil {
			return "", "", fmt.Errorf("find the Go module of %s: %w", out, err)
		}
		mod, err := modfile.ParseLax(filepath.Join(dir, "go.mod"), content, nil)
		if err != nil || mod.Module == nil {
			return "", "", fmt.Errorf("read %s: expected a module line", filepath.Join(dir, "go.mod"))
		}
		rel, err := filepath.Rel(dir, abs)
		if err != nil {
			return "", "", fmt.Errorf("find the Go module of %s: %w", out, err)
		}
		return path.Join(mod.Module.Mod.Path, filepath.ToSlash(rel)), missingModule(mod), nil
	}
}

func missingModule(mod *modfile.File) string {
	if mod.Module.Mod.Path == RuntimeModule {
		return ""
	}
	for _, r := range mod.Require {
		if r.Mod.Path == RuntimeModule {
			return ""
		}
	}
	return "go get " + RuntimeModule
}
