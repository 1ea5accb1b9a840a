package gen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/emit"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/render"
)

// Changes is how the folder differs from what was generated.
type Changes struct {
	Write  []string // missing or different
	Remove []string // ours, but no longer generated
	Same   []string
}

// Stale reports whether the folder is not as generated.
func (c Changes) Stale() bool { return len(c.Write)+len(c.Remove) > 0 }

// Compare finds what has to change below the request's folder. Only files with our marker are ever
// replaced or removed; a file in the way that is not ours is an error.
func Compare(r Request, plan *Plan, files []emit.File) (Changes, error) {
	var c Changes
	generated := map[string]bool{}
	for _, f := range files {
		generated[f.Name] = true
		name := filepath.Join(r.Out, f.Name)
		have, err := os.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			c.Write = append(c.Write, f.Name)
		case err != nil:
			return c, fmt.Errorf("compare with what is there: %w", err)
		case bytes.Equal(have, f.Content):
			c.Same = append(c.Same, f.Name)
		case !ours(have):
			return c, fmt.Errorf("%s is not a generated file (it lacks our marker): move it away, then run again", name)
		default:
			c.Write = append(c.Write, f.Name)
		}
	}
	packages, err := stalePackages(r, plan)
	if err != nil {
		return c, err
	}
	for _, t := range plan.Tables {
		packages = append(packages, t.Package)
	}
	for _, name := range packages {
		if err := findStale(r.Out, name, generated, &c); err != nil {
			return c, err
		}
	}
	slices.Sort(c.Remove)
	return c, nil
}

// stalePackages finds the packages whose table is gone: those of the same schema files, generated
// earlier, for which there is no table any more. A run for some of the tables can't tell.
func stalePackages(r Request, plan *Plan) ([]string, error) {
	entries, err := os.ReadDir(r.Out)
	if len(r.Tables) > 0 || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for stale packages: %w", err)
	}
	var stale []string
	for _, entry := range entries {
		if plan.known[entry.Name()] || !entry.IsDir() {
			continue
		}
		head, err := head(filepath.Join(r.Out, entry.Name(), "table.gen.go"))
		if err != nil {
			return nil, fmt.Errorf("look for stale packages: %w", err)
		}
		source, _, _ := strings.Cut(afterFirstLine(head), " (schema ")
		if ours(head) && slices.ContainsFunc(plan.files, func(f *engine.File) bool {
			return source == emit.SourceMark+filepath.ToSlash(f.Name)
		}) {
			stale = append(stale, entry.Name())
		}
	}
	return stale, nil
}

func afterFirstLine(content []byte) string {
	_, rest, _ := strings.Cut(string(content), "\n")
	return rest
}

// findStale looks for files of ours in a package's folder that are no longer generated. Only names that
// the generator gives count, so that a copy of a configuration with its first line is left alone.
func findStale(out, pkg string, generated map[string]bool, c *Changes) error {
	root := filepath.Join(out, pkg)
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() || !generatedName(d.Name()) {
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
		content, err := head(p)
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

func generatedName(name string) bool {
	return strings.HasSuffix(name, ".gen.go") || strings.HasSuffix(name, ".gen_test.go") || name == "query.sql"
}

// present returns what --with wrote earlier and is still there with our marker: it is kept up to date
// until somebody deletes it.
func present(out, pkg string) []string {
	var with []string
	for what, name := range render.ExtraNames(pkg) {
		if content, err := head(filepath.Join(out, pkg, name)); err == nil && ours(content) {
			with = append(with, what)
		}
	}
	return with
}

// head returns the beginning of a file, or nothing if there is none.
func head(name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 4096))
}

// ours reports whether a file begins with our marker, in the comment syntax of its kind.
func ours(content []byte) bool {
	first, _, _ := bytes.Cut(content, []byte("\n"))
	if rest, isJSON := bytes.CutPrefix(first, []byte(`{"description": "`)); isJSON { // which has no comments
		first = append([]byte("//"), rest...)
	}
	text := bytes.TrimLeft(first, "/#- ")
	return len(text) < len(first) && bytes.HasPrefix(text, []byte(strings.TrimPrefix(emit.Marker, "// ")))
}
