package postgres

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/replicate"
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

// wrongURI is an error of the URI, which must not repeat it.
func wrongURI(reason string) error {
	return &replicate.SettingError{Key: replicate.SettingURI, Err: errors.New(reason)}
}

// ParseURI reads a SQLAlchemy-style URI: postgresql://, postgresql+psycopg2://, with libpq's parameters.
// An error never holds the password.
func ParseURI(uri, job string) (*pgconn.Config, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	dialect, _, _ := strings.Cut(scheme, "+")
	if !ok || dialect != "postgresql" && dialect != "postgres" {
		return nil, wrongURI("expected postgresql://user:password@host:5432/database for this table")
	}
	config, err := pgconn.ParseConfig("postgresql://" + rest)
	if err != nil {
		var parse *pgconn.ParseConfigError
		if errors.As(err, &parse) && parse.Unwrap() != nil && !strings.Contains(parse.Unwrap().Error(), rest) {
			return nil, wrongURI("can't be read as postgresql://user:password@host:5432/database; " +
				"special characters in user and password must be percent-encoded")
		}
		return nil, wrongURI("can't be read as postgresql://user:password@host:5432/database")
	}
	for name, value := range pinned {
		config.RuntimeParams[name] = value
	}
	config.RuntimeParams["application_name"] = "repliqate " + job
	config.DialFunc = dialer(config.DialFunc, silenceMax)
	return config, nil
}
