package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/replicate"
)

// connectTimeout bounds a connection attempt, closeTimeout a farewell to a server that may be gone.
const (
	connectTimeout = 10 * time.Second
	closeTimeout   = 2 * time.Second
)

// Table is what a generated package supplies for a table of PostgreSQL.
type Table[R any, K replicate.Key] struct {
	replicate.Table[R, K]
	Relation                string // the table in SQL, with its schema
	First, Next, At, Lookup string
	OIDs                    []uint32 // type of each result column; 0 where it differs from database to database
	Scan                    func(r *R, v [][]byte) error
	ScanKey                 func(v [][]byte) (K, error)
}

// NewSource returns a source that reads the table.
func (t *Table[R, K]) NewSource(b *replicate.Builder[R, K], c replicate.SourceConfig) (replicate.Source[K], error) {
	config, err := ParseURI(c.URI, c.Job)
	if err != nil {
		return nil, err
	}
	if c.Settle.Sequence != "" && c.Settle.UnsafeDelay != 0 {
		return nil, &replicate.SettingError{Key: replicate.SettingSettle,
			Err: errors.New("expected a sequence or a delay, not both")}
	}
	return &source[R, K]{
		table: t, builder: b, config: config, settle: c.Settle, warn: c.Warn, warned: map[string]bool{},
	}, nil
}

type source[R any, K replicate.Key] struct {
	table   *Table[R, K]
	builder *replicate.Builder[R, K]
	config  *pgconn.Config
	settle  replicate.Settle
	warn    func(string)

	conn   *pgconn.PgConn
	proof  proof
	r      R   // the row being read
	limit  int // rows to ask for, sized by what rows have weighed
	params [2][]byte
	beyond upTo[K] // the first row beyond the bound, as the last poll that saw one has it

	// What outlives a connection.
	cover  cover[K]
	warned map[string]bool
}

var (
	_ replicate.Source[int64]   = (*source[struct{}, int64])(nil)
	_ replicate.HolderDescriber = (*source[struct{}, int64])(nil)
	_ replicate.Rechecker       = (*source[struct{}, int64])(nil)
	_ replicate.Auditor[int64]  = (*source[struct{}, int64])(nil)
)

// warnOnce warns of what is verified again with each connection and now and then.
func (s *source[R, K]) warnOnce(msg string) {
	if !s.warned[msg] {
		s.warned[msg] = true
		s.warn(msg)
	}
}

// Open implements replicate.Source.
func (s *source[R, K]) Open(ctx context.Context, at replicate.Offset) (err error) {
	if err := s.Close(); err != nil {
		return err
	}
	dial, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if s.conn, err = pgconn.ConnectConfig(dial, s.config); err != nil {
		return s.connectFailed(err)
	}
	defer func() {
		if err != nil {
			_ = s.Close() // the error that counts is the first
		}
	}()
	if err := s.setEncoding(ctx); err != nil {
		return err
	}
	if err := s.verifySettings(ctx); err != nil {
		return err
	}
	found, all, err := s.verify(ctx)
	if err != nil {
		return err
	}
	s.proof = found
	if err := s.prepare(ctx); err != nil {
		return err
	}
	s.limit = firstLimit
	if err := s.verifyOffset(ctx, at); err != nil {
		return err
	}
	var from upTo[K]
	if !at.IsZero() {
		if from.key, err = replicate.ParseKey[K](at.Key); err != nil {
			return err
		}
		from.has = true
	}
	return s.verifyCover(ctx, all, from)
}

// connectFailed leaves out pgconn's own words, which name the user and the database.
func (s *source[R, K]) connectFailed(err error) error {
	where := fmt.Sprintf("connect to PostgreSQL at %s:%d", s.config.Host, s.config.Port)
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return s.classify(where, server)
	}
	return fmt.Errorf("%s: %w", where, innermost(err))
}

// innermost is the cause, the first where there are several: the client tries a server in more than one way.
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

func (s *source[R, K]) verifySettings(ctx context.Context) error {
	names := slices.Sorted(maps.Keys(pinned))
	rows, err := s.rows(ctx, `SELECT current_setting(name)
		FROM unnest($1::text[]) WITH ORDINALITY AS s(name, i) ORDER BY i`, "{"+strings.Join(names, ",")+"}")
	if err != nil {
		return err
	}
	for i, name := range names {
		got, want := rows[i][0], pinned[name]
		if name == "client_encoding" {
			want = s.clientEncoding()
		}
		if got != want {
			return replicate.Stop(fmt.Errorf("the setting %s is %q and not %q, as asked for when connecting", name, got, want),
				"connect to PostgreSQL directly, or have the pooler pass start-up parameters on")
		}
	}
	return nil
}

// inURI is the setting that names server, user and database.
var inURI = []replicate.Setting{replicate.SettingURI}

// hopeless are the error classes and codes that no retry heals, with what to do.
var hopeless = []struct {
	code, hint string
	names      []replicate.Setting
}{
	{"28", "check user and password in %s", inURI},
	{"3D000", "check the database in %s", inURI},
	{"3F000", "check the schema of the table", nil},
	{undefinedTable, "check the table in the database of %s", inURI},
	{"42501", "grant the role SELECT on table and sequence, USAGE on their schemas, BYPASSRLS where rows are hidden", nil},
	{"42703", "the table was changed: regenerate the replicator", nil},
	{"22021", "mend the texts that are not valid in the database's encoding", nil},
	{"22P05", "mend the texts that have no counterpart in UTF-8", nil},
	{"42", "the table was changed: regenerate the replicator", nil},
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
			return replicate.Stop(wrapped, h.hint, h.names...)
		}
	}
	return wrapped
}

// rows runs a query and returns its result as text; a null is empty.
func (s *source[R, K]) rows(ctx context.Context, sql string, args ...string) ([][]string, error) {
	params := make([][]byte, len(args))
	for i, a := range args {
		params[i] = []byte(a)
	}
	result := s.conn.ExecParams(ctx, sql, params, nil, nil, nil).Read()
	if result.Err != nil {
		return nil, s.classify("check table "+s.table.Name, result.Err)
	}
	out := make([][]string, len(result.Rows))
	for i, row := range result.Rows {
		for _, v := range row {
			out[i] = append(out[i], string(v))
		}
	}
	return out, nil
}

// value runs a query of one value.
func (s *source[R, K]) value(ctx context.Context, sql string, args ...string) (string, error) {
	rows, err := s.rows(ctx, sql, args...)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0][0], nil
}

// exec runs a statement without a result.
func (s *source[R, K]) exec(ctx context.Context, sql string) error {
	if _, err := s.conn.Exec(ctx, sql).ReadAll(); err != nil {
		return s.classify("check table "+s.table.Name, err)
	}
	return nil
}

// Close implements replicate.Source.
func (s *source[R, K]) Close() error {
	if s.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = s.conn.Close(ctx) // a server that is gone needs no farewell
	s.conn = nil
	return nil
}
