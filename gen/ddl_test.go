package gen_test

import (
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

// sqlc is given the wanted tables as they are in the end, the types that they need, and nothing else.
func TestNeeded(t *testing.T) {
	got := needed(t, `CREATE EXTENSION postgis;
CREATE SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('happy');
CREATE TYPE unused AS ENUM ('x');
CREATE TABLE other (id bigserial PRIMARY KEY, m shop.mood);
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, m shop.mood, old text[], tags text[] NOT NULL);
COMMENT ON TABLE other IS 'x'; COMMENT ON TABLE shop.orders IS 'it''s \ y';
ALTER TABLE shop.orders DROP COLUMN old, ADD COLUMN "A ""b""" numeric(10,2);
`, postgres.Engine, "orders")
	want := `CREATE SCHEMA IF NOT EXISTS "shop";
CREATE TYPE "shop"."mood" AS ENUM ('');
CREATE TABLE "shop"."orders" (
    "id" bigserial NOT NULL,
    "m" "shop"."mood",
    "tags" "text"[] NOT NULL,
    "A ""b""" "numeric"
);
COMMENT ON TABLE "shop"."orders" IS E'it''s \\ y';
`
	if got != want {
		t.Errorf("it is\n%s, want\n%s", got, want)
	}

	got = needed(t, "CREATE TABLE other (id INTEGER PRIMARY KEY);"+
		" CREATE TABLE Orders (Id INTEGER PRIMARY KEY, \"größe\" TEXT NOT NULL) STRICT;",
		sqlite.Engine, "Orders")
	want = "CREATE TABLE \"Orders\" (\n    \"Id\" INTEGER NOT NULL,\n    \"gr\\u00f6\\u00dfe\" TEXT NOT NULL\n);\n"
	if got != want {
		t.Errorf("it is\n%s, want\n%s", got, want)
	}
}
