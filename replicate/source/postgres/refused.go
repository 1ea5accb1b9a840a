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
		return replicate.Stop(errors.New(where+": the server does not support TLS, which sslmode asks for"),
			"turn TLS on in the server (ssl = on), or set sslmode=disable in %s", replicate.SettingURI)
	}
	hint := ""
	for _, cause := range all {
		if hint = hintOf(cause); hint == "" {
			return plain(where, cause)
		}
	}
	return stop(fmt.Errorf("%s: %w", where, innermost(all[0])), hint)
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

// plain says what it means that a name does not resolve, and leaves out the resolver's own address.
func plain(where string, err error) error {
	var name *net.DNSError
	switch {
	case !errors.As(err, &name):
		return fmt.Errorf("%s: %w", where, innermost(err))
	case name.IsNotFound:
		return replicate.Hint(fmt.Errorf("%s: the host name %s does not resolve", where, name.Name),
			"check it in %s, and the resolver", replicate.SettingURI)
	}
	return fmt.Errorf("%s: the host name %s does not resolve at present: %s", where, name.Name, name.Err)
}

// stop ends the job with a hint from the lists below, in which %s stands for the URI.
func stop(err error, hint string) error {
	if strings.Contains(hint, "%s") {
		return replicate.Stop(err, hint, replicate.SettingURI)
	}
	return replicate.Stop(err, hint)
}

// hopelessTexts are in the errors of the client that no retry heals, with what to do.
var hopelessTexts = []struct{ text, hint string }{
	{"unknown message type", otherServer},
	{"invalid message length", otherServer},
	{"invalid body length", otherServer},
	{"unexpected message", otherServer},
	{"first record does not look like a TLS handshake", "the server does not encrypt at this address: remove" +
		" sslnegotiation=direct, or correct host and port in %s"},
	{"channel binding required", "remove channel_binding=require, or let the server ask for SCRAM over TLS"},
	{"channel binding check failed", "remove channel_binding=require, or let the server ask for SCRAM over TLS"},
	{"require_auth check failed", "correct require_auth in %s, or the server's pg_hba.conf"},
	{"sslcertmode check failed", "the server asks for no certificate: remove sslcertmode=require"},
	{"requirepeer", "correct requirepeer, or the folder of the socket, in %s"},
	{"certificate was revoked", "give the server another certificate"},
	{"no list of sslcrl", "bring the lists of sslcrl or sslcrldir up to date"},
	{"remote error: tls: handshake failure", "check ssl_min_protocol_version against what the server accepts"},
	{"tls: protocol version", "check ssl_min_protocol_version and ssl_max_protocol_version against the server"},
	{"remote error: tls:", "set sslcert and sslkey to a certificate that the server trusts"},
	{"unsupported authentication method", "let pg_hba.conf ask for an authentication method without GSSAPI"},
}

const otherServer = "what answers there is not PostgreSQL: correct host and port in %s"

// hintOf says what to do where no retry heals an error of the client, and is empty for others.
func hintOf(err error) string {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return "set sslrootcert in %s to the authority of the server's certificate"
	case errors.As(err, &name):
		return "correct the host in %s to a name of the server's certificate, or set sslmode=verify-ca"
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
	{"no such database", "check the database in %s against those of the pooler"},
	{"no such user", "check the user in %s against those of the pooler"},
	{"SASL authentication failed", "check user and password in %s"},
	{"auth failed", "check user and password in %s"},
	{"SSL required", "set sslmode=require in %s"},
	{"TLS required", "set sslmode=require in %s"},
	{"replication connections", "remove replication from %s"},
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
		return replicate.Stop(wrapped, "correct options in %s, or the settings of role and database"+
			" (ALTER ROLE ... RESET, ALTER DATABASE ... RESET)", replicate.SettingURI)
	case server.Code == codeRole:
		return replicate.Stop(wrapped, "GRANT CONNECT ON DATABASE to the role, or correct %s", replicate.SettingURI)
	case server.Code == codeNoAccess && strings.Contains(server.Message, "pg_hba.conf"):
		return replicate.Stop(wrapped, "add a line for this client to the server's pg_hba.conf; if its lines are for hostssl"+
			" alone, set sslmode=require in %s", replicate.SettingURI)
	case pooler:
		for _, p := range poolerTexts {
			if strings.Contains(server.Message, p.text) {
				return stop(wrapped, p.hint)
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

// atURI is the setting that most hints name.
var atURI = []replicate.Setting{replicate.SettingURI}

// hopeless are the error classes and codes that no retry heals, with what to do. The first that fits counts.
var hopeless = []struct {
	code, hint string
	settings   []replicate.Setting
}{
	{"28", "check user and password in %s", atURI},
	{"3D000", "check the database in %s", atURI},
	{"3F000", "check the schema of the table", nil},
	{undefinedTable, "check that the table and its schema are in the database of %s", atURI},
	{codeRole, "grant the role SELECT on table and sequence, USAGE on their schemas, and BYPASSRLS if rows are hidden",
		nil},
	{"42703", "the table was changed: regenerate the replicator", nil},
	{codeSetting, "what is named is not in this database: check options in %s, the types of the table, and %s",
		[]replicate.Setting{replicate.SettingURI, replicate.SettingSettleSequence}},
	{"42883", "the server is too old, or not PostgreSQL itself: PostgreSQL 14 or later is needed", nil},
	{"42601", "the server is too old, or not PostgreSQL itself: PostgreSQL 14 or later is needed", nil},
	{"42602", "check %s: an identifier with special characters is quoted as in SQL",
		[]replicate.Setting{replicate.SettingSettleSequence}},
	{"42804", "the table was changed: regenerate the replicator", nil},
	{"42P18", "the table was changed: regenerate the replicator", nil},
	{"42809", "name the table itself, not a view of it", nil},
	{"22021", "correct the texts that are not valid in the database's encoding", nil},
	{"22P05", "correct the texts that have no counterpart in UTF-8", nil},
	{"42", "PostgreSQL does not take a query of this replicator: if the table was changed, regenerate it", nil},
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
			return replicate.Stop(wrapped, h.hint, h.settings...)
		}
	}
	return wrapped
}
