package schema

import (
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

func needed(t *testing.T, text string, e *engine.Engine, table string) string {
	t.Helper()
	f, err := newFile("x.sql", []byte(text))
	if err == nil {
		err = parse([]*File{f}, e)
	}
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[*Table]bool{}
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
`, engine.Postgres, "orders")
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
		engine.SQLite, "Orders")
	want := "CREATE TABLE \"Orders\" (\n    \"Id\" INTEGER NOT NULL,\n    \"gr\\u00f6\\u00dfe\" TEXT NOT NULL\n);\n"
	if got != want {
		t.Errorf("it is\n%s, want\n%s", got, want)
	}
}

// A column that is added at the end never renames a field, and no two fields differ in case alone.
func TestFieldNames(t *testing.T) {
	names := []string{"user_id", "userId", "User-ID", "user_id_2", "checksum", "Checksum2", "clone",
		"ID", "id", "_", "-", "1", "C1", "ñ", "Ñ"}
	want := []string{"UserID", "UserId2", "UserID3", "UserID22", "Checksum2", "Checksum22", "Clone2",
		"ID", "ID2", "C", "C2", "C1", "C12", "Ñ", "Ñ2"}
	for n := range names {
		columns := make([]model.Column, n+1)
		for i := range columns {
			columns[i].Name = names[i]
		}
		nameFields(columns)
		for i, c := range columns {
			if c.GoName != want[i] {
				t.Errorf("with %d columns %q is field %s, want %s", n+1, c.Name, c.GoName, want[i])
			}
		}
	}
}

// No package is called what Go or its build would misread.
func TestPackageName(t *testing.T) {
	for name, want := range map[string]string{
		"orders": "orders", "Order Items": "order_items", "internal": "internal_table",
		"test": "test", "x_test": "x_test_table",
		"events_windows": "events_windows_table", "windows": "windows", "a_linux_arm64": "a_linux_arm64_table",
		"_a": "t_a", "1": "t1",
		"": "t", "type": "type_table", "len": "len_table", "json": "json_table", "größe": "gr__e", "main": "main_table",
	} {
		if got := PackageName("", name); got != want {
			t.Errorf("table %q is package %s, want %s", name, got, want)
		}
	}
	if got := PackageName("sales", "x_test"); got != "sales_x_test_table" {
		t.Errorf("table sales.x_test is package %s", got)
	}
}
