package sqlite

import (
	"encoding/json"
	"testing"

	"github.com/repliqate/repliqate/gen/ddl"
)

// Every type has a sample for generated tests, whose JSON is JSON.
func TestEveryTypeHasASample(t *testing.T) {
	for _, row := range append(types, other) {
		if row.class.name == "" || row.value == "" || !json.Valid([]byte(row.json)) {
			t.Errorf("%s: sample %q, %s", row.name, row.value, row.json)
		}
	}
}

// Types are named as the database has them, since that is compared with the live table.
func TestFormattedTypes(t *testing.T) {
	for declared, want := range map[string]string{
		"varchar (20)": "VARCHAR", "double precision": "DOUBLE PRECISION", "": "",
	} {
		if kind, err := kindOf(ddl.Type{Name: declared}); kind.Type != want || err != nil {
			t.Errorf("%q is formatted as %q, want %q: %v", declared, kind.Type, want, err)
		}
	}
}

// A column is typed if every value is sure to have its class.
func TestTyped(t *testing.T) {
	for name, want := range map[string]bool{"INTEGER": true, "INT": true, "TEXT": true, "REAL": true, "BLOB": true,
		"ANY": false, "BOOLEAN": false, "JSON": false, "VARCHAR": false, "": false} {
		for _, strict := range []bool{true, false} {
			kind, err := kindOf(ddl.Type{Name: name, Strict: strict})
			if _, is := kind.Code.(typed); err != nil || is != (want && strict) {
				t.Errorf("%s, strict %t: typed %t, %v", name, strict, is, err)
			}
		}
	}
}
