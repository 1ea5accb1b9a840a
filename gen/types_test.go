package gen_test

import (
	"fmt"
	"strings"
	"testing"
)

// otherTypes are PostgreSQL's built-in types that are read in the database's own text form, and some of extensions, by
// their names in DDL and, if that is another, as the database formats them.
var otherTypes = []string{
	"money", "inet", "cidr", "macaddr", "macaddr8", "bit", "bit(3)=bit", "bit varying", "bit varying(5)=bit varying",
	"varbit=bit varying", "xml", "tsvector", "tsquery", "gtsvector", "jsonpath", "point", "line", "lseg", "box", "path",
	"polygon", "circle", "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange", "int4multirange",
	"int8multirange", "nummultirange", "tsmultirange", "tstzmultirange", "datemultirange", "xid", "xid8", "cid", "tid",
	"pg_lsn", "pg_snapshot", "txid_snapshot", "refcursor", "regclass", "regproc", "regprocedure", "regoper",
	"regoperator", "regtype", "regrole", "regnamespace", "regconfig", "regdictionary", "regcollation", "oidvector",
	"int2vector", "aclitem", "hstore", "citext", "ltree", "cube", "geometry", "geometry(Point,4326)=geometry",
	"vector(3)=vector", "extensions.citext=extensions.citext", "app.widget", "pair", "app.floatrange",
	"app.floatmultirange", "shell", "other_table",
}

// Every type is published, alone and in an array.
func TestOtherTypes(t *testing.T) {
	newModule(t)
	text := "CREATE SCHEMA app; CREATE TYPE pair AS (a integer, b text);\n" +
		"CREATE TYPE app.floatrange AS RANGE (subtype = float8); CREATE TYPE shell;\n" +
		"CREATE TABLE other_table (a integer);\nCREATE TABLE orders (id bigserial PRIMARY KEY"
	want := "id bigint not null\n"
	for i, typ := range otherTypes {
		typ, formatted, renamed := strings.Cut(typ, "=")
		if !renamed {
			formatted = typ
		}
		text += fmt.Sprintf(",\nc%d %s, a%d %s[]", i, typ, i, typ)
		want += fmt.Sprintf("    c%d %s\n    a%d %s[]\n", i, formatted, i, formatted)
	}
	writeInput(t, "s.sql", []byte(text+");\n"))
	stdout, stderr, status := generate("repliqate-gen", "--schema", "s.sql", "--table", "orders", "--list")
	if _, got, _ := strings.Cut(stdout, "repliqate-orders\n    "); status != 0 || got != want {
		t.Errorf("exit %d: %s\n got %s\nwant %s", status, stderr, got, want)
	}
	if _, stderr, status := generate("repliqate-gen", "--schema", "s.sql", "--table", "orders"); status != 0 {
		t.Errorf("exit %d: %s", status, stderr)
	}
}

// A mistyped name is not taken for a type of an extension; nor is a name that no extension can have made.
func TestMistypedTypes(t *testing.T) {
	newModule(t)
	for ddl, want := range map[string]string{
		"postgis; CREATE TABLE orders (id bigserial PRIMARY KEY,\n    odd vachar(9));": "type vachar is not known: " +
			"the nearest names are varchar,",
		"plpgsql; CREATE TABLE orders (id bigserial PRIMARY KEY,\n    odd widget);": "type widget is not known",
	} {
		writeInput(t, "s.sql", []byte("CREATE EXTENSION "+ddl))
		stdout, stderr, status := generate("repliqate-gen", "--schema", "s.sql")
		if status != 1 || !strings.Contains(stderr, "s.sql:2:9: ") || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s%s, want %s", ddl, status, stdout, stderr, want)
		}
	}
}

// spellings are ways to write a type, and how the database formats it.
var spellings = [][2]string{
	{"dec(3,1)", "numeric"}, {"float(24)", "real"}, {"float(53)", "double precision"}, {"float", "double precision"},
	{"time(3)", "time without time zone"}, {"timestamp(3) with time zone", "timestamp with time zone"},
	{"time with time zone", "time with time zone"}, {"interval year to month", "interval"}, {"interval(3)", "interval"},
	{"char", "character"}, {"char(3)[]", "character[]"}, {"nchar(3)", "character"}, {"bpchar", "character"},
	{`"char"`, `"char"`}, {`pg_catalog."char"`, `"char"`}, {`pg_catalog."char"[]`, `"char"[]`},
	{"national character varying(3)", "character varying"}, {"text ARRAY[4]", "text[]"}, {"int[3][3]", "integer[]"},
	{"pg_catalog.int4", "integer"}, {"bool", "boolean"}, {"pg_catalog.text", "text"}, {"mood[]", "mood[]"},
	{"price", "price"}, {"letter", "letter"},
}

// However a type is spelt, it is the one that the live table is found to have.
func TestSpellings(t *testing.T) {
	newModule(t)
	ddl := "CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN cents AS bigint; CREATE DOMAIN price AS cents;\n" +
		"CREATE DOMAIN letter AS pg_catalog.\"char\";\nCREATE TABLE orders (id bigserial PRIMARY KEY"
	want := "id bigint not null\n"
	for i, s := range spellings {
		ddl += fmt.Sprintf(",\nc%d %s", i, s[0])
		want += fmt.Sprintf("    c%d %s\n", i, s[1])
	}
	writeInput(t, "s.sql", []byte(ddl+");\n"))
	stdout, stderr, status := generate("repliqate-gen", "--schema", "s.sql", "--list")
	if _, got, _ := strings.Cut(stdout, "repliqate-orders\n    "); status != 0 || got != want {
		t.Errorf("exit %d: %s\n got %s\nwant %s", status, stderr, got, want)
	}
}
