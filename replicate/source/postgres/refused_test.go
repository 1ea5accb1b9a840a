package postgres_test

import (
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/repliqate/repliqate/replicate"
)

// answering listens, and answers each connection with what the function writes. It returns the URI to it.
func answering(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close() // the other side knows
				answer(conn)
			}()
		}
	}()
	return "postgresql://u:hunter2@" + l.Addr().String() + "/d"
}

// pooler refuses the connection as a pooler does that looks at the start-up message.
func pooler(code, message string) func(net.Conn) {
	return func(conn net.Conn) {
		backend := pgproto3.NewBackend(conn, conn)
		for {
			first, err := backend.ReceiveStartupMessage()
			if err != nil {
				return
			}
			if _, ok := first.(*pgproto3.SSLRequest); !ok {
				break
			}
			if _, err := conn.Write([]byte("N")); err != nil {
				return
			}
		}
		backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: message})
		_ = backend.Flush() // the other side may be gone
	}
}

// TestPoolersThatRefuse has the refusals of PgBouncer, RDS Proxy and others: what waiting heals is tried again, and
// the rest stops with what to do.
func TestPoolersThatRefuse(t *testing.T) {
	const ignore = "ignore_startup_parameters = IntervalStyle, bytea_output, default_transaction_isolation, " +
		"extra_float_digits, " +
		"lc_monetary, quote_all_identifiers, row_security, search_path"
	for _, c := range []struct{ code, message, want string }{
		{"08P01", "unsupported startup parameter: search_path", ignore},
		{"08P01", "unsupported startup parameter: lc_monetary", `ALTER ROLE "u" SET row_security = 'off'`},
		{"08P01", "unsupported startup parameter in options: statement_timeout", "connect to PostgreSQL directly"},
		{"0A000", "Feature not supported: RDS Proxy currently doesn't support command-line options.",
			"connect to PostgreSQL directly"},
		{"08P01", "no such database: d", "check the database in SourceConfig.URI"},
		{"08P01", "no such user: u", "check the user in SourceConfig.URI"},
		{"08P01", "SASL authentication failed", "check user and password"},
		{"08P01", "SSL required", "set sslmode=require"},
		{"28P01", "password authentication failed", "check user and password"},
		{"28000", `no pg_hba.conf entry for host "10.0.0.1", user "u", database "d", no encryption`, "sslmode=require"},
		{"3D000", `database "d" does not exist`, "check the database in SourceConfig.URI"},
		{"42501", `permission denied for database "d"`, "GRANT CONNECT ON DATABASE"},
		{"42704", `unrecognized configuration parameter "x"`, "correct options in SourceConfig.URI"},
		{"08P01", "server login has been failing, try again later (server_login_retry)", ""},
		{"08P01", "no more connections allowed (max_client_conn)", ""},
		{"53300", "sorry, too many clients already", ""},
		{"57P03", "the database system is starting up", ""},
	} {
		d := database{t: t}
		s := d.source("public.events", options{uri: answering(t, pooler(c.code, c.message))})
		err := open(t, s, replicate.Offset{})
		if c.want == "" {
			if err == nil || replicate.IsStop(err) || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%s: %v, want an error that is tried again", c.message, err)
			}
			continue
		}
		stops(t, err, c.message, c.want)
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "table was changed") {
			t.Errorf("%s: %v", c.message, err)
		}
	}
}

// TestServersOfAnotherKind connects to what is not PostgreSQL.
func TestServersOfAnotherKind(t *testing.T) {
	says := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1000)) // the other side may be gone
			_, _ = conn.Write([]byte(text))
		}
	}
	for name, text := range map[string]string{
		"HTTP":  "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request",
		"Redis": "-ERR Protocol error: unauthenticated multibulk length\r\n",
		"MySQL": "J\x00\x00\x00\n8.0.36\x00\x0b\x00\x00\x00abcdefgh\x00\xff\xf7\xff\x02\x00\xff\xc1\x15",
	} {
		for _, mode := range []string{"?sslmode=disable", "?sslmode=prefer"} {
			d := database{t: t}
			s := d.source("public.events", options{uri: answering(t, says(text)) + mode})
			if !stops(t, open(t, s, replicate.Offset{}), "what answers there is not PostgreSQL") {
				t.Errorf("%s with %s", name, mode)
			}
		}
	}
}

// TestNoTLS asks a server for TLS that has none, and asks for what it does not need.
func TestNoTLS(t *testing.T) {
	d := create(t, newest(t), identity)
	for _, mode := range []string{"require", "verify-ca", "verify-full"} {
		s := d.source("public.events", options{uri: d.uri("postgres") + "?sslmode=" + mode})
		stops(t, open(t, s, replicate.Offset{}), "the server does not support TLS", "set sslmode=disable")
	}
	for _, mode := range []string{"disable", "allow", "prefer"} {
		s := d.source("public.events", options{uri: d.uri("postgres") + "?sslmode=" + mode})
		if err := open(t, s, replicate.Offset{}); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// TestUnreachable names every server that was tried, and waits for them.
func TestUnreachable(t *testing.T) {
	for uri, want := range map[string]string{
		"postgresql://u:hunter2@127.0.0.1:1/d":                      "connection refused",
		"postgresql://u:hunter2@127.0.0.1:1,localhost:2/d":          "127.0.0.1:1, localhost:2",
		"postgresql://u:hunter2@database.invalid/d":                 "the host name database.invalid does not resolve",
		"postgresql://u:hunter2@127.0.0.1:1/d?sslmode=require":      "connection refused",
		"postgresql://u:hunter2@database.invalid/d?sslmode=require": "does not resolve",
	} {
		err := open(t, database{t: t}.source("public.events", options{uri: uri}), replicate.Offset{})
		if err == nil || replicate.IsStop(err) || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q, tried again", uri, err, want)
		}
	}
}
