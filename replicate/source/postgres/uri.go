package postgres

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

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
	"bytea_output":                  "hex", // inside composite types
	"extra_float_digits":            "1",
	"search_path":                   "public",
	"lc_monetary":                   "C",
	"client_encoding":               "UTF8",
	"quote_all_identifiers":         "off", // types are compared by the names that the server formats
}

const uriShape = "postgresql://user:password@host:5432/database"

// ParseURI reads a SQLAlchemy-style URI: postgresql://, postgresql+psycopg2://, with libpq's parameters.
// An error never holds the value of a parameter, or the password.
func ParseURI(uri, job string) (*pgconn.Config, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	dialect, _, _ := strings.Cut(scheme, "+")
	if !ok || dialect != "postgresql" && dialect != "postgres" {
		return nil, wrongURI(errors.New("expected " + uriShape + " for this table"))
	}
	_, query, _ := strings.Cut(rest, "?")
	certain := !strings.Contains(query, "@") // otherwise a part of it may be of a password with a question mark
	rest = rewritten(rest)
	config, err := pgconn.ParseConfig("postgresql://" + rest)
	if err != nil {
		return nil, parseFailed(err)
	}
	asked, err := takeParameters(config, certain)
	if err != nil {
		return nil, err
	}
	asked.apply(config)
	for name, value := range pinned {
		config.RuntimeParams[name] = value
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "repliqate " + job
	}
	config.DialFunc = dialer(config.DialFunc, silenceMax)
	return config, nil
}

// rewritten puts parameters that the client does not know, and that decide how it reads the others, into the
// terms that it knows.
func rewritten(rest string) string {
	address, query, found := strings.Cut(rest, "?")
	if !found {
		return rest
	}
	var kept []string
	host, hostaddr := address != "" && !strings.HasPrefix(address, "/"), ""
	for _, part := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		switch {
		case name == "requiressl" && value == "1":
			part = "sslmode=require"
		case name == "requiressl" && value == "0":
			part = "sslmode=prefer"
		case name == "host":
			host = true
		case name == "hostaddr":
			hostaddr = value
		}
		kept = append(kept, part)
	}
	if !host && hostaddr != "" {
		kept = append(kept, "host="+hostaddr) // as in libpq, the address then stands for the name
	}
	return address + "?" + strings.Join(kept, "&")
}

// wrongURI is an error of the URI, which must not repeat it.
func wrongURI(err error) error {
	return &replicate.SettingError{Key: replicate.SettingURI, Err: err}
}

func unreadable(why string) error {
	if why != "" {
		return wrongURI(errors.New(why))
	}
	return wrongURI(errors.New("can't be read as " + uriShape +
		"; special characters in user and password must be percent-encoded"))
}

// parseTexts are what the client says of parameters that it can't use, with our own words, which hold no value.
var parseTexts = []struct{ text, says string }{
	{"sslmode is invalid", "sslmode: expected disable, allow, prefer, require, verify-ca or verify-full"},
	{"sslrootcert=system", "sslmode: expected verify-full, the only one that is safe with sslrootcert=system"},
	{"unable to read CA file", "sslrootcert: the file can't be read"},
	{"unable to add CA", "sslrootcert: the file holds no certificate in PEM form"},
	{"are required", "sslcert and sslkey: expected both or neither"},
	{"unable to read sslkey", "sslkey: the file can't be read"},
	{"failed to decode sslkey", "sslkey: the file holds no key in PEM form"},
	{"unable to find sslpassword", "sslkey: the key is encrypted, expected its password as sslpassword"},
	{"unable to decrypt key", "sslkey: it can't be decrypted with sslpassword"},
	{"unable to read cert", "sslcert: the file can't be read"},
	{"unable to load cert", "sslcert: the file holds no certificate in PEM form that belongs to sslkey"},
	{"unknown target_session_attrs", "target_session_attrs: expected any, read-write, read-only, primary, standby or" +
		" prefer-standby"},
	{"unknown channel_binding", "channel_binding: expected disable, prefer or require"},
	{"invalid connect_timeout", "connect_timeout: expected a number of seconds"},
	{"invalid sslcertmode", "sslcertmode: expected disable, allow or require"},
	{"invalid require_auth", "require_auth: expected methods as libpq knows them"},
	{"invalid min_protocol_version", "min_protocol_version: expected 3.0, 3.2 or latest"},
	{"invalid max_protocol_version", "max_protocol_version: expected 3.0, 3.2 or latest"},
	{"min_protocol_version cannot", "max_protocol_version: expected at least min_protocol_version"},
	{"unable to find service", "service: it is not in the service file"},
	{"failed to read service", "service: the service file can't be read"},
	{"could not match", "expected one port for all hosts, or one for each"},
	{"invalid port", "the port is not a number from 1 to 65535; special characters in user and password must be" +
		" percent-encoded"},
}

// parseFailed says what is wrong with a URI, in words that hold nothing of it.
func parseFailed(err error) error {
	text := err.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		text = text[i:] // what comes before it is the URI
	}
	for _, known := range parseTexts {
		if !strings.Contains(text, known.text) {
			continue
		}
		var cause syscall.Errno
		if strings.HasSuffix(known.says, "be read") && errors.As(err, &cause) {
			return unreadable(fmt.Sprintf("%s: %v", known.says, cause))
		}
		return unreadable(known.says)
	}
	return unreadable("")
}
