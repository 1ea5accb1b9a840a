// Package model is what the generator knows of a table: plain data, without SQL or Go text of its own.
// It imports nothing of the project. schema fills it in, emit prints it.
package model

// Table is one table to generate a replicator for.
type Table struct {
	Engine  string // name of the engine: postgres, sqlite
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
	AutoIncrement bool   // the engine never reuses a key (SQLite)

	Relation string  // the table in SQL, quoted where it must be
	Queries  Queries // as sqlc has checked them
}

// Queries are the complete statements of a table.
type Queries struct{ First, Next, At, Lookup string }

// Column is one column of a table.
type Column struct {
	Name     string // as the database spells it
	GoName   string // field of Row
	Type     string // SQL type as the database formats it, without length or precision
	Comment  string
	Nullable bool
	Kind     Kind
}

// Kind is how Go handles a type: one row of an engine's table of types.
type Kind struct {
	Go     Ident  // type of the field
	Decode Ident  // func([]byte) (T, error)
	Append Ident  // func([]byte, T) []byte, writes canonical JSON
	Clone  Ident  // func(T) T; empty where the value is no view
	Elems  Ident  // for arrays: the element descriptor; Go is then the element's type
	Array  bool   // an array of the type
	Custom bool   // array elements have an OID of the database's own
	OID    uint32 // of the result column; 0 where it differs from database to database
	Method string // SQLite: the method of a value that writes canonical JSON
	Sample Sample
}

// Sample is a value of a kind for generated tests.
type Sample struct {
	Wire  string // as the database sends it
	JSON  string // as the message has it
	Class string // SQLite: the storage class; Wire is then a number as text, or the text or bytes
}

// Ident is a Go identifier with the import path of its package; no path for a predeclared one.
type Ident struct{ Path, Name string }

// KeyColumn returns the key.
func (t *Table) KeyColumn() *Column { return &t.Columns[t.Key] }

// QualifiedName is the table's name as a person writes it.
func (t *Table) QualifiedName() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}
