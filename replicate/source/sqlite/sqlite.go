// Package sqlite reads tables of SQLite databases. One writer at a time draws a key and commits, so a
// row that can be seen is settled as long as keys only grow: AUTOINCREMENT guarantees that, and
// without it a highest key that falls back stops the job.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/sqlite/sqlval"
)

// Table is what a generated package supplies for a table of SQLite.
type Table[R any, K replicate.Key] struct {
	replicate.Table[R, K]
	Relation                string // the table in SQL
	First, Next, At, Lookup string
	AutoIncrement           bool
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
		return nil, errors.New("sql_source.settle is for PostgreSQL: SQLite's rows are settled as soon as they can be seen")
	}
	return &source[R, K]{table: t, builder: b, path: path, warn: c.Warn}, nil
}

// Path reads a SQLAlchemy URI: sqlite:////absolute/path or sqlite:///relative/path.
func Path(uri string) (string, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || scheme != "sqlite" && !strings.HasPrefix(scheme, "sqlite+") {
		return "", errors.New("sql_source.uri: expected sqlite:////absolute/path or sqlite:///relative/path for this table")
	}
	path, _, _ := strings.Cut(rest, "?")
	if !strings.HasPrefix(path, "/") || path == "/" {
		return "", errors.New("sql_source.uri: expected sqlite:////absolute/path or sqlite:///relative/path, an in-memory database can't be shared")
	}
	return path[1:], nil
}

type source[R any, K replicate.Key] struct {
	table   *Table[R, K]
	builder *replicate.Builder[R, K]
	path    string
	warn    func(string)

	conn              *sqlite.Conn
	first, next, high *sqlite.Stmt
	lookup            *sqlite.Stmt
	row               sqlval.Row
	r                 R
	top               K // the highest key seen
	hasTop            bool
}

var (
	_ replicate.Source[int64]  = (*source[struct{}, int64])(nil)
	_ replicate.Auditor[int64] = (*source[struct{}, int64])(nil)
)

const busyTimeout = 5 * time.Second

func (s *source[R, K]) Open(ctx context.Context, at replicate.Offset) (err error) {
	if err := s.Close(); err != nil {
		return err
	}
	if _, err := os.Stat(s.path); err != nil {
		return replicate.Stop(fmt.Errorf("open database %s: %w", s.path, errors.Unwrap(err)), "correct sql_source.uri")
	}
	// A reader of a database in WAL mode must be allowed to write its shared memory.
	s.conn, err = sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	if err != nil {
		return fmt.Errorf("open database %s: %w", s.path, err)
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
		return fmt.Errorf("open database %s: %w", s.path, err)
	}
	if err := s.verify(); err != nil {
		return err
	}
	for _, q := range []struct {
		stmt **sqlite.Stmt
		sql  string
	}{{&s.first, s.table.First}, {&s.next, s.table.Next}, {&s.lookup, s.table.Lookup}, {&s.high, "SELECT max(" + quote(s.table.KeyColumn) + ") FROM " + s.table.Relation}} {
		if *q.stmt, err = s.conn.Prepare(q.sql); err != nil {
			return s.classify("prepare query", err)
		}
	}
	return s.verifyOffset(at)
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// verify compares the live table with what the code was generated for.
func (s *source[R, K]) verify() error {
	t := &s.table.Table
	live := map[string]string{}
	err := sqlitex.ExecuteTransient(s.conn, "SELECT name, type FROM pragma_table_xinfo(?)", &sqlitex.ExecOptions{
		Args: []any{t.Name},
		ResultFunc: func(row *sqlite.Stmt) error {
			typ, _, _ := strings.Cut(row.ColumnText(1), "(")
			live[row.ColumnText(0)] = strings.ToUpper(strings.TrimSpace(typ))
			return nil
		}})
	if err != nil {
		return s.classify("read the columns of table "+t.Name, err)
	}
	if len(live) == 0 {
		return replicate.Stop(fmt.Errorf("table %s is not in database %s", t.Name, s.path), "create it, or correct sql_source.uri")
	}
	for _, c := range t.Columns {
		typ, ok := live[c.Name]
		switch {
		case !ok:
			return replicate.Stop(fmt.Errorf("column %s of table %s is gone", c.Name, t.Name), "regenerate: "+t.Regenerate)
		case typ != c.Type:
			return replicate.Stop(fmt.Errorf("column %s of table %s is of type %s, the code was generated for %s", c.Name, t.Name, typ, c.Type),
				"regenerate: "+t.Regenerate)
		}
		delete(live, c.Name)
	}
	for name := range live {
		s.warn("column " + name + " of table " + t.Name + " is new and is not published; to publish it, regenerate: " + t.Regenerate)
	}
	return nil
}

// verifyOffset looks for signs that keys were used again: a table that ends before the offset, or
// another row under the offset's key.
func (s *source[R, K]) verifyOffset(at replicate.Offset) error {
	if at.IsZero() || at.Sum == "" {
		return nil
	}
	key, err := replicate.ParseKey[K](at.Key)
	if err != nil {
		return replicate.Stop(fmt.Errorf("the offset %s is not a key", at.Key), "correct it in the offset store")
	}
	stmt, err := s.conn.Prepare(s.table.At)
	if err != nil {
		return s.classify("prepare query", err)
	}
	defer stmt.Reset() //nolint:errcheck // Reset repeats Step's error
	stmt.BindInt64(1, int64(key))
	s.row.Stmt = stmt
	s.row.Next()
	found, err := stmt.Step()
	if err != nil {
		return s.classify("read the row at the offset", err)
	}
	if !found {
		return nil
	}
	var r R
	if err := s.table.Scan(&r, &s.row); err != nil {
		return nil // it was published as a dead letter
	}
	if sum := replicate.SumOf(s.table.AppendJSON(nil, &r)); sum.String() != at.Sum {
		return replicate.Stop(fmt.Errorf("the row at the offset, key %s, is not the one that was published: its checksum is %s, then it was %s",
			at.Key, sum, at.Sum), "rows were changed or keys used again (a restored backup?): set the offset by hand to where to go on")
	}
	return nil
}

func (s *source[R, K]) Poll(ctx context.Context, req replicate.PollRequest[K], page *replicate.Page[K]) (replicate.PollResult, error) {
	s.conn.SetInterrupt(ctx.Done())
	fence, err := s.fence()
	if err != nil {
		return replicate.PollResult{}, err
	}
	bound := req.OnFence(fence)
	s.builder.Begin(page, req)
	stmt := s.first
	limit := 1
	if req.HasAfter {
		stmt, limit = s.next, 2
		stmt.BindInt64(1, int64(req.After))
	}
	stmt.BindInt64(limit, int64(req.Limit))
	defer stmt.Reset() //nolint:errcheck // Reset repeats Step's error
	return s.read(stmt, bound)
}

// fence reads the highest key, and stops when it has fallen back: a key was or will be used again.
func (s *source[R, K]) fence() (replicate.Fence[K], error) {
	f := replicate.Fence[K]{Exact: true}
	found, err := s.high.Step()
	if err == nil && found && s.high.ColumnType(0) == sqlite.TypeInteger {
		f.High, f.HasHigh = K(s.high.ColumnInt64(0)), true
	}
	err = errors.Join(err, s.high.Reset())
	if err != nil {
		return f, s.classify("read the highest key", err)
	}
	if !s.table.AutoIncrement && s.hasTop && (!f.HasHigh || f.High < s.top) {
		return f, replicate.Stop(fmt.Errorf("the highest key of table %s fell back from %s: SQLite will use keys again",
			s.table.Name, replicate.KeyText(s.top)), "declare the key INTEGER PRIMARY KEY AUTOINCREMENT, or don't delete the newest rows")
	}
	s.top, s.hasTop = f.High, f.HasHigh
	return f, nil
}

func (s *source[R, K]) read(stmt *sqlite.Stmt, bound replicate.Bound[K]) (result replicate.PollResult, err error) {
	s.row.Stmt = stmt
	for {
		found, err := stmt.Step()
		if err != nil {
			return result, s.classify("read rows", err)
		}
		if !found {
			return result, nil
		}
		s.row.Next()
		key, err := s.table.ScanKey(&s.row)
		if err != nil {
			return result, replicate.Stop(fmt.Errorf("table %s: %w", s.table.Name, err), "the key must hold integers alone")
		}
		if !bound.Allows(key) {
			result.Unsettled = true
			return result, nil
		}
		full, err := s.add(key)
		if err != nil {
			return result, err
		}
		if full {
			result.More = true
			return result, nil
		}
	}
}

func (s *source[R, K]) add(key K) (full bool, err error) {
	if err := s.table.Scan(&s.r, &s.row); err != nil {
		var column *replicate.ColumnError
		if !errors.As(err, &column) {
			return false, err
		}
		var excerpt []byte
		for i, c := range s.table.Columns {
			if c.Name == column.Column {
				excerpt = s.row.Raw(i)
			}
		}
		return s.builder.Bad(key, column.Column, column.Err, excerpt)
	}
	return s.builder.Add(&s.r)
}

// classify tells what a retry can heal, a busy or interrupted database, from what it can't.
func (s *source[R, K]) classify(what string, err error) error {
	err = fmt.Errorf("%s in %s: %w", what, s.path, err)
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultNotADB, sqlite.ResultCorrupt, sqlite.ResultPerm, sqlite.ResultAuth:
		return replicate.Stop(err, "check the file")
	case sqlite.ResultError:
		return replicate.Stop(err, "check the table, or regenerate: "+s.table.Regenerate)
	}
	return err
}

func (s *source[R, K]) Close() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}
