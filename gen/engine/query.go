package engine

import (
	"strings"

	"github.com/repliqate/repliqate/gen/model"
)

// Queries returns the keyset queries of a table: from the first row on, from a key on, the row of one
// key, and the rows of a list of keys.
func (e *Engine) Queries(relation, key string, columns []string) model.Queries {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = e.SQL.Quote(c)
	}
	k, parameter := e.SQL.Quote(key), e.SQL.Placeholder
	body := "SELECT " + strings.Join(quoted, ", ") + "\nFROM " + relation
	return model.Queries{
		First:  body + "\nORDER BY " + k + "\nLIMIT " + parameter(1),
		Next:   body + "\nWHERE " + k + " > " + parameter(1) + "\nORDER BY " + k + "\nLIMIT " + parameter(2),
		At:     body + "\nWHERE " + k + " = " + parameter(1),
		Lookup: body + "\nWHERE " + e.SQL.Lookup(k) + "\nORDER BY " + k,
	}
}

// Quoter returns a function that puts quotes around a name, in which a quote is doubled: around every name but plain
// ones, which are lower-case letters, digits and underscores, and not one of the reserved words.
func Quoter(quote, reserved string) func(string) string {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(reserved) {
		words[word] = true
	}
	return func(name string) string {
		if plain(name) && !words[name] {
			return name
		}
		return quote + strings.ReplaceAll(name, quote, quote+quote) + quote
	}
}

func plain(name string) bool {
	for i, r := range name {
		if r == '_' || r >= 'a' && r <= 'z' || i > 0 && r >= '0' && r <= '9' {
			continue
		}
		return false
	}
	return name != ""
}
