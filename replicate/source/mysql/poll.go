package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/mysql/internal/wire"
)

// firstLimit is the number of rows that are asked for before it is known what a row weighs: rows that do not fit
// a page are read and thrown away, so a first page of huge rows should be a short one.
const firstLimit = 256

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
	limit := min(s.limit, req.MaxRows)
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
	result, count, rowErr := s.readPage(rows, bound)
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
	s.adapt(page, req, result.Unsettled)
	if count == limit && !result.Unsettled {
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

// readPage turns rows into messages up to the bound, or until the page is full.
func (s *source[R, K]) readPage(
	rows *wire.Result, bound replicate.Bound[K],
) (result replicate.PollResult, count int, err error) {
	var last K
	for rows.Next() {
		key, err := s.table.ScanKey(rows.Values)
		if err != nil {
			return result, count, replicate.Stop(fmt.Errorf("table %s: %w", s.table.Name, err),
				"regenerate: "+s.table.Regenerate)
		}
		if count > 0 && key == last {
			return result, count, replicate.Stop(
				fmt.Errorf("two rows of table %s have key %s", s.table.Name, replicate.KeyText(key)),
				"keys must be unique, since the offset can't stand between the two: give one of them another key")
		}
		if !bound.Allows(key) {
			result.Unsettled = true
			return result, count, nil
		}
		count, last = count+1, key
		full, err := s.add(key, rows.Values)
		if err != nil {
			return result, count, err
		}
		if full {
			result.More = true
			return result, count, nil
		}
	}
	return result, count, nil
}

func (s *source[R, K]) add(key K, values [][]byte) (full bool, err error) {
	if err := s.table.Scan(&s.r, values); err != nil {
		return s.builder.BadScan(key, err, func(column int) []byte { return values[column] })
	}
	return s.builder.Add(&s.r)
}

// adapt sizes the next page by what this page's rows have weighed (Promise 7). While rows are held back it asks
// for few: those beyond the bound are read and thrown away, with each poll until they are settled.
func (s *source[R, K]) adapt(page *replicate.Page[K], req replicate.PollRequest[K], unsettled bool) {
	if unsettled {
		s.limit = min(s.limit, max(firstLimit, 2*page.Len()))
		return
	}
	if page.Len() == 0 {
		return
	}
	fits := req.MaxBytes / max(page.Bytes()/page.Len(), 1)
	s.limit = max(1, min(fits+fits/8+1, 8*s.limit)) // a poll takes no more than its request allows
}
