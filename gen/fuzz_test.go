package gen_test

import (
	"errors"
	"fmt"
	"go/token"
	"regexp"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen"
	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/schema"
)

var packagePattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// FuzzSchema reads any text as DDL. It never panics, every error points into the text, and every table
// has names that Go takes.
func FuzzSchema(f *testing.F) {
	for _, seed := range []string{
		"CREATE TABLE orders (id bigserial PRIMARY KEY, note text NOT NULL, tags text[]);",
		"CREATE TABLE a.b (id int, n int UNIQUE NOT NULL, PRIMARY KEY (id)); COMMENT ON COLUMN a.b.n IS 'x';",
		"CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN d AS mood; CREATE TABLE t (id serial, m mood, d d[]);",
		"CREATE TABLE p (id int8) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p DEFAULT; " +
			"ALTER TABLE p ADD UNIQUE (id);",
		"CREATE TABLE t (id int); ALTER TABLE t ADD PRIMARY KEY (id), ADD COLUMN x text, DROP COLUMN x, ALTER id " +
			"TYPE int8;",
		"CREATE TABLE t (LIKE u); CREATE TABLE u () INHERITS (t); CREATE UNIQUE INDEX ON t (lower(x)); DROP TABLE t;",
		"\\restrict x\nSET a = 1;\nCREATE TABLE public.t (id bigint NOT NULL);\n" +
			"ALTER TABLE ONLY public.t ADD CONSTRAINT k PRIMARY KEY (id);",
		"CREATE TABLE ledger (id INTEGER PRIMARY KEY AUTOINCREMENT, [a b] TEXT, `c` , \"d\"\"e\" VARCHAR(20) UNIQUE);",
		"CREATE TABLE w (a INT, b INT NOT NULL, PRIMARY KEY (a)) WITHOUT ROWID; ALTER TABLE w ADD COLUMN c REAL;",
		"CREATE VIRTUAL TABLE v USING fts5(x); CREATE TABLE t AS SELECT 1 AS x; PRAGMA foreign_keys=ON; -- end",
		"CREATE TABLE t (id text PRIMARY KEY",
		"'", "\"", "/*", "$$", "$tag$ ", "[", "\xff", "\x00", "\ufeff;", ";;", "é",
	} {
		for e := range uint8(len(gen.Engines) + 1) {
			f.Add(seed, e)
		}
	}
	f.Fuzz(func(t *testing.T, text string, choice uint8) {
		var files []*engine.File
		file, err := ddl.New("x.sql", []byte(text))
		if err == nil {
			engines := append(engine.List{nil}, gen.Engines...) // nil: it is told
			files, err = gen.Engines.Parse([]*ddl.File{file}, engines[int(choice)%len(engines)])
		}
		if err != nil {
			if file != nil {
				text = file.Text // which is in another encoding perhaps
			}
			checkError(t, text, err)
			return
		}
		text = file.Text
		wanted := map[*ddl.Table]bool{}
		for _, table := range file.Tables {
			checkTable(t, text, files[0].Engine, table)
			wanted[table] = true
		}
		file.Needed(wanted)
	})
}

func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var e *ddl.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v has no position", err)
	}
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	if e.Line < 1 || e.Line > len(lines) || e.Col < 1 || e.Col > len(lines[e.Line-1])+1 {
		t.Errorf("%v points out of the text", err)
	}
	if !strings.HasPrefix(err.Error(), fmt.Sprintf("x.sql:%d:%d: ", e.Line, e.Col)) {
		t.Errorf("%v does not begin with its position", err)
	}
	if !strings.Contains(text, e.Text) {
		t.Errorf("%v quotes what is not in the text", err)
	}
}

func checkTable(t *testing.T, text string, e *engine.Engine, table *ddl.Table) {
	t.Helper()
	if _, err := e.Key(table, ""); err != nil {
		checkError(t, text, err)
	}
	if table.Mistake != nil {
		checkError(t, text, table.Mistake)
	}
	name := schema.PackageName(table.Schema, table.Name, nil)
	if !packagePattern.MatchString(name) || schema.PackageName("", name, nil) != name { // it would be misread
		t.Errorf("table %q is to become package %q", table.QualifiedName(), name)
	}
	for _, name := range table.ColumnNames() {
		if goName := schema.GoName(name); !token.IsIdentifier(goName) || !token.IsExported(goName) {
			t.Errorf("column %q is to become field %q", name, goName)
		}
	}
}
