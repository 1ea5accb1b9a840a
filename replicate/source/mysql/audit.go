package mysql

import (
	"context"
	"errors"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/mysql/internal/wire"
)

// Lookup reads the rows that now exist among keys, by the key's index, for the late-row audit.
func (s *source[R, K]) Lookup(
	ctx context.Context, keys []K, req replicate.PollRequest[K], page *replicate.Page[K],
) (more bool, err error) {
	s.builder.Begin(page, req)
	for len(keys) > 0 && !more && err == nil {
		n := min(len(keys), lookupKeys)
		more, err = s.lookupSome(ctx, keys[:n])
		keys = keys[n:]
	}
	var row *replicate.RowError
	if err != nil && !errors.As(err, &row) {
		page.Reset()
		_ = s.Close() // answers may be left: the source is opened again
		if !replicate.IsStop(err) {
			err = s.classify("look up rows of table "+s.table.Name, err)
		}
	}
	return more, err
}

func (s *source[R, K]) lookupSome(ctx context.Context, keys []K) (more bool, err error) {
	if s.conn == nil {
		return false, errNotOpen
	}
	params := make([]wire.Integer, lookupKeys)
	for i := range params {
		params[i] = param(keys[min(i, len(keys)-1)]) // the last one again and again fills the list
	}
	stop := s.conn.Until(ctx)
	defer func() {
		if stopErr := stop(); stopErr != nil {
			more, err = false, stopErr
		}
	}()
	if err := errors.Join(s.conn.SendExecute(s.lookup, params...), s.conn.Flush()); err != nil {
		return false, err
	}
	s.conn.Await()
	rows, err := s.conn.AnswerBinary()
	if err != nil {
		return false, err
	}
	if err := s.compareTypes(rows.Columns); err != nil {
		return false, err
	}
	reading, err := s.reader.Read(nextRow(rows), replicate.Bound[K]{Kind: replicate.BoundUnlimited})
	if drainErr := rows.Drain(); drainErr != nil {
		return false, drainErr
	}
	return reading.More, err
}
