package postgres

import (
	"context"
	"strconv"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
)

// Lookup reads the rows that now exist among keys: one statement by primary key, for the late-row audit.
func (s *source[R, K]) Lookup(
	ctx context.Context, keys []K, req replicate.PollRequest[K], page *replicate.Page[K],
) (more bool, err error) {
	list := make([]byte, 0, 8*len(keys)+2)
	list = append(list, '{')
	for i, k := range keys {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, int64(k), 10)
	}
	list = append(list, '}')
	rows := s.conn.ExecPrepared(ctx, stmtLookup, [][]byte{list}, textFormat, s.formats)
	s.builder.Begin(page, req)
	if err = s.compareTypes(rows.FieldDescriptions()); err == nil {
		var reading keyset.Reading[K]
		reading, err = s.reader.Read(nextRow(rows), replicate.Bound[K]{Kind: replicate.BoundUnlimited})
		more = reading.More
	}
	_, closeErr := rows.Close()
	if reason, ok := asBadText(closeErr); ok && err == nil {
		if more {
			return more, nil // it is a row behind those that are used
		}
		return s.isolateAmong(ctx, string(list), page, reason)
	}
	if closeErr != nil {
		page.Reset()
		return false, s.classify("look up rows of table "+s.table.Name, closeErr)
	}
	return more, err
}
