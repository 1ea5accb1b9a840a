package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/replicate"
)

const oidInt8 = 20

// Names of the prepared statements.
const (
	stmtHigh    = "high"
	stmtHolders = "holders"
	stmtFirst   = "first"
	stmtNext    = "next"
	stmtLookup  = "lookup"
)

// A single format is that of all columns, or of all parameters.
var (
	textFormat   = []int16{0}
	binaryFormat = []int16{1}
)

// resultFormats asks for the binary format, but for the columns that are read as text.
func resultFormats(columns []replicate.Column) []int16 {
	if !slices.ContainsFunc(columns, func(c replicate.Column) bool { return c.AsText }) {
		return binaryFormat
	}
	formats := make([]int16, len(columns))
	for i, c := range columns {
		formats[i] = binaryFormat[0]
		if c.AsText {
			formats[i] = textFormat[0]
		}
	}
	return formats
}

// prepare prepares all statements. Keys and limits are always sent as bigint, whatever integer the key is:
// left to itself, PostgreSQL would expect the key's own type.
func (s *source[R, K]) prepare(ctx context.Context) error {
	for _, q := range []struct {
		name, sql string
		params    []uint32
		rows      bool
	}{
		{name: stmtHigh, sql: s.proof.high},
		{name: stmtHolders, sql: s.proof.holders},
		{name: stmtFirst, sql: s.table.First, params: []uint32{oidInt8}, rows: true},
		{name: stmtNext, sql: s.table.Next, params: []uint32{oidInt8, oidInt8}, rows: true},
		{name: stmtLookup, sql: s.table.Lookup, rows: true},
	} {
		description, err := s.conn.Prepare(ctx, q.name, q.sql, q.params)
		if err != nil {
			return s.classify("prepare the query of table "+s.table.Name, err)
		}
		if q.rows {
			if err := s.compareTypes(description.Fields); err != nil {
				return err
			}
		}
	}
	return nil
}

// Poll sends all three statements in one round trip, each with a Sync of its own, so that each is a
// transaction with a snapshot of its own: the page's is newer than the fence (Promise 1).
func (s *source[R, K]) Poll(
	ctx context.Context, req replicate.PollRequest[K], page *replicate.Page[K],
) (replicate.PollResult, error) {
	page.Reset()
	if req.Idle {
		if unchanged, err := s.unchanged(ctx); err != nil || unchanged {
			return replicate.PollResult{Unchanged: unchanged}, err
		}
	}
	defer s.cover.pass(req, page)
	p := s.conn.StartPipeline(ctx)
	p.SendQueryPrepared(stmtHigh, nil, nil, binaryFormat)
	p.SendPipelineSync()
	p.SendQueryPrepared(stmtHolders, nil, nil, binaryFormat)
	p.SendPipelineSync()
	limit := s.limit.Rows(req.MaxRows)
	s.params[0] = appendInt8(s.params[0][:0], int64(req.After))
	s.params[1] = appendInt8(s.params[1][:0], int64(limit))
	if req.HasAfter {
		p.SendQueryPrepared(stmtNext, s.params[:], binaryFormat, s.formats)
	} else {
		p.SendQueryPrepared(stmtFirst, s.params[1:], binaryFormat, s.formats)
	}
	p.SendPipelineSync()
	if err := p.Flush(); err != nil {
		_ = p.Close() // the error that counts is Flush's
		return replicate.PollResult{}, s.classify("poll", err)
	}
	result, err := s.readAnswers(p, req, page, limit)
	closeErr := p.Close()
	var bad *badText[K]
	switch {
	case errors.As(err, &bad):
		return s.isolate(ctx, req, page, bad)
	case err == nil && closeErr != nil:
		err = s.classify("poll", closeErr)
	}
	return result, err
}

func (s *source[R, K]) readAnswers(
	p *pgconn.Pipeline, req replicate.PollRequest[K], page *replicate.Page[K], limit int,
) (replicate.PollResult, error) {
	fence, err := s.readFence(p)
	if err == nil && req.HasAfter && s.setBack(fence, req.After) {
		err = s.errSetBack(req.After, fence)
	}
	if err != nil {
		return replicate.PollResult{}, err
	}
	s.drawn, s.fenced = upTo[K]{fence.High, fence.HasHigh}, true
	bound := req.OnFence(fence)
	rows, err := nextResult(p)
	if err != nil {
		return replicate.PollResult{}, s.classify("read rows of table "+s.table.Name, err)
	}
	if err := s.compareTypes(rows.FieldDescriptions()); err != nil {
		_, _ = rows.Close() // the error that counts is the first
		return replicate.PollResult{}, err
	}
	s.builder.Begin(page, req)
	reading, err := s.reader.Read(nextRow(rows), bound)
	result := reading.Result()
	if reading.Unsettled {
		result.Above = s.above(fence, reading.Beyond)
	}
	_, closeErr := rows.Close()
	if reason, ok := asBadText(closeErr); ok && err == nil {
		if result.More || result.Unsettled {
			return result, nil // it is a row behind those that are used
		}
		return result, &badText[K]{reason: reason, bound: bound}
	}
	if err == nil && closeErr != nil {
		// Rows that were read are good, but it is not known which followed: read the page again.
		page.Reset()
		return replicate.PollResult{}, s.classify("read rows of table "+s.table.Name, closeErr)
	}
	if err != nil {
		return result, err
	}
	s.limit.Adapt(&page.Batch, req.MaxBytes, result.Unsettled)
	if reading.Rows == limit && !result.Unsettled {
		result.More = true
	}
	return result, endOfStatement(p)
}

// nextRow reads a result row by row, for the reader.
func nextRow(rows *pgconn.ResultReader) func() (row [][]byte, found bool, err error) {
	return func() ([][]byte, bool, error) {
		if !rows.NextRow() {
			return nil, false, nil
		}
		return rows.Values(), true, nil
	}
}

// above reports whether the row beyond the bound is above the sequence for good. A row that was committed since the
// sequence was read has a higher key too. But the row that was there at the last poll already is not such a one.
func (s *source[R, K]) above(fence replicate.Fence[K], key K) bool {
	seen := upTo[K]{key, true}
	above := s.beyond == seen && (!fence.HasHigh || key > fence.High)
	s.beyond = seen
	return above
}

func appendInt8(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)) }
