package gen_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen"
	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/internal/oracle"
	"github.com/repliqate/repliqate/internal/specimens"
)

// excused are types that no committed package has, or no vector, each for a reason. The golden test of a committed
// package proves that the decoder and the append function of a type are there and agree with its sample.
var excused = map[string]string{
	"INT":    "handled as INTEGER is",
	"BIGINT": "handled as INTEGER is",
	"BOOL":   "handled as BOOLEAN is",
	"JSONB":  "handled as JSON is",

	"gtsvector":       "no client can write a value of it",
	"pg_node_tree":    "no client can write a value of it",
	"pg_ndistinct":    "no client can write a value of it",
	"pg_dependencies": "no client can write a value of it",
	"pg_mcv_list":     "no client can write a value of it",

	"mysql uuid":               "MariaDB alone has it, so no table of both products can",
	"mysql inet4":              "MariaDB alone has it",
	"mysql inet6":              "MariaDB alone has it",
	"mysql vector":             "MySQL 9 alone has it",
	"mysql geometry":           "the plain sqlc command can't read it, and writes the committed packages too",
	"mysql point":              "as geometry",
	"mysql linestring":         "as geometry",
	"mysql polygon":            "as geometry",
	"mysql multipoint":         "as geometry",
	"mysql multilinestring":    "as geometry",
	"mysql multipolygon":       "as geometry",
	"mysql geometrycollection": "as geometry",
}

// Every type of every engine has a column in a committed package, vectors that were compared with the Python daemon,
// and a line in docs/types.md. What is missing for a type is listed here.
func TestEveryTypeIsComplete(t *testing.T) {
	pages, err := os.ReadFile("../docs/types.md")
	if err != nil {
		t.Fatal(err)
	}
	page := regexp.MustCompile(`\([a-z, ]+\)`).ReplaceAllString(strings.ToLower(string(pages)), "") // char(n)
	for _, e := range gen.Engines {
		vectors, err := oracle.Load(e.Name)
		if err != nil {
			t.Errorf("engine %s: it has no vectors: %v", e.Name, err)
			continue
		}
		examples := typesOf(t, e, committed(t, e)...)
		compared := typesOf(t, e, schemaText(t, "vectors.sql", vectors.Schema))
		if len(e.Types) == 0 {
			t.Errorf("engine %s lists no types", e.Name)
		}
		for _, names := range e.Types {
			name := names[len(names)-1]
			_, alike := excused[name]
			if _, here := excused[e.Name+" "+name]; here {
				alike = true
			}
			if !examples[name] && !alike {
				t.Errorf("engine %s, type %s: no table in schemas/ has a column of it", e.Name, name)
			}
			if !compared[name] && excused[name] == "" && !specimens.Has(name) { // the Python daemon can't read many of those
				t.Errorf("engine %s, type %s: neither internal/oracle/testdata nor internal/specimens has a column of it",
					e.Name, name)
			}
			if !slices.ContainsFunc(names, func(name string) bool {
				name = strings.ToLower(name)
				return strings.Contains(page, "`"+name+"`") || strings.Contains(page, "\n| "+name+" |")
			}) {
				t.Errorf("engine %s, type %s: docs/types.md has no line for it", e.Name, name)
			}
		}
	}
}

// committed are the schema files of an engine that packages are committed for.
func committed(t *testing.T, e *engine.Engine) (files []*ddl.File) {
	t.Helper()
	names, err := filepath.Glob("../schemas/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no schemas: %v", err)
	}
	all, err := gen.Engines.Read(names, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range all {
		if f.Engine == e {
			files = append(files, schemaText(t, names[i], f.Text))
		}
	}
	return files
}

func schemaText(t *testing.T, name, text string) *ddl.File {
	t.Helper()
	f, err := ddl.New(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// typesOf are the types of all columns, as the database formats them.
func typesOf(t *testing.T, e *engine.Engine, files ...*ddl.File) map[string]bool {
	t.Helper()
	if _, err := gen.Engines.Parse(files, e); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range files {
		for _, table := range f.Tables {
			for _, c := range table.Columns {
				kind, err := e.Kind(c.Type)
				if err != nil {
					t.Fatal(err)
				}
				found[kind.Type] = true
			}
		}
	}
	return found
}
