package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestHouseRules checks every Go file of the repository.
func TestHouseRules(t *testing.T) {
	sources := readAll(t, filepath.Join("..", ".."))
	if len(sources) < 50 {
		t.Fatalf("found %d Go files: this test looks in the wrong place", len(sources))
	}
	for _, found := range check(sources) {
		t.Error(found)
	}
}

// check applies every rule. A generated file has no style of its own, but its package needs a comment too.
func check(sources []source) (found []string) {
	for _, s := range sources {
		if ast.IsGenerated(s.file) {
			continue
		}
		for _, rule := range rules {
			found = append(found, rule(s)...)
		}
	}
	return append(found, packageComments(sources)...)
}

func readAll(t *testing.T, root string) (sources []source) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(name), content)
		sources = append(sources, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

func parse(path string, content []byte) (source, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, content, parser.ParseComments)
	return source{path: path, content: content, set: set, file: file}, err
}

// TestRulesBite shows each rule something that it must find.
func TestRulesBite(t *testing.T) {
	const head = "// Package x is good.\npackage x\n"
	for name, c := range map[string]struct{ content, want string }{
		"file":         {head + strings.Repeat("\n", linesMax), "502 lines"},
		"line":         {head + "// " + strings.Repeat("é", columnsMax), "123 columns"},
		"function":     {head + "func f() {" + strings.Repeat("\n", functionLinesMax) + "}", "func f has 71 lines"},
		"interface":    {head + "type i interface{ a(); b(); c(); d(); e(); f() }", "6 methods"},
		"package":      {"// Package util is a heap.\npackage util\n", "package util"},
		"no comment":   {"package x\n", "the package has no comment"},
		"exported":     {head + "func F() {}\n", "F is exported"},
		"method":       {head + "// T is good.\ntype T[R any] int\nfunc (t *T[R]) M() {}\n", "M is exported"},
		"exported var": {head + "var A, b = 1, 2\n", "A is exported"},
	} {
		s, err := parse("replicate/x/x.go", []byte(c.content))
		if err != nil {
			t.Fatal(err)
		}
		found := check([]source{s})
		if len(found) != 1 || !strings.Contains(found[0], c.want) {
			t.Errorf("%s: found %q, want one with %q", name, found, c.want)
		}
	}
	good, err := parse("replicate/x/x.go", []byte(head+`
// F is good.
func F() {}

type t int

func (t) M() {}

const (
	A = 1 // the first
)
`))
	if err != nil {
		t.Fatal(err)
	}
	if found := check([]source{good}); !slices.Equal(found, nil) {
		t.Errorf("nothing is wrong, found %q", found)
	}
}
