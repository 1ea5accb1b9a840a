// Package sqlite is SQLite 3 to the generator.
//
//	sqlite.go    Engine
//	types.go     the table of types
//	kind.go      what becomes of a column's type: typed if the schema guarantees it, sqlval.Value otherwise
//	ddl*.go      reads DDL by running it in an in-memory database
package sqlite

import (
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

const (
	sourcePath = engine.ReplicatePath + "/source/sqlite"
	sqlvalPath = sourcePath + "/sqlval"
)

// Engine is SQLite 3. A column holds values of any storage class, whatever its declared type, if the table is not
// STRICT; only BOOLEAN and JSON mean something for the message, as they do to the Python daemon.
var Engine = &engine.Engine{
	Name: "sqlite", SQLC: "sqlite",
	Types: names(),
	Kind:  kindOf,
	Read:  read,
	Words: []string{"AUTOINCREMENT", "WITHOUT ROWID", "[name]"},
	Hints: []string{"`name`", "INTEGER PRIMARY KEY", ") STRICT", "PRAGMA", "BLOB", "DATETIME"},
	SQL: engine.SQL{
		Quote:       quote,
		Placeholder: func(n int) string { return "?" + strconv.Itoa(n) },
		Lookup:      func(key string) string { return key + " IN (SELECT value FROM json_each(?1))" },
	},
	Source: engine.Source{
		Path: sourcePath, Imports: []string{sqlvalPath},
		Note:   note,
		Result: func() *jen.Statement { return jen.Id("row").Op("*").Qual(sqlvalPath, "Row") },
		Fields: fields,
		Golden: golden,
	},
	Deploy: engine.Deploy{URI: "sqlite:////var/lib/{package}/{package}.db", LocalFile: true},
}

// fields are what the source must know of the live table.
func fields(t *model.Table) []jen.Code {
	return []jen.Code{
		engine.Field("AutoIncrement", jen.Lit(t.AutoIncrement)),
		engine.Field("Strict", jen.Lit(t.Strict)),
	}
}

// quote knows the words that can't be a bare column or table name.
var quote = engine.Quoter(`"`, `add all alter and as autoincrement between case check collate commit constraint create
	default deferrable delete distinct drop else escape except exists foreign from group having if in index insert
	intersect into is isnull join limit not notnull null on or order primary references select set table then to
	transaction union unique update using values when where returning`)
