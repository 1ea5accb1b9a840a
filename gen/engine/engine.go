package engine

import (
	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/model"
)

// Engine is one kind of database.
type Engine struct {
	Name    string   // as --engine and config files have it
	SQLC    string   // sqlc's name for it
	Aliases []string // other names that a person may have for it
	Default string   // schema that need not be named; empty if it has no schemas

	// Types are the names of each type in DDL, the last one as the database formats it.
	Types [][]string
	// Kind finds how Go handles a type.
	Kind func(ddl.Type) (model.Kind, error)
	// Read fills in what the files define, of which there is at least one. They may build on each other.
	Read func([]*ddl.File) error
	// Words are phrases of DDL that are a syntax error to other engines, Hints those that are unusual
	// with them. A schema's engine is recognised by them.
	Words, Hints []string

	SQL    SQL
	Source Source
	Deploy Deploy
}

// SQL is what differs in queries.
type SQL struct {
	// Quote quotes an identifier if it must be.
	Quote func(string) string
	// Placeholder is the n-th parameter of a query.
	Placeholder func(n int) string
	// Lookup is the condition that finds a list of keys, as the only parameter.
	Lookup func(key string) string
	// CatalogType is the type that sqlc's catalog means by a name; nil if it is always the type of that name.
	CatalogType func(name string) string
	// CatalogName is the table or column that sqlc's catalog means by a name; nil if it is always that of the name.
	CatalogName func(name string) string
}

// Source is what generated code has for this engine alone.
type Source struct {
	// Path is the import path of the source package, which has a type Table.
	Path string
	// Imports are the other packages that the code may name, besides the run time's own.
	Imports []string
	// Note is what the comment on Row says for this engine alone; nil for nothing.
	Note func(t *model.Table) string
	// Result declares the parameter of scan that holds a row of the result.
	Result func() *jen.Statement
	// Fields are the fields that Table has for this engine alone.
	Fields func(t *model.Table) []jen.Code
	// Golden declares a variable row, of the samples. A column that null is true of is null.
	Golden func(t *model.Table, null func(*model.Column) bool) jen.Code
}

// Deploy is what the files beside the code say for this engine alone.
type Deploy struct {
	// URI is a typical URI, in which {package} is the package.
	URI string
	// Sequence is what the sequence of a key is called by default; nil if keys don't come from a sequence that an
	// operator can vouch for.
	Sequence func(schema, table, key string) string
	// LocalFile is set if the database is a file that the replicator opens itself.
	LocalFile bool
}

// Relation returns the table in SQL.
func (e *Engine) Relation(schema, table string) string {
	if schema == "" {
		schema = e.Default
	}
	if schema == "" {
		return e.SQL.Quote(table)
	}
	return e.SQL.Quote(schema) + "." + e.SQL.Quote(table)
}
