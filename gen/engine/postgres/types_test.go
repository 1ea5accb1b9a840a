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
	if _, err := kindOf(ddl.Type{Name: "geometry"}); err == nil || !strings.Contains(err.Error(), "geometry") {
		t.Errorf("an unknown type is not refused by its name: %v", err)
	}
}
