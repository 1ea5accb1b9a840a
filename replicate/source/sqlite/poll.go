package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/sqlite/sqlval"
)

// Poll implements replicate.Source. Only the fence and the page are read: SQLite is in this process, so there
// are no round trips to save.
func (s *source[R, K]) Poll(
	ctx context.Context, req replicate.PollRequest[K], page *replicate.Page[K],
) (replicate.PollResult, error) {
	s.conn.SetInterrupt(ctx.Done())
	// It is read before the fence and the page: what is committed after it counts as a change at the next poll.
	changes, err := s.number(s.changes, "read whether the database was changed")
	if err != nil {
		return replicate.PollResult{}, err
	}
	if req.Idle && s.looked && changes == s.lookedAt {
		return replicate.PollResult{Unchanged: true}, nil // nobody has committed anything since
	}
	s.looked, s.lookedAt = true, changes
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
	stmt.BindInt64(limit, int64(req.MaxRows))
	defer stmt.Reset() //nolint:errcheck // Reset repeats Step's error
	return s.read(stmt, bound)
}

var errStale = errors.New("the schema was changed: rows are read again as soon as the table is verified")

// schemaVersion grows with each change of the schema.
func (s *source[R, K]) schemaVersion() (int64, error) {
	return s.number(s.version, "read the version of the schema")
}

// number runs a statement of one number.
func (s *source[R, K]) number(stmt *sqlite.Stmt, what string) (n int64, err error) {
	found, err := stmt.Step()
	if err == nil && found {
		n = stmt.ColumnInt64(0)
	}
	if err = errors.Join(err, stmt.Reset()); err != nil {
		return 0, s.classify(what, err)
	}
	return n, nil
}

// fence reads the highest key, and stops when it has fallen back: a key was or will be used again.
func (s *source[R, K]) fence() (replicate.Fence[K], error) {
	f := replicate.Fence[K]{Exact: true}
	now, err := s.schemaVersion()
	if err == nil && now != s.verified {
		err = errStale // a retry opens and verifies it again (Promise 5)
	}
	if err != nil {
		return f, err
	}
	if err := s.checkKeys(); err != nil {
		return f, err
	}
	found, err := s.high.Step()
	if err == nil && found && s.high.ColumnType(0) == sqlite.TypeInteger {
		f.High, f.HasHigh = K(s.high.ColumnInt64(0)), true
	}
	err = errors.Join(err, s.high.Reset())
	if err != nil {
		return f, s.classify("read the highest key", err)
	}
	if !s.autoIncrement && s.hasTop && (!f.HasHigh || f.High < s.top) {
		return f, replicate.Stop(fmt.Errorf("the highest key of table %s fell back from %s: SQLite will use keys again",
			s.table.Name, replicate.KeyText(s.top)), "don't delete the newest rows, or "+declare)
	}
	s.top, s.hasTop = f.High, f.HasHigh
	return f, nil
}

// checkKeys stops at a row without a key: keyset queries never find it, so it would be skipped (Promise 5).
func (s *source[R, K]) checkKeys() error {
	if !s.keyless {
		return nil
	}
	n, err := s.number(s.nulls, "look for rows without a key")
	if err != nil || n == 0 {
		return err
	}
	return replicate.Stop(fmt.Errorf("table %s has a row whose key %s is null, and a row without a key can't be published",
		s.table.Name, s.table.KeyColumn), "give it a key, or delete it; NOT NULL on the key keeps such rows out")
}

// read adds the rows of a statement to the page.
func (s *source[R, K]) read(stmt *sqlite.Stmt, bound replicate.Bound[K]) (replicate.PollResult, error) {
	s.row.Stmt = stmt
	reading, err := s.reader.Read(func() (*sqlval.Row, bool, error) {
		found, err := stmt.Step()
		if err != nil {
			return nil, false, s.classify("read rows", err)
		}
		s.row.Next()
		return &s.row, found, nil
	}, bound)
	return reading.Result(), err
}
