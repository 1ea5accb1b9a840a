//go:build !cgo || windows

package postgres

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	pgquery "github.com/wasilibs/go-pgquery"
	"github.com/wasilibs/go-pgquery/parser"
)

type syntaxError = parser.Error

// parse runs PostgreSQL's parser as WebAssembly, which takes a second to compile at the start.
func parse(text string) (*pg.ParseResult, error) { return pgquery.Parse(text) }
