// Package model is what the generator knows of a table. It imports nothing of the project: schema fills it in, an
// engine gives each column its Kind, emit prints it.
package model

import "github.com/dave/jennifer/jen"

// Table is one table to generate a replicator for.
type Table struct {
	Engine  string // name of the engine, as --engine has it
	Schema  string // schema it is in; empty for the engine's default
	Name    string
	Comment string
	Columns []Column // in column order
	Key     int      // index of the key in Columns
	Fields  []int    // indexes of the published columns, in column order

	Package       string // Go package name
	Import        string // import path of the Go package
	Source        string // schema file, as it was named
	Regenerate    string // command that writes the package again
	Fingerprint   string // digest of everything above that decides the code
	AutoIncrement bool   // the engine never gives a key twice
	Strict        bool   // no column holds a value of another type than its own

	Relation string  // the table in SQL, quoted if it must be
	Queries  Queries // as sqlc has checked them
}

// Queries are the complete statements of a table.
type Queries struct{ First, Next, At, Lookup string }

// Column is one column of a table.
type Column struct {
	Name     string // as the database spells it
	GoName   string // field of Row
	Comment  string
	Nullable bool
	Kind     Kind
}

// Kind is how Go handles a column: what an engine makes of a row of its table of types.
type Kind struct {
	Type   string // SQL type as the database formats it, without length or precision
	AsText bool   // the source reads it in the database's own text form
	OID    uint32 // its number, if the engine has numbers that are the same in every database
	// Element is the number of the type at the bottom of an array whose own number differs from database to database.
	Element   uint32
	Delimiter string // separates the elements of an array that is read as text
	Assumed   bool   // the files don't define the type
	Key       string // what holds it as a key, int64 or uint64; empty if it can't be a key
	JSON      string // what the message has for the sample that Code.Golden prints
	Code      Code
}

// Code prints what is done with a column in Go. Each engine has its own.
type Code interface {
	// Type is the type of Row's field.
	Type(c *Column) *jen.Statement
	// Scan is the value of the i-th column of a result. It sets err if there is none.
	Scan(c *Column, i int) *jen.Statement
	// Append is a slice of bytes: b with the canonical JSON of the row r's field at its end.
	Append(c *Column) *jen.Statement
	// Clone is a copy of the row r's field, or nil if the field is not a view.
	Clone(c *Column) *jen.Statement
	// Golden is the sample, in the form that the engine's golden row is made of.
	Golden(c *Column) *jen.Statement
}

// KeyColumn returns the key.
func (t *Table) KeyColumn() *Column { return &t.Columns[t.Key] }

// KeyType is the type that holds a key.
func (t *Table) KeyType() *jen.Statement { return jen.Id(t.KeyColumn().Kind.Key) }

// QualifiedName is the table's name as a person writes it.
func (t *Table) QualifiedName() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}
