package sqlite

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/repliqate/repliqate/replicate"
)

var _ replicate.Counter[int64] = (*source[struct{}, int64])(nil)

// Extent reads the highest key, and what AUTOINCREMENT has drawn, which may be further on.
func (s *source[R, K]) Extent(ctx context.Context) (e replicate.Extent[K], err error) {
	s.conn.SetInterrupt(ctx.Done())
	key := quote(s.table.KeyColumn)
	highest, found, err := s.integerOf("SELECT max(" + key + ") FROM " + s.table.Relation)
	if err != nil {
		return e, err
	}
	e.Highest, e.HasHighest = K(highest), found
	e.Drawn, e.HasDrawn = e.Highest, e.HasHighest
	if !s.table.AutoIncrement {
		return e, nil
	}
	drawn, found, err := s.integerOf("SELECT seq FROM sqlite_sequence WHERE name = ?1", s.table.Name)
	if err == nil && found && (!e.HasDrawn || K(drawn) > e.Drawn) {
		e.Drawn, e.HasDrawn = K(drawn), true
	}
	return e, err
}

// CountRows counts by the key's index, and no further than most.
func (s *source[R, K]) CountRows(ctx context.Context, r replicate.KeyRange[K], most int) (int, error) {
	s.conn.SetInterrupt(ctx.Done())
	key := quote(s.table.KeyColumn)
	var bounds []string
	var args []any
	if r.HasAfter {
		bounds, args = append(bounds, key+" > ?"), append(args, int64(r.After))
	}
	if r.HasUpTo {
		bounds, args = append(bounds, key+" <= ?"), append(args, int64(r.UpTo))
	}
	where := ""
	if len(bounds) > 0 {
		where = " WHERE " + strings.Join(bounds, " AND ")
	}
	n, _, err := s.integerOf("SELECT count(*) FROM (SELECT 1 FROM "+s.table.Relation+where+
		" ORDER BY "+key+" LIMIT "+strconv.Itoa(most)+")", args...)
	return int(n), err
}

// integerOf runs a query of one integer; found is false for no row and for null.
func (s *source[R, K]) integerOf(sql string, args ...any) (v int64, found bool, err error) {
	stmt, _, err := s.conn.PrepareTransient(sql)
	if err != nil {
		return 0, false, s.classify("prepare query", err)
	}
	for i, a := range args {
		switch a := a.(type) {
		case int64:
			stmt.BindInt64(i+1, a)
		case string:
			stmt.BindText(i+1, a)
		}
	}
	row, err := stmt.Step()
	if err == nil && row && stmt.ColumnType(0) == sqlite.TypeInteger {
		v, found = stmt.ColumnInt64(0), true
	}
	if err = errors.Join(err, stmt.Finalize()); err != nil {
		return 0, false, s.classify("count the rows of table "+s.table.Name, err)
	}
	return v, found, nil
}
