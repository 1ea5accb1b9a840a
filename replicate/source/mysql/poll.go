package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/mysql/internal/wire"
)

// lookupKeys is the number of keys that one look-up asks for.
const lookupKeys = 64

// prepare prepares all statements.
func (s *source[R, K]) prepare(ctx context.Context) (err error) {
	list := strings.TrimSuffix(strings.Repeat("?, ", lookupKeys), ", ")
	for _, q := range []struct {
		statement **wire.Statement
		sql       string
	}{
		{&s.first, s.table.First}, {&s.next, s.table.Next}, {&s.at, s.table.At},
		{&s.lookup, strings.Replace(s.table.Lookup, KeysParameter, list, 1)},
	} {
		if *q.statement, err = s.conn.Prepare(ctx, q.sql); err != nil {
			return s.classify("prepare the query of table "+s.table.Name, err)
		}
	}
	return nil
}

// compareTypes compares a result's columns with what was generated, for each result: between two polls someone
// may have changed the table.
func (s *source[R, K]) compareTypes(columns []wire.Column) error {
	regenerate := "regenerate: " + s.table.Regenerate
	if len(columns) != len(s.table.Columns) {
		return replicate.Stop(fmt.Errorf("the query of table %s has %d columns, the code was generated for %d",
			s.table.Name, len(columns), len(s.table.Columns)), regenerate)
	}
	for i, c := range s.table.Columns {
		if !fits(columns[i], c.Type) {
			return replicate.Stop(fmt.Errorf("column %s of table %s travels as type number %d, not as %s, which the code "+
				"was generated for", c.Name, s.table.Name, columns[i].Type, c.Type), regenerate)
		}
	}
	return nil
}

// Poll sends the fence, the page and the end of the transaction in one round trip. Each statement is one of its
// own with a snapshot of its own: the page's is newer than the fence (Promise 1).
func (s *source[R, K]) Poll(
	ctx context.Context, req replicate.PollRequest[K], page *replicate.Page[K],
) (result replicate.PollResult, err error) {
	page.Reset()
	if s.conn == nil {
		return result, errNotOpen
	}
	if req.Idle {
		if unchanged, err := s.unchanged(ctx); err != nil || unchanged {
			return replicate.PollResult{Unchanged: unchanged}, err
		}
	}
	limit := s.limit.Rows(req.MaxRows)
	err = s.conn.SendQuery(s.fenceQuery())
	if req.HasAfter {
		err = errors.Join(err, s.conn.SendExecute(s.next, param(req.After), param(int64(limit))))
	} else {
		err = errors.Join(err, s.conn.SendExecute(s.first, param(int64(limit))))
	}
	err = errors.Join(err, s.conn.SendQuery(s.repreparedQuery(s.proof)+"; COMMIT"))
	stop := s.conn.Until(ctx)
	if err = errors.Join(err, s.conn.Flush()); err == nil {
		result, err = s.readAnswers(req, page, limit)
	}
	if stopErr := stop(); stopErr != nil && err != nil {
		err = stopErr // what has failed is that the time was over
	}
	var row *replicate.RowError
	if err != nil && !errors.As(err, &row) {
		_ = s.Close() // answers may be left: the source is opened again
		if !replicate.IsStop(err) {
			err = s.classify("poll", err)
		}
	}
	return result, err
}

func (s *source[R, K]) readAnswers(
	req replicate.PollRequest[K], page *replicate.Page[K], limit int,
) (result replicate.PollResult, err error) {
	fence, err := s.readFence()
	if err != nil {
		return result, err
	}
	s.high, s.hasHigh, s.fenced = fence.High, fence.HasHigh, true
	bound := req.OnFence(fence)
	s.conn.Await()
	rows, err := s.conn.AnswerBinary()
	if err != nil {
		return result, s.classify("read rows of table "+s.table.Name, err)
	}
	if err := s.compareTypes(rows.Columns); err != nil {
		return result, err
	}
	s.builder.Begin(page, req)
	reading, rowErr := s.reader.Read(nextRow(rows), bound)
	result = reading.Result()
	err = rows.Drain()
	if err == nil {
		err = s.readEnd()
	}
	if err != nil {
		// Rows that were read are good, but it is not known which followed, or whose they are: read them again.
		page.Reset()
		return replicate.PollResult{}, err
	}
	if rowErr != nil {
		return result, rowErr
	}
	s.limit.Adapt(&page.Batch, req.MaxBytes, result.Unsettled)
	if reading.Rows == limit && !result.Unsettled {
		result.More = true
	}
	return result, nil
}

// readEnd reads whether the page came from the table that was verified, and the end of the transaction.
func (s *source[R, K]) readEnd() error {
	s.conn.Await()
	reprepared, err := s.answer()
	if err != nil {
		return err
	}
	if _, err := s.answer(); err != nil {
		return err
	}
	if fmt.Sprint(reprepared) != s.proof.reprepared {
		return errStale // Promise 5
	}
	return nil
}

// nextRow reads a result row by row, for the reader.
func nextRow(rows *wire.Result) func() (row [][]byte, found bool, err error) {
	return func() ([][]byte, bool, error) { found := rows.Next(); return rows.Values, found, nil }
}
