package engine

import (
	"encoding/json"
	"strings"
	"testing"
)

// Every type has a sample for generated tests, alone and in an array, whose JSON is JSON.
func TestEveryTypeHasASample(t *testing.T) {
	if len(postgresSamples) != len(postgresTypes)+1 { // enums are no row of the table
		t.Errorf("%d samples for %d types and enums", len(postgresSamples), len(postgresTypes))
	}
	types := []Type{{Name: "mood", Enum: true}, {Name: "positive", Base: "int4"}}
	for _, row := range postgresTypes {
		for name := range strings.SplitSeq(row.names, ",") {
			types = append(types, Type{Name: name})
		}
	}
	for _, typ := range types {
		for _, typ.Array = range []bool{false, true} {
			kind, formatted, err := Postgres.Kind(typ)
			if err != nil || kind.Sample.Wire == "" || !json.Valid([]byte(kind.Sample.JSON)) {
				t.Errorf("%s: sample %q, %v", formatted, kind.Sample, err)
			}
		}
	}
	for name, sample := range sqliteSamples {
		if sample.Class == "" || !json.Valid([]byte(sample.JSON)) {
			t.Errorf("%s: sample %q", name, sample)
		}
	}
}

// Types are named as the database formats them, since that is compared with the live table.
func TestFormattedTypes(t *testing.T) {
	for want, c := range map[string]struct {
		engine *Engine
		typ    Type
	}{
		"character varying[]":         {Postgres, Type{Name: "varchar", Array: true}},
		"timestamp without time zone": {Postgres, Type{Name: "timestamp"}},
		`"Mood's"[]`:                  {Postgres, Type{Name: "Mood's", Enum: true, Array: true}},
		`sales."Mood"`:                {Postgres, Type{Schema: "sales", Name: "Mood", Enum: true}},
		"price":                       {Postgres, Type{Schema: "public", Name: "price", Base: "numeric"}},
		"VARCHAR":                     {SQLite, Type{Name: "varchar (20)"}},
		"DOUBLE PRECISION":            {SQLite, Type{Name: "double precision"}},
		"":                            {SQLite, Type{}},
	} {
		if _, got, err := c.engine.Kind(c.typ); got != want || err != nil {
			t.Errorf("%+v is formatted as %q, want %q: %v", c.typ, got, want, err)
		}
	}
	if _, _, err := Postgres.Kind(Type{Name: "geometry"}); err == nil || !strings.Contains(err.Error(), "geometry") {
		t.Errorf("an unknown type is not refused by its name: %v", err)
	}
}

// A name is quoted where SQL would change it or take it for a word of its own.
func TestQuote(t *testing.T) {
	for _, e := range All {
		for name, want := range map[string]string{"id": "id", "user_id2": "user_id2", "Order": `"Order"`, "order": `"order"`,
			"a b": `"a b"`, `say "x"`: `"say ""x"""`, "": `""`, "1st": `"1st"`, "größe": `"größe"`} {
			if got := e.Quote(name); got != want {
				t.Errorf("%s quotes %q as %s, want %s", e.Name, name, got, want)
			}
		}
	}
}
