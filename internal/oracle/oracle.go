// Package oracle holds what the Python daemon publishes of rows of every type: rows, the data and hash of their
// messages, and the bytes that PostgreSQL and MySQL send for them. scripts/oracle reads the rows, cmd/make-vectors
// drives it and writes testdata; tests here and in internal/e2e compare.
package oracle

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Vectors are all vectors of one engine.
type Vectors struct {
	Schema      string       `json:"-"`       // the DDL of the tables
	Differences []Difference `json:"-"`       // what we publish otherwise
	Tables      []Table      `json:"tables"`  // in the order in which they are filled
	Rows        []*Row       `json:"vectors"` // in the order in which they are inserted
}

// Table is a table of the schema.
type Table struct {
	Name    string   `json:"name"`
	Product string   `json:"product,omitempty"` // the only one that has the table: MySQL or MariaDB
	Columns []Column `json:"columns"`
}

// Column is a column, with its type as the database formats it.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Row is one row with what the Python daemon publishes of it. Keys are drawn in the order of the vectors, from 1 on.
type Row struct {
	Table string `json:"table"`
	// Row has the columns that are not null: for PostgreSQL as the text that it reads, for MySQL as an expression of SQL,
	// for SQLite as a storage class, a colon, and the value; a real as its bits in hexadecimal, a blob in base64.
	Row map[string]string `json:"row"`
	// Wire has the same columns and the key as PostgreSQL and MySQL send them in binary format.
	Wire map[string][]byte `json:"wire,omitempty"`
	// Data is the data of the Python daemon's message, in the order of the columns; it is not JSON if it holds NaN.
	// Hash is its hash. If the daemon can't read or write the row, Raises says why and both are empty.
	Data   string `json:"data,omitempty"`
	Hash   string `json:"hash,omitempty"`
	Raises string `json:"raises,omitempty"`
}

//go:embed testdata/*.json testdata/*.sql
var files embed.FS

// Load reads the vectors of an engine, postgres, mysql or sqlite.
func Load(engine string) (*Vectors, error) {
	schema, err := files.ReadFile("testdata/" + engine + ".sql")
	if err != nil {
		return nil, err
	}
	content, err := files.ReadFile("testdata/" + engine + ".json")
	if err != nil {
		return nil, err
	}
	v := &Vectors{Schema: string(schema), Differences: differences[engine]}
	if err := json.Unmarshal(content, v); err != nil {
		return nil, fmt.Errorf("vectors of %s: %w", engine, err)
	}
	return v, nil
}

// Write writes the vectors, one a line, into the folder of this package.
func (v *Vectors) Write(root, engine string) error {
	var b bytes.Buffer
	b.WriteString("{\"tables\": [\n")
	if err := writeLines(&b, v.Tables); err != nil {
		return err
	}
	b.WriteString("], \"vectors\": [\n")
	if err := writeLines(&b, v.Rows); err != nil {
		return err
	}
	b.WriteString("]}\n")
	return os.WriteFile(filepath.Join(root, "internal", "oracle", "testdata", engine+".json"), b.Bytes(), 0o644)
}

func writeLines[T any](b *bytes.Buffer, values []T) error {
	for i, v := range values {
		line, err := json.Marshal(v)
		if err != nil {
			return err
		}
		b.Write(line)
		if i+1 < len(values) {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	return nil
}

// Of returns the rows of a table, in order.
func (v *Vectors) Of(table string) (rows []*Row) {
	for _, r := range v.Rows {
		if r.Table == table {
			rows = append(rows, r)
		}
	}
	return rows
}

// On returns the vectors of the tables that a product has.
func (v *Vectors) On(product string) *Vectors {
	of := &Vectors{Schema: v.Schema, Differences: v.Differences}
	for _, t := range v.Tables {
		if t.Product == "" || t.Product == product {
			of.Tables = append(of.Tables, t)
			of.Rows = append(of.Rows, v.Of(t.Name)...)
		}
	}
	return of
}
