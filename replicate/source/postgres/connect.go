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
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
)

// connectTimeout bounds the attempt to connect to a server, where the URI names no other time, and the look-up of
// names; closeTimeout bounds a farewell to a server that may be gone.
const (
	connectTimeout = 10 * time.Second
	closeTimeout   = 2 * time.Second
)

// Table is what a generated package supplies for a table of PostgreSQL.
type Table[R any, K replicate.Key] struct {
	replicate.Table[R, K]
	Relation                string // the table in SQL, with its schema
	First, Next, At, Lookup string
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
		table: t, builder: b, config: config, settle: c.Settle, formats: resultFormats(t.Columns),
		warner: keyset.NewWarner(c.Warn), job: c.Job, readURI: c.ReadURI,
		reader: keyset.Reader[R, K, [][]byte]{Table: &t.Table, Builder: b, Scan: t.Scan, ScanKey: t.ScanKey,
			Raw: keyset.RawBytes, Remedy: "regenerate: " + t.Regenerate},
	}, nil
}

type source[R any, K replicate.Key] struct {
	table   *Table[R, K]
	builder *replicate.Builder[R, K]
	config  *pgconn.Config
	settle  replicate.Settle
	formats []int16  // of the columns of rows
	types   []uint32 // numbers of the types of the columns, as they were verified
	job     string
	readURI func() (string, error)

	conn   *pgconn.PgConn
	proof  proof
	reader keyset.Reader[R, K, [][]byte]
	limit  keyset.Limit
	params [2][]byte
	drawn  upTo[K] // the highest key drawn, as the last fence has it
	fenced bool    // there was a fence since the source was opened
	beyond upTo[K] // the first row beyond the bound, as the last poll that saw one has it

	// What outlives a connection.
	cover  cover[K]
	warner *keyset.Warner
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
		if s.config, err = ParseURI(uri, s.job); err != nil {
			return err
		}
	}
	if s.conn, err = s.connect(ctx); err != nil {
		return err
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
	s.limit, s.fenced = keyset.FirstLimit, false
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

// verifySettings reads the pinned settings back.
func (s *source[R, K]) verifySettings(ctx context.Context) error {
	names := slices.Sorted(maps.Keys(pinned))
	rows, err := s.rows(ctx, `SELECT current_setting(name)
		FROM unnest($1::text[]) WITH ORDINALITY AS s(name, i) ORDER BY i`, "{"+strings.Join(names, ",")+"}")
	if err != nil {
		return err
	}
	var differ, remedy []string
	for i, name := range names {
		got, want := rows[i][0], pinned[name]
		if name == "client_encoding" {
			want = s.clientEncoding()
		}
		if got != want {
			differ = append(differ, fmt.Sprintf("%s is %q and not %q", name, got, want))
			remedy = append(remedy, "ALTER ROLE "+quote(s.config.User)+" SET "+name+" = '"+want+"'")
		}
	}
	if len(differ) == 0 {
		return nil
	}
	return replicate.Stop(fmt.Errorf("the session's settings are not those that were asked for when connecting, as when a"+
		" pooler drops them: %s", strings.Join(differ, ", ")),
		"connect to PostgreSQL directly, have the pooler pass start-up parameters on, or give this role the settings: "+
			strings.Join(remedy, "; "))
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
