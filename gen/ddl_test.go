package gen_test

import (
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen"
	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/engine/postgres"
	"github.com/repliqate/repliqate/gen/engine/sqlite"
)

func needed(t *testing.T, text string, e *engine.Engine, table string) string {
	t.Helper()
	f, err := ddl.New("x.sql", []byte(text))
	if err == nil {
		_, err = gen.Engines.Parse([]*ddl.File{f}, e)
	}
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[*ddl.Table]bool{}
	for _, candidate := range f.Tables {
		wanted[candidate] = candidate.Name == table
	}
	return f.Needed(wanted)
}

// sqlc is given the types and the wanted tables, each where it is in the file, and nothing else.
func TestNeeded(t *testing.T) {
	got := needed(t, `CREATE EXTENSION postgis;
CREATE TYPE mood AS ENUM ('happy');
CREATE TABLE other (id bigserial PRIMARY KEY, m mood);
  CREATE TABLE orders (id bigserial PRIMARY KEY, m mood);
COMMENT ON TABLE other IS 'x'; COMMENT ON TABLE orders IS 'y';
CREATE INDEX ON orders (m);
`, postgres.Engine, "orders")
	lines := strings.Split(got, "\n")
	for i, want := range []string{"", "CREATE TYPE mood AS ENUM ('happy');", "",
		"  CREATE TABLE orders (id bigserial PRIMARY KEY, m mood);",
		"                               COMMENT ON TABLE orders IS 'y';", "", ""} {
		if strings.TrimRight(lines[i], " ") != want {
			t.Errorf("line %d is %q, want %q", i+1, lines[i], want)
		}
	}

	got = needed(t, "CREATE TABLE other (id INTEGER PRIMARY KEY);"+
		" CREATE TABLE Orders (Id INTEGER PRIMARY KEY, \"größe\" TEXT NOT NULL) STRICT;",
		sqlite.Engine, "Orders")
	want := "CREATE TABLE \"Orders\" (\n    \"Id\" INTEGER NOT NULL,\n    \"gr\\u00f6\\u00dfe\" TEXT NOT NULL\n);\n"
	if got != want {
		t.Errorf("it is\n%s, want\n%s", got, want)
	}
}
