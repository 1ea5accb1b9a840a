// Package sqlite reads tables of SQLite databases. One writer at a time draws a key and commits, so a
// row that can be seen is settled as long as keys only grow: AUTOINCREMENT guarantees that, and
// without it a highest key that falls back stops the job.
package sqlite

import (
	"context"
	"errors"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
	"github.com/repliqate/repliqate/replicate/source/sqlite/sqlval"
)

// Table is what a generated package supplies for a table of SQLite.
type Table[R any, K replicate.Key] struct {
	replicate.Table[R, K]
	Relation                string // the table in SQL
	First, Next, At, Lookup string
	AutoIncrement           bool // the table was AUTOINCREMENT when the code was generated
	Strict                  bool // the table was STRICT then, so that each column holds values of its own type
	Scan                    func(r *R, row *sqlval.Row) error
	ScanKey                 func(row *sqlval.Row) (K, error)
}

// NewSource returns a source that reads the table.
func (t *Table[R, K]) NewSource(b *replicate.Builder[R, K], c replicate.SourceConfig) (replicate.Source[K], error) {
	path, err := Path(c.URI)
	if err != nil {
		return nil, err
	}
	if c.Settle != (replicate.Settle{}) {
		return nil, &replicate.SettingError{Key: replicate.SettingSettle,
			Err: errors.New("it is not for SQLite, whose rows are settled as soon as they can be seen")}
	}
	return &source[R, K]{
		table: t, builder: b, path: path, warner: keyset.NewWarner(c.Warn),
		reader: keyset.Reader[R, K, *sqlval.Row]{Table: &t.Table, Builder: b, Scan: t.Scan, ScanKey: t.ScanKey,
			Raw: (*sqlval.Row).Raw, Remedy: "the key must hold integers alone"},
	}, nil
}

// wrongURI is an error of the URI, which must not repeat it.
func wrongURI(reason string) error {
	return &replicate.SettingError{Key: replicate.SettingURI, Err: errors.New(reason)}
}

// Path reads a SQLAlchemy URI: sqlite:////absolute/path or sqlite:///relative/path.
func Path(uri string) (string, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || scheme != "sqlite" && !strings.HasPrefix(scheme, "sqlite+") {
		return "", wrongURI("expected sqlite:////absolute/path or sqlite:///relative/path for this table")
	}
	path, _, _ := strings.Cut(rest, "?")
	if !strings.HasPrefix(path, "/") || path == "/" {
		return "", wrongURI("expected sqlite:////absolute/path or sqlite:///relative/path, " +
			"an in-memory database can't be shared")
	}
	return path[1:], nil
}

type source[R any, K replicate.Key] struct {
	table   *Table[R, K]
	builder *replicate.Builder[R, K]
	path    string
	warner  *keyset.Warner

	conn              *sqlite.Conn
	first, next, high *sqlite.Stmt
	lookup, version   *sqlite.Stmt
	nulls             *sqlite.Stmt // finds a row without a key
	keyless           bool         // there may be such rows
	verified          int64        // the version of the schema that was verified
	changes           *sqlite.Stmt
	lookedAt          int64 // what changes said before the last page was read
	looked            bool  // a page was read since the source was opened
	row               sqlval.Row
	reader            keyset.Reader[R, K, *sqlval.Row]
	autoIncrement     bool // the live table guarantees that keys only grow
	top               K    // the highest key seen
	hasTop            bool
	wasOpen           bool // it could be read before
}

var (
	_ replicate.Source[int64]  = (*source[struct{}, int64])(nil)
	_ replicate.Auditor[int64] = (*source[struct{}, int64])(nil)
	_ replicate.Rechecker      = (*source[struct{}, int64])(nil)
)

const busyTimeout = 5 * time.Second

// Open implements replicate.Source.
func (s *source[R, K]) Open(ctx context.Context, at replicate.Offset) (err error) {
	if err := s.Close(); err != nil {
		return err
	}
	if err := s.present(); err != nil {
		return err
	}
	// A reader of a database in WAL mode must be allowed to write its shared memory.
	s.conn, err = sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	if err != nil {
		return s.classify("open the database", err)
	}
	defer func() {
		if err != nil {
			_ = s.Close() // the error that counts is the first
		}
	}()
	s.conn.SetBusyTimeout(busyTimeout)
	s.conn.SetInterrupt(ctx.Done())
	defer s.conn.SetInterrupt(nil)
	if err := sqlitex.ExecuteTransient(s.conn, "PRAGMA query_only = 1", nil); err != nil {
		return s.classify("open the database", err)
	}
	if s.version, err = s.conn.Prepare("PRAGMA schema_version"); err != nil {
		return s.classify("prepare query", err)
	}
	if s.verified, err = s.schemaVersion(); err != nil {
		return err
	}
	// It has another value as soon as another connection has committed anything.
	if s.changes, err = s.conn.Prepare("PRAGMA data_version"); err != nil {
		return s.classify("prepare query", err)
	}
	s.looked, s.wasOpen = false, true
	if err := s.verify(); err != nil {
		return err
	}
	high := "SELECT max(" + quote(s.table.KeyColumn) + ") FROM " + s.table.Relation
	nulls := "SELECT 1 FROM " + s.table.Relation + " WHERE " + quote(s.table.KeyColumn) + " IS NULL LIMIT 1"
	for _, q := range []struct {
		stmt **sqlite.Stmt
		sql  string
	}{
		{&s.first, s.table.First}, {&s.next, s.table.Next}, {&s.lookup, s.table.Lookup}, {&s.high, high}, {&s.nulls, nulls},
	} {
		if *q.stmt, err = s.conn.Prepare(q.sql); err != nil {
			return s.classify("prepare query", err)
		}
	}
	return s.verifyOffset(at)
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Close implements replicate.Source.
func (s *source[R, K]) Close() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}
