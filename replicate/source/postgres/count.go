package postgres

import (
	"context"
	"errors"
	"strconv"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
)

var _ replicate.Counter[int64] = (*source[struct{}, int64])(nil)

// Extent reads the highest key, and how far the sequence is.
func (s *source[R, K]) Extent(ctx context.Context) (e replicate.Extent[K], err error) {
	key := quote(s.table.KeyColumn)
	highest, err := s.value(ctx, "SELECT "+key+" FROM "+s.table.Relation+" ORDER BY "+key+" DESC LIMIT 1")
	if err != nil {
		return e, err
	}
	if highest != "" {
		if e.Highest, err = replicate.ParseKey[K](highest); err != nil {
			return e, err
		}
		e.HasHighest = true
	}
	drawn, err := s.lastValue(ctx)
	e.Drawn, e.HasDrawn = drawn.High, drawn.HasHigh
	return e, err
}

// CountRows counts by the key's index, and no further than most.
func (s *source[R, K]) CountRows(ctx context.Context, r replicate.KeyRange[K], most int) (int, error) {
	text, err := s.value(ctx, keyset.CountQuery(s.table.Relation, quote(s.table.KeyColumn), r, most,
		func(key K) string { return "'" + replicate.KeyText(key) + "'::bigint" }))
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, errors.New("count the rows of table " + s.table.Name + ": " + err.Error())
	}
	return n, nil
}
