// Package postgres is PostgreSQL 14 and later to the generator.
//
//	postgres.go    Engine
//	types.go       the table of types: a row has everything that is known of a type
//	types_text.go  types that are read in the database's own text form, and which unknown ones are
//	kind.go        what becomes of a column's type: domains, enums and arrays wrap around a row of the table
//	ddl*.go        reads DDL with PostgreSQL's own parser
package postgres

import (
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

const (
	sourcePath = engine.ReplicatePath + "/source/postgres"
	pgbinPath  = sourcePath + "/pgbin"
	schema     = "public" // need not be named
)

// Engine is PostgreSQL 14 and later.
var Engine = &engine.Engine{
	Name: "postgres", SQLC: "postgresql", Default: schema,
	Types: names(),
	Kind:  kindOf,
	Read:  read,
	Words: []string{"AS IDENTITY", "::", "$$", "NEXTVAL", "CREATE TYPE", "CREATE DOMAIN", "CREATE EXTENSION",
		"COMMENT ON", "ALTER TABLE ONLY", "[ ]"},
	Hints: []string{"CREATE SEQUENCE", "CREATE SCHEMA", "PARTITION BY", "SERIAL", "BIGSERIAL", "SMALLSERIAL", "SERIAL4",
		"SERIAL8", "TIMESTAMPTZ", "TIMETZ", "WITH TIME ZONE", "JSONB", "BYTEA", "UUID", "INTERVAL", "DOUBLE PRECISION"},
	SQL: engine.SQL{
		Quote:       quote,
		Placeholder: func(n int) string { return "$" + strconv.Itoa(n) },
		Lookup:      func(key string) string { return key + " = ANY($1::bigint[])" },
		CatalogType: func(name string) string {
			if name == "char" { // sqlc calls char(n) bpchar
				return `"char"`
			}
			return name
		},
	},
	Source: engine.Source{
		Path: sourcePath, Imports: []string{pgbinPath},
		Result: func() *jen.Statement { return jen.Id("v").Index().Index().Byte() },
		Fields: func(*model.Table) []jen.Code { return nil },
		Golden: engine.WireGolden,
	},
	Deploy: engine.Deploy{
		URI: "postgresql://${DB_USER:-repliqate}:${DB_PASSWORD}@${DB_HOST:-localhost}:5432/${DB_NAME:-{package}}",
		Sequence: func(inSchema, table, key string) string {
			if inSchema == "" {
				inSchema = schema
			}
			return quote(inSchema) + "." + quote(table+"_"+key+"_seq")
		},
	},
}

// quote knows the words that can't be a bare column or table name.
var quote = engine.Quoter(`"`, `all analyse analyze and any array as asc asymmetric authorization binary both case cast
	check collate collation column concurrently constraint create cross current_catalog current_date current_role
	current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except
	false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull
	join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order
	outer overlaps placing primary references returning right select session_user similar some symmetric system_user
	table tablesample then to trailing true union unique user using variadic verbose when where window with`)
