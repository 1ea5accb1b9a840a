package tidy

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mapped are the files that a package's map has lines for. A map stands in the package's comment, indented.
var (
	mapLine  = regexp.MustCompile(`(?m)^\t.*$`)
	fileName = regexp.MustCompile(`\b[a-z0-9_]+\.go\b`)
)

// wrongMaps compares the map in a package's comment with the files that are there.
func wrongMaps(sources []source) (found []string) {
	files := map[string][]string{}
	for _, s := range sources {
		folder := path.Dir(s.path)
		files[folder] = append(files[folder], path.Base(s.path))
	}
	for _, s := range sources {
		if s.file.Doc == nil || s.isTest() || !strings.HasPrefix(s.path, "replicate/") {
			continue
		}
		folder := path.Dir(s.path)
		named := fileName.FindAllString(strings.Join(mapLine.FindAllString(s.file.Doc.Text(), -1), "\n"), -1)
		for _, name := range named {
			if !slices.Contains(files[folder], name) {
				found = append(found, s.path+": the package's map names "+name+", which is not there")
			}
		}
		for _, name := range files[folder] {
			if len(named) > 0 && name != "doc.go" && !strings.HasSuffix(name, "_test.go") && !slices.Contains(named, name) {
				found = append(found, s.path+": the package's map says nothing of "+name)
			}
		}
	}
	return found
}

// TestMapsAreRight checks that each map names every file of its package, and no other.
func TestMapsAreRight(t *testing.T) {
	for _, found := range wrongMaps(readAll(t, filepath.Join("..", ".."))) {
		t.Error(found)
	}
	doc, err := parse("replicate/x/doc.go", []byte("// Package x is good.\n//\n//\ta.go  one\n//\tb.go  two\npackage x\n"))
	if err != nil {
		t.Fatal(err)
	}
	bare, err := parse("replicate/x/a.go", []byte("package x\n"))
	if err != nil {
		t.Fatal(err)
	}
	other := bare
	other.path = "replicate/x/c.go"
	if wrong := wrongMaps([]source{doc, bare, other}); len(wrong) != 2 {
		t.Errorf("a map that names b.go and not c.go: found %q", wrong)
	}
}
