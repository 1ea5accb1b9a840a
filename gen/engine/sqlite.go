package engine

import (
	"strconv"
	"strings"

	"github.com/repliqate/repliqate/gen/model"
)

const (
	sqlitePath = "github.com/repliqate/repliqate/replicate/source/sqlite"
	sqlvalPath = sqlitePath + "/sqlval"
)

// SQLite is SQLite 3. A column holds values of any storage class, whatever its declared type; only
// BOOLEAN and JSON mean something for the message, as they did to the original.
var SQLite = &Engine{
	Name: "sqlite", SQLC: "sqlite", Runtime: sqlitePath,
	URI: "sqlite:////var/lib/{package}/{package}.db",
	Kind: func(t Type) (model.Kind, string, error) {
		name, _, _ := strings.Cut(strings.ToUpper(t.Name), "(") // without length and precision
		name = strings.TrimSpace(name)
		method := "AppendJSON"
		switch name {
		case "BOOLEAN", "BOOL":
			method = "AppendBool"
		case "JSON", "JSONB":
			method = "AppendEmbedded"
		}
		sample, usual := sqliteSamples[name]
		if !usual {
			sample = sqliteSamples[method]
		}
		return model.Kind{Go: model.Ident{Path: sqlvalPath, Name: "Value"}, Method: method, Sample: sample}, name, nil
	},
	Quote: func(name string) string {
		if plain(name) && !sqliteReserved[name] {
			return name
		}
		return doubleQuote(name)
	},
	Placeholder: func(n int) string { return "?" + strconv.Itoa(n) },
	Lookup:      func(key string) string { return key + " IN (SELECT value FROM json_each(?1))" },
	KeyTypes:    map[string]bool{"INTEGER": true, "INT": true, "BIGINT": true},
	Words:       []string{"AUTOINCREMENT", "WITHOUT ROWID", "`name`", "[name]"},
	Hints:       []string{"INTEGER PRIMARY KEY", ") STRICT", "PRAGMA", "BLOB", "DATETIME"},
}

var sqliteReserved = words(`add all alter and as autoincrement between case check collate commit constraint create
	default deferrable delete distinct drop else escape except exists foreign from group having if in index insert
	intersect into is isnull join limit not notnull null on or order primary references select set table then to
	transaction union unique update using values when where returning`)
