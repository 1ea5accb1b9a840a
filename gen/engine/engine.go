// Package engine holds what differs from database to database at build time: types, quoting and query
// text, one file an engine. Nothing else in the generator asks which engine it works for.
package engine

import (
	"fmt"
	"strings"

	"github.com/repliqate/repliqate/gen/model"
)

// Engine is one kind of database.
type Engine struct {
	Name string // as --engine and config files have it
	SQLC string // sqlc's name for it
	// Runtime is the import path of the source package that generated code links.
	Runtime string
	// URI is a typical URI, in which {package} is the package, for the example of a configuration.
	URI string
	// Default is the schema that need not be named.
	Default string
	// Kind finds how Go handles a column, and how the database formats its type.
	Kind func(Type) (model.Kind, string, error)
	// Quote quotes an identifier where it must be.
	Quote func(string) string
	// Placeholder is the n-th parameter of a query.
	Placeholder func(n int) string
	// Lookup is the condition that finds a list of keys, as the only parameter.
	Lookup func(key string) string
	// KeyTypes are the types that a key can have.
	KeyTypes map[string]bool
	// Words are phrases of DDL that are a syntax error to other engines, Hints those that are unusual
	// with them. They tell a schema's engine.
	Words, Hints []string
}

// Type is a column's type as the catalog has it.
type Type struct {
	Schema, Name string
	Array        bool
	Enum         bool
	Base         string // base type of a domain
}

// All are the engines, in the order in which they are tried on a schema that does not tell.
var All = []*Engine{Postgres, SQLite}

// Find returns the engine called name.
func Find(name string) (*Engine, error) {
	var names []string
	for _, e := range All {
		if e.Name == name || e.SQLC == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return nil, fmt.Errorf("unknown engine %q: expected %s", name, strings.Join(names, " or "))
}

// Relation returns the table in SQL.
func (e *Engine) Relation(schema, table string) string {
	if schema == "" {
		schema = e.Default
	}
	if schema == "" {
		return e.Quote(table)
	}
	return e.Quote(schema) + "." + e.Quote(table)
}

// Queries returns the keyset queries of a table: from the first row on, from a key on, the row of one
// key, and the rows of a list of keys.
func (e *Engine) Queries(relation, key string, columns []string) model.Queries {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = e.Quote(c)
	}
	k := e.Quote(key)
	body := "SELECT " + strings.Join(quoted, ", ") + "\nFROM " + relation
	return model.Queries{
		First:  body + "\nORDER BY " + k + "\nLIMIT " + e.Placeholder(1),
		Next:   body + "\nWHERE " + k + " > " + e.Placeholder(1) + "\nORDER BY " + k + "\nLIMIT " + e.Placeholder(2),
		At:     body + "\nWHERE " + k + " = " + e.Placeholder(1),
		Lookup: body + "\nWHERE " + e.Lookup(k) + "\nORDER BY " + k,
	}
}

// plain reports whether an identifier needs no quotes: lower-case letters, digits and underscores.
func plain(name string) bool {
	for i, r := range name {
		if r == '_' || r >= 'a' && r <= 'z' || i > 0 && r >= '0' && r <= '9' {
			continue
		}
		return false
	}
	return name != ""
}

func doubleQuote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
