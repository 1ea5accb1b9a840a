package postgres

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/model"
)

// Every type has a sample for generated tests, alone and in an array, whose JSON is JSON.
func TestEveryTypeHasASample(t *testing.T) {
	all := []ddl.Type{{Name: "mood", Enum: true}, {Name: "positive", Base: "int4"}}
	for _, row := range types {
		for name := range strings.SplitSeq(row.names, ",") {
			all = append(all, ddl.Type{Name: name})
		}
	}
	for _, typ := range all {
		for _, typ.Array = range []bool{false, true} {
			kind, err := kindOf(typ)
			if err != nil {
				t.Errorf("%s: %v", typ.Name, err)
				continue
			}
			if code := kind.Code.(code); code.wire == "" || !json.Valid([]byte(kind.JSON)) {
				t.Errorf("%s: sample %q, %s", kind.Type, code.wire, kind.JSON)
			}
			if got := kind.Code.Golden(&model.Column{}).GoString(); !strings.HasPrefix(got, "[]byte(") {
				t.Errorf("%s: the sample is printed as %s", kind.Type, got)
			}
		}
	}
}

// Types are named as the database formats them, since that is compared with the live table.
func TestFormattedTypes(t *testing.T) {
	for want, typ := range map[string]ddl.Type{
		"character varying[]":         {Name: "varchar", Array: true},
		"timestamp without time zone": {Name: "timestamp"},
		`"Mood's"[]`:                  {Name: "Mood's", Enum: true, Array: true},
		`sales."Mood"`:                {Schema: "sales", Name: "Mood", Enum: true},
		"price":                       {Schema: "public", Name: "price", Base: "numeric"},
	} {
		if kind, err := kindOf(typ); kind.Type != want || err != nil {
			t.Errorf("%+v is formatted as %q, want %q: %v", typ, kind.Type, want, err)
		}
	}
}

// A type that no file defines is read as text if an extension may define it. A mistyped name is refused with the
// nearest ones.
func TestUnknownTypes(t *testing.T) {
	for _, c := range []struct {
		typ  ddl.Type
		near string // empty: it is taken, and said to be assumed
	}{
		{ddl.Type{Name: "geometry"}, ""},
		{ddl.Type{Name: "widget", Extensions: true}, ""},
		{ddl.Type{Schema: "app", Name: "integr"}, ""},
		{ddl.Type{Name: "email", Base: "citext"}, ""},
		{ddl.Type{Name: "widget"}, "widget is not known"},
		{ddl.Type{Name: "integr", Extensions: true}, "the nearest names are integer"},
		{ddl.Type{Name: "vachar", Extensions: true}, "the nearest names are varchar"},
		{ddl.Type{Name: "timestmp"}, "the nearest names are timestamp"},
		{ddl.Type{Name: "datetime", Extensions: true}, "the nearest names are timestamp;"},
		{ddl.Type{Name: "small", Base: "smalint"}, "the nearest names are smallint"},
	} {
		kind, err := kindOf(c.typ)
		switch {
		case c.near == "" && (err != nil || !kind.Assumed || !kind.AsText):
			t.Errorf("%+v: %+v, %v", c.typ, kind, err)
		case c.near != "" && (err == nil || !strings.Contains(err.Error(), c.near)):
			t.Errorf("%+v: %v, want %q", c.typ, err, c.near)
		}
	}
	if kind, err := kindOf(ddl.Type{Name: "address", Defined: true}); err != nil || kind.Assumed || !kind.AsText {
		t.Errorf("a type of the files: %+v, %v", kind, err)
	}
}

// Domains and arrays are as what they are over, however deep.
func TestWrappedTypes(t *testing.T) {
	for _, c := range []struct {
		typ     ddl.Type
		formats string
		oid     uint32
		element uint32
		key     string
		json    string
	}{
		{ddl.Type{Name: "_int4"}, "integer[]", 1007, 0, "", "[-70000, null]"},
		{ddl.Type{Schema: "app", Name: "row_id", Base: "int8"}, "app.row_id", 20, 0, "int64", "9007199254740993"},
		{ddl.Type{Name: "ids", Base: "int4[]"}, "ids", 0, 23, "", "[-70000, null]"},
		{ddl.Type{Name: "ids", Base: "_int4", Array: true}, "ids[]", 0, 23, "", "[[-70000, null], null]"},
		{ddl.Type{Name: "hosts", Base: "inet[]", Array: true}, "hosts[]", 0, 869, "", `[["10.1.2.3/8", null], null]`},
		{ddl.Type{Name: "moods", Base: "mood[]", Enum: true}, "moods", 0, 0, "", `["so \"so\"", null]`},
		{ddl.Type{Name: "box", Array: true}, "box[]", 1020, 0, "", `["(1,1),(0,0)", null]`},
		{ddl.Type{Schema: "app", Name: "money", Defined: true}, "app.money", 0, 0, "", other.json},
		{ddl.Type{Schema: "extensions", Name: "hstore"}, "extensions.hstore", 0, 0, "", `{"a": "\"", "b": null}`},
	} {
		kind, err := kindOf(c.typ)
		if err != nil || kind.Type != c.formats || kind.OID != c.oid || kind.Element != c.element || kind.Key != c.key ||
			kind.JSON != c.json {
			t.Errorf("%+v: %+v, %v", c.typ, kind, err)
		}
	}
}
