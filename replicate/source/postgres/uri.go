package postgres

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// pinned are the session's settings that decide what a value looks like and what a snapshot sees. They
// travel with the start-up message, and are read back, since some poolers drop them.
var pinned = map[string]string{
	"default_transaction_isolation": "read committed",
	"row_security":                  "off",
	"TimeZone":                      "UTC",
	"DateStyle":                     "ISO, MDY",
	"IntervalStyle":                 "iso_8601",
	"extra_float_digits":            "1",
	"search_path":                   "public",
	"lc_monetary":                   "C",
	"client_encoding":               "UTF8",
	"quote_all_identifiers":         "off", // types are compared by the names that the server formats
}

// ParseURI reads a SQLAlchemy-style URI: postgresql://, postgresql+psycopg2://, with libpq's parameters.
// An error never holds the password.
func ParseURI(uri, job string) (*pgconn.Config, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	dialect, _, _ := strings.Cut(scheme, "+")
	if !ok || dialect != "postgresql" && dialect != "postgres" {
		return nil, errors.New("sql_source.uri: expected postgresql://user:password@host:5432/database for this table")
	}
	config, err := pgconn.ParseConfig("postgresql://" + rest)
	if err != nil {
		var parse *pgconn.ParseConfigError
		if errors.As(err, &parse) && parse.Unwrap() != nil && !strings.Contains(parse.Unwrap().Error(), rest) {
			return nil, errors.New("sql_source.uri: can't be read as postgresql://user:password@host:5432/database; " +
				"special characters in user and password must be percent-encoded")
		}
		return nil, errors.New("sql_source.uri: can't be read as postgresql://user:password@host:5432/database")
	}
	for name, value := range pinned {
		config.RuntimeParams[name] = value
	}
	config.RuntimeParams["application_name"] = "repliqate " + job
	config.DialFunc = dialer(config.DialFunc, silenceMax)
	return config, nil
}
