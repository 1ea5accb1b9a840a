package sqlite

import (
	"context"
	"errors"

	"zombiezen.com/go/sqlite"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
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
	n, _, err := s.integerOf(
		keyset.CountQuery(s.table.Relation, quote(s.table.KeyColumn), r, most, replicate.KeyText[K]))
	return int(n), err
}

// integerOf runs a query of one integer; found is false for no row and for null.
func (s *source[R, K]) integerOf(sql string, args ...string) (v int64, found bool, err error) {
	stmt, _, err := s.conn.PrepareTransient(sql)
	if err != nil {
		return 0, false, s.classify("prepare query", err)
	}
	for i, a := range args {
		stmt.BindText(i+1, a)
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
