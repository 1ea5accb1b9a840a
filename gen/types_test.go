package gen_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/engine/postgres"
)

// otherTypes are PostgreSQL's built-in types that a column can have and a replicator can't read yet, and some of
// extensions, by their names in DDL and, where that is another, in the error.
var otherTypes = []string{
	"money", "inet", "cidr", "macaddr", "macaddr8", "bit", "bit(3)=bit", "bit varying=varbit", "bit varying(5)=varbit",
	"varbit", "xml", "tsvector", "tsquery", "gtsvector", "jsonpath", "point", "line", "lseg", "box", "path", "polygon",
	"circle", "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange", "int4multirange",
	"int8multirange", "nummultirange", "tsmultirange", "tstzmultirange", "datemultirange", "xid", "xid8", "cid", "tid",
	"pg_lsn", "pg_snapshot", "txid_snapshot", "refcursor", "regclass", "regproc", "regprocedure", "regoper",
	"regoperator", "regtype", "regrole", "regnamespace", "regconfig", "regdictionary", "regcollation", "oidvector",
	"int2vector", "aclitem", "pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "hstore", "citext",
	"ltree", "cube", "geometry", "geometry(Point,4326)=geometry", "vector(3)=vector",
}

// A type that a replicator can't read is refused by the generator, alone and in an array, with the column and the type.
func TestOtherTypes(t *testing.T) {
	newModule(t)
	for n, typ := range otherTypes {
		typ, name, renamed := strings.Cut(typ, "=")
		if !renamed {
			name = typ
		}
		for _, array := range []string{"", "[]"} {
			if _, err := postgres.Engine.Kind(ddl.Type{Name: name, Array: array != ""}); err == nil ||
				!strings.Contains(err.Error(), "type "+name+" is not supported") {
				t.Errorf("%s%s: %v", name, array, err)
			}
			if array == "[]" && n%10 > 0 {
				continue // a run for some arrays, since each takes its time
			}
			ddl := fmt.Sprintf("CREATE TABLE orders (id bigserial PRIMARY KEY,\n    odd %s%s);\n", typ, array)
			writeInput(t, "s.sql", []byte(ddl))
			stdout, stderr, status := generate("repliqate-gen", "--schema", "s.sql")
			want := fmt.Sprintf("s.sql:2:9: table orders: column odd: type %s is not supported: "+
				"--without odd leaves out what can't be read (at %q)\n",
				name, strings.Fields(strings.ReplaceAll(typ, "(", " "))[0])
			if status != 1 || !strings.HasSuffix(stderr, want) || len(tree()) != 2 {
				t.Errorf("%s%s: exit %d, %q, files %q: %swant %s", typ, array, status, stdout, tree(), stderr, want)
			}
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
