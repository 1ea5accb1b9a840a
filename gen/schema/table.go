package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/engine"
)

// Table is a table as the DDL defines it.
type Table struct {
	Schema, Name  string // Schema is empty for the engine's default
	Columns       []Column
	PrimaryKey    []string
	AutoIncrement bool

	file    *File
	pos     int
	problem error          // why its columns can't be known
	named   map[string]int // where CREATE TABLE names its columns, by name in lower case (SQLite)
}

// Column is a column as the DDL defines it.
type Column struct {
	Name    string
	Type    engine.Type
	NotNull bool
	Unique  bool

	file     *File
	pos      int
	typePos  int
	typeText string // the type as it is written
}

// QualifiedName is the table's name as a person writes it.
func (t *Table) QualifiedName() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

// Called reports whether a person means this table: its schema may be named even if it is the default,
// and quotes are left out, as a configuration may have them.
func (t *Table) Called(name string) bool {
	plain := strings.ReplaceAll(name, `"`, "")
	return name == t.QualifiedName() || plain == t.QualifiedName() ||
		t.Schema == "" && t.file.Engine.Default != "" && plain == t.file.Engine.Default+"."+t.Name
}

// Column returns the index of a column, or -1.
func (t *Table) Column(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// Position is where the table is defined, as file:line:column.
func (t *Table) Position() string {
	line, col := t.file.position(t.pos)
	return fmt.Sprintf("%s:%d:%d", t.file.Name, line, col)
}

// Fail makes an error that points to the table's definition.
func (t *Table) Fail(err error) error { return t.file.at(t.pos, err) }

// failColumn makes an error that points to a column's definition, failType one that points to its type.
func (t *Table) failColumn(i int, err error) error {
	return t.Columns[i].file.at(t.Columns[i].pos, err)
}

func (t *Table) failType(i int, err error) error {
	return t.Columns[i].file.at(t.Columns[i].typePos, err)
}

// Key finds the key: the column asked for, or the declared primary key. It says why there is none.
func (t *Table) Key(asked string) (int, error) {
	if t.problem != nil {
		return -1, t.Fail(t.problem)
	}
	other := fmt.Sprintf("name a unique, not-null integer column with --primary-key %s=COLUMN", t.QualifiedName())
	declared := ""
	if len(t.PrimaryKey) == 1 {
		declared = t.PrimaryKey[0]
	}
	if asked == "" && declared == "" {
		return -1, t.Fail(fmt.Errorf("table %s has no primary key of one column: %s", t.QualifiedName(), other))
	}
	name := asked
	if name == "" {
		name = declared
	}
	i := t.Column(name)
	if i < 0 {
		return -1, t.Fail(fmt.Errorf("table %s has no column %s to be its key: it has %s",
			t.QualifiedName(), name, t.columnNames()))
	}
	c := t.Columns[i]
	_, formatted, err := t.file.Engine.Kind(c.Type)
	if err != nil || c.Type.Array || !t.file.Engine.KeyTypes[formatted] {
		return -1, t.failType(i, fmt.Errorf("key %s of table %s is of type %s, which is no integer type: %s",
			c.Name, t.QualifiedName(), c.typeName(), other))
	}
	switch {
	case !c.NotNull:
		return -1, t.failColumn(i, fmt.Errorf("key %s of table %s can be null: declare it NOT NULL, or %s",
			c.Name, t.QualifiedName(), other))
	case declared != c.Name && !c.Unique:
		return -1, t.failColumn(i, fmt.Errorf("key %s of table %s is not unique: declare it UNIQUE, or %s",
			c.Name, t.QualifiedName(), other))
	}
	return i, nil
}

// typeName is the type for an error: as it is written, as far as it decides.
func (c *Column) typeName() string {
	switch {
	case c.Type.Array:
		return c.typeText + "[]"
	case c.typeText == "":
		return "any"
	}
	return c.typeText
}

// CheckTypes reports the first column whose type is not supported.
func (t *Table) CheckTypes() error {
	for i, c := range t.Columns {
		if _, _, err := t.file.Engine.Kind(c.Type); err != nil {
			return t.failType(i, fmt.Errorf("column %s of table %s: %w", c.Name, t.QualifiedName(), err))
		}
	}
	return nil
}

func (t *Table) columnNames() string { return strings.Join(t.ColumnNames(), ", ") }

// ColumnNames returns the names of the columns, in their order.
func (t *Table) ColumnNames() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}
