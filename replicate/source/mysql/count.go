package mysql

import (
	"context"
	"errors"
	"strconv"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
)

var _ replicate.Counter[int64] = (*source[struct{}, int64])(nil)

// Extent reads the highest key, and how far the counter is.
func (s *source[R, K]) Extent(ctx context.Context) (e replicate.Extent[K], err error) {
	highest, err := s.rows(ctx, s.highQuery())
	if err != nil {
		return e, err
	}
	if len(highest) > 0 {
		if e.Highest, err = replicate.ParseKey[K](highest[0][0]); err != nil {
			return e, err
		}
		e.HasHighest = true
	}
	e.Drawn, e.HasDrawn, err = s.drawn(ctx)
	return e, err
}

// CountRows counts by the key's index, and no further than most.
func (s *source[R, K]) CountRows(ctx context.Context, r replicate.KeyRange[K], most int) (int, error) {
	row, err := s.row(ctx, keyset.CountQuery(s.table.Relation, quote(s.table.KeyColumn), r, most, replicate.KeyText[K]))
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(row[0])
	if err != nil {
		return 0, errors.New("count the rows of table " + s.table.Name + ": " + err.Error())
	}
	return n, nil
}
