package postgres

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/replicate"
)

// undefinedTable is the error code for a relation that does not exist.
const undefinedTable = "42P01"

// proof is what the source has verified, and the two statements of the fence that follow from it. high
// comes first and in a statement of its own: the holders must be listed after it was read.
type proof struct {
	table    uint32   // OID
	sequence sequence // zero with Settle.UnsafeDelay
	high     string   // one row: the highest key drawn, and whether it was drawn
	holders  string   // one row: incarnation, holders separated by blanks, stamp
	stamp    string   // as it was when all this was verified
}

// holdersOf lists the transactions that hold RowExclusiveLock on relations, and reads the stamp beside
// them, in a snapshot that is newer than the highest key (Promise 1). A prepared transaction keeps the
// identity of its backend until the server starts again.
func holdersOf(relations, stamp string) string {
	return `SELECT extract(epoch FROM pg_postmaster_start_time())::text,
	coalesce((SELECT string_agg(DISTINCT virtualtransaction, ' ') FROM pg_locks
		WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND relation = ANY(` + relations + `)), ''),
	` + stamp
}

// proofOf plans the fence on a sequence.
func proofOf(all tree, key string, seq sequence) proof {
	return proof{
		table:    all[0].number(),
		sequence: seq,
		high:     "SELECT last_value, is_called FROM " + seq.name,
		holders:  holdersOf("'{"+seq.oid+"}'::oid[]", stampOf(all, key, seq)),
	}
}

// unsafeProofOf takes the highest key that can be seen, and everyone who has written to the table. Who has
// drawn a key but not written yet is not seen: that is the risk that the delay covers.
func unsafeProofOf(all tree, key, table string) proof {
	column := quote(key)
	return proof{
		table: all[0].number(),
		high: "SELECT coalesce(max(" + column + "), 0)::bigint, count(" + column + ") > 0 FROM (SELECT " + column +
			" FROM " + table + " ORDER BY " + column + " DESC LIMIT 1) AS newest",
		holders: holdersOf(all.oids(anyRelation), stampOf(all, key, sequence{})),
	}
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func literal(text string) string {
	return ` E'` + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(text) + `'`
}

// drawn is the highest key drawn, from what the sequence says. A value that is set but not called is the
// next one to be drawn; where it is the first of all, no key was drawn yet.
func (p *proof) drawn(last int64, called bool) (high int64, has bool) {
	switch {
	case called || p.sequence.oid == "":
		return last, called
	case last <= p.sequence.start || last == math.MinInt64:
		return 0, false
	}
	return last - 1, true
}

// readFence reads the answers to both statements, and whether what was verified still holds.
func (s *source[R, K]) readFence(p *pgconn.Pipeline) (f replicate.Fence[K], err error) {
	high, origin, err := oneRow(p)
	if err != nil {
		return f, s.highFailed(err)
	}
	drawn := s.highOf(high)
	f.High, f.HasHigh = drawn.key, drawn.has
	holders, _, err := oneRow(p)
	if err != nil {
		return f, s.classify("read the open transactions", err)
	}
	f.Incarnation = string(holders[0])
	f.Counter = s.proof.sequence.oid != ""
	f.Holders = strings.Fields(string(holders[1]))
	if string(holders[2]) != s.proof.stamp || origin != s.proof.sequence.number {
		return f, errStale // Promise 5
	}
	return f, nil
}

// highOf is the highest key drawn, from the row that says so.
func (s *source[R, K]) highOf(row [][]byte) upTo[K] {
	key, has := s.proof.drawn(int64(binary.BigEndian.Uint64(row[0])), row[1][0] != 0)
	return upTo[K]{K(key), has}
}

func (s *source[R, K]) highFailed(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == undefinedTable {
		return errStale // what has become of the sequence is found out when the source is opened
	}
	return s.classify("read the sequence of table "+s.table.Name, err)
}

// oneRow reads a result of one row, and the Sync behind it. origin is the relation that the row comes from: the
// name in a statement may have come to mean another one.
func oneRow(p *pgconn.Pipeline) (row [][]byte, origin uint32, err error) {
	result, err := nextResult(p)
	if err != nil {
		return nil, 0, err
	}
	all := result.Read()
	if all.Err != nil {
		return nil, 0, all.Err
	}
	if len(all.Rows) != 1 {
		return nil, 0, fmt.Errorf("%d rows, want 1", len(all.Rows))
	}
	return all.Rows[0], all.FieldDescriptions[0].TableOID, endOfStatement(p)
}

func nextResult(p *pgconn.Pipeline) (*pgconn.ResultReader, error) {
	results, err := p.GetResults()
	if err != nil {
		return nil, err
	}
	reader, ok := results.(*pgconn.ResultReader)
	if !ok {
		return nil, fmt.Errorf("unexpected answer %T", results)
	}
	return reader, nil
}

func endOfStatement(p *pgconn.Pipeline) error {
	results, err := p.GetResults()
	if err != nil {
		return err
	}
	if _, ok := results.(*pgconn.PipelineSync); !ok {
		return fmt.Errorf("unexpected answer %T", results)
	}
	return nil
}
