package mysql

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
	"github.com/repliqate/repliqate/replicate/source/mysql/internal/wire"
)

// closeTimeout bounds a farewell to a server that may be gone.
const closeTimeout = 2 * time.Second

// Table is what a generated package supplies for a table of MySQL or MariaDB.
type Table[R any, K replicate.Key] struct {
	replicate.Table[R, K]
	Schema      string // the database that the table is in; empty for that of the URI
	Unqualified string // the table's name, without quotes
	Relation    string // the table in SQL, quoted, with its database where Schema names one

	// First has the parameter LIMIT; Next the key and LIMIT; At the key. Lookup has KeysParameter in place of a
	// list of keys.
	First, Next, At, Lookup string
	Scan                    func(r *R, v [][]byte) error
	ScanKey                 func(v [][]byte) (K, error)
}

// KeysParameter stands in Table.Lookup for a list of keys, as sqlc writes it for MySQL.
const KeysParameter = "/*SLICE:keys*/?"

// NewSource returns a source that reads the table.
func (t *Table[R, K]) NewSource(b *replicate.Builder[R, K], c replicate.SourceConfig) (replicate.Source[K], error) {
	target, err := parseURI(c.URI, c.Job)
	if err != nil {
		return nil, err
	}
	if c.Settle.Sequence != "" {
		return nil, &replicate.SettingError{Key: replicate.SettingSettleSequence,
			Err: errors.New("MySQL has no sequences: remove it")}
	}
	return &source[R, K]{
		table: t, builder: b, target: target, settle: c.Settle, warner: keyset.NewWarner(c.Warn),
		job: c.Job, readURI: c.ReadURI,
		reader: keyset.Reader[R, K, [][]byte]{Table: &t.Table, Builder: b, Scan: t.Scan, ScanKey: t.ScanKey,
			Raw: keyset.RawBytes, Remedy: "regenerate: " + t.Regenerate},
	}, nil
}

type source[R any, K replicate.Key] struct {
	table   *Table[R, K]
	builder *replicate.Builder[R, K]
	target  *target
	settle  replicate.Settle
	job     string
	readURI func() (string, error)

	conn     *wire.Conn
	maria    bool
	proof    proof
	prepared prepared
	first    *wire.Statement
	next     *wire.Statement
	at       *wire.Statement
	lookup   *wire.Statement
	reader   keyset.Reader[R, K, [][]byte]
	limit    keyset.Limit
	high     K // the highest key, as the last fence has it
	hasHigh  bool
	fenced   bool // there was a fence since the source was opened

	warner *keyset.Warner // outlives a connection
}

var (
	_ replicate.Source[int64]   = (*source[struct{}, int64])(nil)
	_ replicate.HolderDescriber = (*source[struct{}, int64])(nil)
	_ replicate.Rechecker       = (*source[struct{}, int64])(nil)
	_ replicate.Auditor[int64]  = (*source[struct{}, int64])(nil)
)

// Open implements replicate.Source.
func (s *source[R, K]) Open(ctx context.Context, at replicate.Offset) (err error) {
	if err := s.Close(); err != nil {
		return err
	}
	if s.readURI != nil {
		uri, err := s.readURI()
		if err != nil {
			return err
		}
		if s.target, err = parseURI(uri, s.job); err != nil {
			return err
		}
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = s.Close() // the error that counts is the first
		}
	}()
	s.maria = strings.Contains(strings.ToLower(s.conn.Version), "mariadb")
	for _, step := range []func(context.Context) error{s.verifyProduct, s.set} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if s.proof, err = s.verify(ctx, true); err != nil {
		return err
	}
	s.prepared, s.limit, s.fenced = prepared{}, keyset.FirstLimit, false
	return s.verifyOffset(ctx, at)
}

// connect tries one server after the other.
func (s *source[R, K]) connect(ctx context.Context) (err error) {
	for i := range s.target.servers {
		server := &s.target.servers[i]
		dial, cancel := context.WithTimeout(ctx, s.target.timeout)
		s.conn, err = wire.Connect(dial, server)
		cancel()
		if err == nil {
			return nil
		}
		err = s.connectFailed("connect to MySQL at "+server.Address, err)
	}
	return err
}

func (s *source[R, K]) connectFailed(where string, err error) error {
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return replicate.Stop(fmt.Errorf("%s: %w", where, err), "check ssl_ca and the host's name in %s",
			replicate.SettingURI)
	}
	if errors.Is(err, wire.ErrUnknownPlugin) {
		return replicate.Stop(fmt.Errorf("%s: %w", where, err), "give the user one of them")
	}
	return s.classify(where, err)
}

// stop ends the job with a hint in which %s stands for the URI.
func stop(err error, hint string) error {
	if strings.Contains(hint, "%s") {
		return replicate.Stop(err, hint, replicate.SettingURI)
	}
	return replicate.Stop(err, hint)
}

// hopeless are the errors that no retry heals, with what to do, as stop takes it.
var hopeless = map[uint16]string{
	1045: "check user and password in %s",
	1698: "check user and password in %s",
	1130: "allow the user to connect from this host",
	1044: "GRANT SELECT on the table to the user, and check the database in %s",
	1049: "check the database in %s",
	1142: "GRANT SELECT on the table to the user",
	1143: "GRANT SELECT on the table to the user",
	1146: "check that the table is in the database of %s",
	1054: "the table was changed: regenerate the replicator",
	1356: "read a table and not a view",
	1153: "raise max_allowed_packet on the server: a row does not fit",
	1301: "raise max_allowed_packet on the server: a row does not fit",
}

// classify tells what a retry can heal from what it can't.
func (s *source[R, K]) classify(what string, err error) error {
	wrapped := fmt.Errorf("%s: %w", what, err)
	var server *wire.ServerError
	if errors.As(err, &server) {
		if hint, ok := hopeless[server.Code]; ok {
			return stop(wrapped, hint)
		}
	}
	return wrapped
}

var errNotOpen = errors.New("the source is not open")

// rows runs statements and returns the rows of the last; a null is empty.
func (s *source[R, K]) rows(ctx context.Context, sql string) ([][]string, error) {
	if s.conn == nil {
		return nil, errNotOpen // a poll that failed has closed it
	}
	rows, err := s.conn.Query(ctx, sql)
	if err != nil {
		return nil, s.classify("check table "+s.table.Name, err)
	}
	return rows, nil
}

// row runs a query of one row.
func (s *source[R, K]) row(ctx context.Context, sql string) ([]string, error) {
	rows, err := s.rows(ctx, sql)
	if err == nil && len(rows) != 1 {
		err = fmt.Errorf("check table %s: %d rows, want 1", s.table.Name, len(rows))
	}
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

// Close implements replicate.Source.
func (s *source[R, K]) Close() error {
	if s.conn == nil {
		return nil
	}
	_ = s.conn.Close(closeTimeout) // a server that is gone needs no farewell
	s.conn = nil
	return nil
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// literal quotes a text for the session's own sql_mode.
func literal(text string) string {
	return "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(text) + "'"
}
