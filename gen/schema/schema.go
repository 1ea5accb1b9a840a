// Package schema reads DDL. ddl_<engine>.go find what sqlc's catalog lacks (primary keys, positions),
// sqlc.go has sqlc compile schema and queries, catalog.go turns its catalog into the model.
package schema

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/engine"
)

// Error is a mistake in a schema file. Text is the offending piece of it.
type Error struct {
	File      string
	Line, Col int
	Text      string
	Err       error
}

func (e *Error) Error() string {
	msg := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Err)
	if e.Text != "" {
		msg += fmt.Sprintf(" (at %q)", e.Text)
	}
	return msg
}

func (e *Error) Unwrap() error { return e.Err }

// File is a schema file and what it defines.
type File struct {
	Name   string
	Engine *engine.Engine
	Tables []*Table
	SQL    string

	text    string
	domains map[string]string
	enums   map[string]bool
	// needed returns the DDL that the tables need and nothing else.
	needed func(tables []*Table) string
}

// Table is a table as the DDL defines it.
type Table struct {
	Schema, Name  string // Schema is empty for the engine's default
	Columns       []Column
	PrimaryKey    []string
	AutoIncrement bool

	file *File
	pos  int
}

// Column is a column as the DDL defines it.
type Column struct {
	Name    string
	Type    engine.Type
	NotNull bool
	Unique  bool
	pos     int
}

// Read parses a schema file. With a nil engine it is told from the DDL.
func Read(name string, e *engine.Engine) (*File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("read schema: %s: there is no such file", name)
		}
		return nil, fmt.Errorf("read schema: %w", err)
	}
	f := &File{Name: name, Engine: e, text: string(text), domains: map[string]string{}, enums: map[string]bool{}}
	if strings.TrimSpace(f.text) == "" {
		return nil, &Error{File: name, Line: 1, Col: 1, Err: errors.New("the file is empty: expected CREATE TABLE statements")}
	}
	if f.Engine == nil {
		f.Engine = tell(f.text)
	}
	switch f.Engine {
	case engine.SQLite:
		err = f.readSQLite()
	default:
		err = f.readPostgres()
	}
	if err != nil {
		return nil, err
	}
	if len(f.Tables) == 0 {
		return nil, &Error{File: name, Line: 1, Col: 1, Err: errors.New("the file defines no table: expected CREATE TABLE statements")}
	}
	return f, nil
}

// tell guesses the engine by words that only one of them has.
func tell(text string) *engine.Engine {
	upper := strings.ToUpper(text)
	for _, word := range []string{"AUTOINCREMENT", "WITHOUT ROWID", "PRAGMA "} {
		if strings.Contains(upper, word) {
			return engine.SQLite
		}
	}
	return engine.Postgres
}

// at makes an error that points to byte pos of the file.
func (f *File) at(pos int, text string, err error) *Error {
	pos = min(max(pos, 0), len(f.text))
	before := f.text[:pos]
	line := strings.Count(before, "\n") + 1
	col := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	return &Error{File: f.Name, Line: line, Col: col, Text: text, Err: err}
}

// QualifiedName is the table's name as a person writes it.
func (t *Table) QualifiedName() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

// Column returns the index of a column, or -1.
func (t *Table) Column(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// Fail makes an error that points to the table's definition.
func (t *Table) Fail(err error) error { return t.file.at(t.pos, t.Name, err) }

// FailColumn makes an error that points to a column's definition.
func (t *Table) FailColumn(i int, err error) error {
	return t.file.at(t.Columns[i].pos, t.Columns[i].Name, err)
}

// Key finds the key: the column asked for, or the declared primary key. It says why there is none.
func (t *Table) Key(asked string) (int, error) {
	if asked == "" {
		if len(t.PrimaryKey) != 1 {
			return -1, t.Fail(fmt.Errorf("table %s has no primary key of one column: name a unique, not-null "+
				"integer column with --primary-key %s=COLUMN", t.QualifiedName(), t.QualifiedName()))
		}
		asked = t.PrimaryKey[0]
	}
	i := t.Column(asked)
	if i < 0 {
		return -1, t.Fail(fmt.Errorf("table %s has no column %s to be its key: it has %s", t.QualifiedName(), asked, t.columnNames()))
	}
	c := t.Columns[i]
	_, formatted, err := t.file.Engine.Kind(c.Type)
	if err != nil || c.Type.Array || !t.file.Engine.KeyTypes[formatted] {
		return -1, t.FailColumn(i, fmt.Errorf("key %s of table %s is of type %s: it must be a column of an integer type",
			c.Name, t.QualifiedName(), c.Type.Name))
	}
	declared := len(t.PrimaryKey) == 1 && t.PrimaryKey[0] == c.Name
	if !declared && (!c.Unique || !c.NotNull) {
		return -1, t.FailColumn(i, fmt.Errorf("key %s of table %s must be declared UNIQUE and NOT NULL", c.Name, t.QualifiedName()))
	}
	return i, nil
}

// CheckTypes reports the first column whose type is not supported.
func (t *Table) CheckTypes() error {
	for i, c := range t.Columns {
		if _, _, err := t.file.Engine.Kind(c.Type); err != nil {
			return t.FailColumn(i, fmt.Errorf("column %s of table %s: %w", c.Name, t.QualifiedName(), err))
		}
	}
	return nil
}

func (t *Table) columnNames() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// Needed returns the DDL that tables need and nothing else, so that what sqlc can't parse elsewhere in
// the file does no harm.
func (f *File) Needed(tables []*Table) string { return f.needed(tables) }

// Domains returns the base type of each domain, which sqlc's catalog does not know.
func (f *File) Domains() map[string]string { return f.domains }
