package ddl

import (
	"fmt"
	"slices"
	"strings"
)

// Table is a table as the DDL defines it.
type Table struct {
	Schema, Name  string // Schema is empty for the engine's default
	Columns       []Column
	PrimaryKey    []string
	AutoIncrement bool // the engine never gives a key twice
	Strict        bool // no column holds a value of another type than its own

	Comment       string
	PartitionedBy []string // columns that decide in which part of the table a row is; empty for an expression

	File    *File
	Pos     int   // where its name is in File
	Problem error // why its columns can't be known
	Mistake error // why what the files say of it can't be right; it is said whenever the table is wanted
}

// Column is a column as the DDL defines it.
type Column struct {
	Name    string
	Type    Type
	NotNull bool
	Unique  bool
	Comment string
	// Generated is set if the database draws the values itself, one after the other.
	Generated bool

	File     *File  // where it is defined, which may be another file than the table's
	Pos      int    // where its name is
	TypePos  int    // where its type is
	TypeText string // the type as it is written
}

// Type is the type of a column.
type Type struct {
	Schema, Name string
	Array        bool
	Enum         bool
	Base         string // base type of a domain, with [] for each array that it is over
	Defined      bool   // the files define it, or it was looked at before
	Extensions   bool   // the files create extensions, which may define it
	Strict       bool   // every value is of this type, in an engine that allows others
}

// QualifiedName is the table's name as a person writes it.
func (t *Table) QualifiedName() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

// SQLName is the table's name in SQL, each part between double quotes.
func (t *Table) SQLName() string {
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	switch {
	case t.Schema != "":
		return quote(t.Schema) + "." + quote(t.Name)
	case t.File.Default != "":
		return quote(t.File.Default) + "." + quote(t.Name)
	}
	return quote(t.Name)
}

// Called reports whether a name is this table's, as it is printed. Its schema may be named even if it is the
// default.
func (t *Table) Called(name string) bool {
	return name == t.QualifiedName() || t.Schema == "" && t.File.Default != "" && name == t.File.Default+"."+t.Name
}

// Column returns the index of a column, or -1.
func (t *Table) Column(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// ColumnNames returns the names of the columns, in their order.
func (t *Table) ColumnNames() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// MarkUnique marks the only column of a unique constraint or index.
func (t *Table) MarkUnique(columns []string) {
	if len(columns) != 1 {
		return
	}
	if i := t.Column(columns[0]); i >= 0 {
		t.Columns[i].Unique = true
	}
}

// Forget removes the table from its file.
func (t *Table) Forget() {
	t.File.Tables = slices.DeleteFunc(t.File.Tables, func(other *Table) bool { return other == t })
}

// Position is where the table is defined, as file:line:column.
func (t *Table) Position() string {
	line, col := t.File.position(t.Pos)
	return fmt.Sprintf("%s:%d:%d", t.File.Name, line, col)
}

// Fail makes an error that points to the table's definition.
func (t *Table) Fail(err error) error { return t.File.At(t.Pos, err) }

// Fail makes an error that points to the column's definition.
func (c *Column) Fail(err error) error { return c.File.At(c.Pos, err) }

// FailType makes an error that points to the column's type.
func (c *Column) FailType(err error) error { return c.File.At(c.TypePos, err) }

// TypeName is the type for an error: as it is written, as far as it decides.
func (c *Column) TypeName() string {
	switch {
	case c.Type.Array:
		return c.TypeText + "[]"
	case c.TypeText == "":
		return "any"
	}
	return c.TypeText
}
