//go:build cgo && !windows

package postgres

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"
)

type syntaxError = parser.Error

// parse calls PostgreSQL's parser as sqlc does if there is cgo, which takes a moment.
func parse(text string) (*pg.ParseResult, error) { return pg.Parse(text) }
