package postgres

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/replicate"
)

// connect tries the servers of the URI, each for its own time.
func (s *source[R, K]) connect(ctx context.Context) (*pgconn.PgConn, error) {
	limit := connectTimeout + time.Duration(len(hosts(s.config)))*s.config.ConnectTimeout
	dial, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := pgconn.ConnectConfig(dial, s.config)
	if err != nil {
		return nil, s.connectFailed(err)
	}
	return conn, nil
}

// address names the servers. It is not a secret.
func (s *source[R, K]) address() string {
	var all []string
	for _, ways := range hosts(s.config) {
		all = append(all, net.JoinHostPort(ways[0].Host, strconv.Itoa(int(ways[0].Port))))
	}
	return strings.Join(all, ", ")
}

// connectFailed leaves out pgconn's own words, which name the user and the database.
func (s *source[R, K]) connectFailed(err error) error {
	where := "connect to PostgreSQL at " + s.address()
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return s.serverRefused(where, server)
	}
	// Several ways are tried, so all must be hopeless. With sslmode=prefer, the lack of TLS is not what went wrong.
	all := slices.DeleteFunc(causes(err), func(cause error) bool { return strings.Contains(cause.Error(), noTLS) })
	if len(all) == 0 {
		return replicate.Stop(errors.New(where+": the server does not support TLS, which sslmode in sql_source.uri asks for"),
			"turn TLS on in the server (ssl = on), or set sslmode=disable")
	}
	hint := ""
	for _, cause := range all {
		if hint = hintOf(cause); hint == "" {
			return fmt.Errorf("%s: %w", where, plain(cause))
		}
	}
	return replicate.Stop(fmt.Errorf("%s: %w", where, innermost(all[0])), hint)
}

// noTLS is what the client says of a server that answers the question for TLS with no.
const noTLS = "server refused TLS connection"

// causes are the errors of all ways that were tried.
func causes(err error) (all []error) {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		if several, ok := inner.(interface{ Unwrap() []error }); ok {
			for _, e := range several.Unwrap() {
				all = append(all, causes(e)...)
			}
			return all
		}
	}
	return []error{err}
}

// plain says of a name that does not resolve what that means; the resolver's own address is of no use.
func plain(err error) error {
	var name *net.DNSError
	if errors.As(err, &name) {
		if name.IsNotFound {
			return fmt.Errorf("the host name %s does not resolve: check it in sql_source.uri, and the resolver", name.Name)
		}
		return fmt.Errorf("the host name %s does not resolve at present: %s", name.Name, name.Err)
	}
	return innermost(err)
}

// hopelessTexts are in the errors of the client that no retry heals, with what to do.
var hopelessTexts = []struct{ text, hint string }{
	{"unknown message type", otherServer},
	{"invalid message length", otherServer},
	{"invalid body length", otherServer},
	{"unexpected message", otherServer},
	{"first record does not look like a TLS handshake", "the server does not encrypt at this address: remove" +
		" sslnegotiation=direct, or correct host and port in sql_source.uri"},
	{"channel binding required", "remove channel_binding=require, or let the server ask for SCRAM over TLS"},
	{"channel binding check failed", "remove channel_binding=require, or let the server ask for SCRAM over TLS"},
	{"require_auth check failed", "correct require_auth in sql_source.uri, or the server's pg_hba.conf"},
	{"sslcertmode check failed", "the server asks for no certificate: remove sslcertmode=require"},
	{"requirepeer", "correct requirepeer, or the folder of the socket, in sql_source.uri"},
	{"certificate was revoked", "give the server another certificate"},
	{"no list of sslcrl", "bring the lists of sslcrl or sslcrldir up to date"},
	{"remote error: tls: handshake failure", "check ssl_min_protocol_version against what the server accepts"},
	{"tls: protocol version", "check ssl_min_protocol_version and ssl_max_protocol_version against the server"},
	{"remote error: tls:", "set sslcert and sslkey to a certificate that the server trusts"},
	{"unsupported authentication method", "let pg_hba.conf ask for an authentication method without GSSAPI"},
}

const otherServer = "what answers there is not PostgreSQL: correct host and port in sql_source.uri"

// hintOf says what to do where no retry heals an error of the client, and is empty for others.
func hintOf(err error) string {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return "set sslrootcert in sql_source.uri to the authority of the server's certificate"
	case errors.As(err, &name):
		return "correct the host in sql_source.uri to a name of the server's certificate, or set sslmode=verify-ca"
	case errors.As(err, &invalid):
		return "renew the server's certificate"
	}
	text := err.Error()
	for _, h := range hopelessTexts {
		if strings.Contains(text, h.text) {
			return h.hint
		}
	}
	return ""
}

// poolerTexts are in the refusals of poolers, which have one error code for what heals and what does not.
var poolerTexts = []struct{ text, hint string }{
	{"no such database", "check the database in sql_source.uri against those of the pooler"},
	{"no such user", "check the user in sql_source.uri against those of the pooler"},
	{"SASL authentication failed", "check user and password in sql_source.uri"},
	{"auth failed", "check user and password in sql_source.uri"},
	{"SSL required", "set sslmode=require in sql_source.uri"},
	{"TLS required", "set sslmode=require in sql_source.uri"},
	{"replication connections", "remove replication from sql_source.uri"},
}

// Error codes of a refused connection.
const (
	codeProtocol    = "08P01"
	codeUnsupported = "0A000"
	codeSetting     = "42704"
	codeValue       = "22023"
	codeNoAccess    = "28000"
	codeRole        = "42501"
)

// serverRefused classifies what a server, or the pooler in front of it, answers to a connection.
func (s *source[R, K]) serverRefused(where string, server *pgconn.PgError) error {
	wrapped := fmt.Errorf("%s: %s (SQLSTATE %s)", where, server.Message, server.Code)
	pooler := server.Code == codeProtocol || server.Code == codeUnsupported
	switch {
	case pooler && (strings.Contains(server.Message, "parameter") || strings.Contains(server.Message, "option")):
		return replicate.Stop(wrapped, s.poolerRemedy())
	case server.Code == codeSetting, server.Code == codeValue:
		return replicate.Stop(wrapped, "correct options in sql_source.uri, or the settings of role and database"+
			" (ALTER ROLE ... RESET, ALTER DATABASE ... RESET)")
	case server.Code == codeRole:
		return replicate.Stop(wrapped, "GRANT CONNECT ON DATABASE to the role, or correct sql_source.uri")
	case server.Code == codeNoAccess && strings.Contains(server.Message, "pg_hba.conf"):
		return replicate.Stop(wrapped, "add a line for this client to the server's pg_hba.conf; if its lines are for hostssl"+
			" alone, set sslmode=require in sql_source.uri")
	case pooler:
		for _, p := range poolerTexts {
			if strings.Contains(server.Message, p.text) {
				return replicate.Stop(wrapped, p.hint)
			}
		}
		return wrapped
	}
	return s.classify(where, server)
}

// tracked are the settings that poolers pass on as they are.
var tracked = []string{"client_encoding", "DateStyle", "TimeZone"}

// poolerRemedy names the parameters that a pooler has to pass over, and how the session gets them without it.
func (s *source[R, K]) poolerRemedy() string {
	var names, settings []string
	for name := range s.config.RuntimeParams {
		if name == "application_name" || slices.Contains(tracked, name) {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if value, ok := pinned[name]; ok {
			settings = append(settings, "SET "+name+" = '"+value+"'")
		}
	}
	alter := "ALTER ROLE " + quote(s.config.User) + " "
	return "it is a pooler that refuses start-up parameters: connect to PostgreSQL directly; or set PgBouncer's" +
		" ignore_startup_parameters = " + strings.Join(names, ", ") + " (those that PostgreSQL reports can be in" +
		" track_extra_parameters instead) and give the role what is then not sent: " + alter +
		strings.Join(settings, "; "+alter)
}

// innermost is the cause, the first where there are several.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if several, ok := err.(interface{ Unwrap() []error }); ok && len(several.Unwrap()) > 0 {
			inner = several.Unwrap()[0]
		}
		if inner == nil {
			return err
		}
		err = inner
	}
}

// hopeless are the error classes and codes that no retry heals, with what to do. The first that fits counts.
var hopeless = []struct{ code, hint string }{
	{"28", "check user and password in sql_source.uri"},
	{"3D000", "check the database in sql_source.uri"},
	{"3F000", "check the schema of the table"},
	{undefinedTable, "check the table in sql_source.uri's database, and its schema"},
	{codeRole, "grant the role SELECT on table and sequence, USAGE on their schemas, BYPASSRLS where rows are hidden"},
	{"42703", "the table was changed: regenerate the replicator"},
	{codeSetting, "what is named is not in this database: check options in sql_source.uri, the types of the table, and" +
		" settle.sequence"},
	{"42883", "the server is too old, or not PostgreSQL itself: PostgreSQL 14 or later is needed"},
	{"42601", "the server is too old, or not PostgreSQL itself: PostgreSQL 14 or later is needed"},
	{"42602", "check the names in sql_source: an identifier with special characters is quoted as in SQL"},
	{"42804", "the table was changed: regenerate the replicator"},
	{"42P18", "the table was changed: regenerate the replicator"},
	{"42809", "name the table itself, not a view of it"},
	{"22021", "mend the texts that are not valid in the database's encoding"},
	{"22P05", "mend the texts that have no counterpart in UTF-8"},
	{"42", "PostgreSQL does not take a query of this replicator: if the table was changed, regenerate it"},
}

// classify tells what a retry can heal from what it can't.
func (s *source[R, K]) classify(what string, err error) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return fmt.Errorf("%s: %w", what, innermost(err))
	}
	wrapped := fmt.Errorf("%s: %s (SQLSTATE %s)", what, server.Message, server.Code)
	for _, h := range hopeless {
		if strings.HasPrefix(server.Code, h.code) {
			return replicate.Stop(wrapped, h.hint)
		}
	}
	return wrapped
}
