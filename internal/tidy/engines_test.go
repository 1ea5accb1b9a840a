package tidy

import (
	"fmt"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// engineNames are what no code says outside of the engines' own folders: an engine is one place.
var engineNames = regexp.MustCompile(`(?i)postgres|sqlite|mysql|mariadb`)

// homes are where engines are named: a folder for each at build time and at run time, and the only list.
var homes = []string{"gen/engine/*/*.go", "gen/engines.go",
	"replicate/source/*/*.go", "replicate/source/*/*/*.go", "replicate/source/*/internal/*/*.go"}

// guests name engines elsewhere, each for a reason.
var guests = map[string]string{
	"gen/migrations/":                   "advice on how to have the schema written by each database's own tool",
	"gen/script/":                       "advice for a file that is a database and not its schema",
	"replicate/daemon/configkeys/":      "the example of a URI for each database, before it is known which one is meant",
	"replicate/daemon/internal/joblog/": "a database that is a file is logged by its path, any other by its host",
}

// engineName looks for engines in names and strings of code. Comments may say whose rule a rule is.
func engineName(s source) (found []string) {
	inside := func(folder string) bool { return strings.HasPrefix(s.path, folder) }
	switch {
	case s.isTest() || !slices.ContainsFunc([]string{"gen/", "cmd/", "templates/", "replicate/"}, inside):
		return nil
	case slices.ContainsFunc(homes, func(home string) bool { ok, _ := path.Match(home, s.path); return ok }):
		return nil
	}
	for guest := range guests {
		if inside(guest) {
			return nil
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		text := ""
		switch n := n.(type) {
		case *ast.Ident:
			text = n.Name
		case *ast.BasicLit:
			text = n.Value
		}
		if name := engineNames.FindString(text); name != "" {
			found = append(found, fmt.Sprintf("%s: it names %s: what differs from engine to engine belongs in gen/engine/<db>/ "+
				"or replicate/source/<db>/", s.at(n.Pos()), name))
		}
		return true
	})
	return found
}

// TestEnginesAreOnePlace looks for engine names elsewhere.
func TestEnginesAreOnePlace(t *testing.T) {
	sources := readAll(t, filepath.Join("..", ".."))
	housed := map[string]bool{}
	for _, s := range sources {
		for _, found := range engineName(s) {
			t.Error(found)
		}
		if ok, _ := path.Match("gen/engine/*/*.go", s.path); ok {
			housed[path.Base(path.Dir(s.path))] = true
		}
	}
	for engine := range housed {
		if !slices.ContainsFunc(sources, func(s source) bool { return path.Dir(s.path) == "replicate/source/"+engine }) {
			t.Errorf("gen/engine/%s has no replicate/source/%s", engine, engine)
		}
	}
	if len(housed) < 2 {
		t.Errorf("found %d engines: this test looks in the wrong place", len(housed))
	}
}

// TestEngineNameBites shows the rule what it must find, and what it must leave alone.
func TestEngineNameBites(t *testing.T) {
	const code = "// Package x does as PostgreSQL does.\npackage x\n"
	for _, c := range []struct {
		path, code string
		want       int
	}{
		{"gen/emit/x.go", code + "var x = \"postgres\"\n", 1},
		{"replicate/x.go", code + "func openMySQL() {}\n", 1},
		{"cmd/x/x.go", code + "import _ \"example.com/sqlite\"\n", 1},
		{"gen/emit/x.go", code, 0},
		{"gen/emit/x_test.go", code + "var x = \"postgres\"\n", 0},
		{"gen/engine/postgres/x.go", code + "var x = \"postgres\"\n", 0},
		{"gen/engine/x.go", code + "var x = \"postgres\"\n", 1},
		{"replicate/source/mysql/x.go", code + "var x = \"mysql\"\n", 0},
	} {
		s, err := parse(c.path, []byte(c.code))
		if err != nil {
			t.Fatal(err)
		}
		if found := engineName(s); len(found) != c.want {
			t.Errorf("%s: found %q, want %d in\n%s", c.path, found, c.want, c.code)
		}
	}
}

// TestTemplatesNameNoEngine looks into the templates: what they say of an engine is part of its value.
func TestTemplatesNameNoEngine(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("..", "..", "templates", "*.tmpl"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(content), "\n") {
			if engine := engineNames.FindString(line); engine != "" {
				t.Errorf("%s:%d: it names %s", filepath.Base(name), n+1, engine)
			}
		}
	}
}
