package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/replicate"
)

// fenceQueries are the two statements of the fence. high comes first and in a statement of its own:
// the holders must be listed after it was read.
type fenceQueries struct {
	sequence string // quoted; empty with settle.unsafe_delay_sec
	high     string // one row: the highest key drawn, and whether there is one
	holders  string // one row: incarnation, holders separated by blanks
}

// holdersOf lists the transactions that hold RowExclusiveLock on relations. A prepared transaction
// has -1 in place of its backend.
func holdersOf(relations string) string {
	return `SELECT extract(epoch FROM pg_postmaster_start_time())::text,
	coalesce(string_agg(DISTINCT virtualtransaction, ' '), '')
FROM pg_locks
WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
	AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
	AND relation IN (` + relations + `)`
}

func (s *source[R, K]) planFence(oid, schema, name string) {
	quoted := quote(schema) + "." + quote(name)
	s.fences = fenceQueries{
		sequence: quoted,
		high:     "SELECT last_value, is_called FROM " + quoted,
		holders:  holdersOf(oid),
	}
}

// planUnsafeFence takes the highest key that can be seen, and everyone who has written to the table.
// Who has drawn a key but not written yet is not seen: that is the risk that the delay covers.
func (s *source[R, K]) planUnsafeFence(ctx context.Context, relation string) error {
	rows, err := s.rows(ctx, "SELECT relid::oid FROM pg_partition_tree($1::oid::regclass) UNION SELECT $1::oid", relation)
	if err != nil {
		return err
	}
	oids := make([]string, len(rows))
	for i, r := range rows {
		oids[i] = r[0]
	}
	key := quote(s.table.KeyColumn)
	s.fences = fenceQueries{
		high:    "SELECT coalesce(max(" + key + "), 0)::bigint, count(" + key + ") > 0 FROM (SELECT " + key + " FROM " + s.table.Relation + " ORDER BY " + key + " DESC LIMIT 1) AS newest",
		holders: holdersOf(strings.Join(oids, ", ")),
	}
	return nil
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// lastValue reads the sequence outside of a poll.
func (s *source[R, K]) lastValue(ctx context.Context) (high int64, called bool, err error) {
	rows, err := s.rows(ctx, s.fences.high)
	if err != nil {
		return 0, false, err
	}
	high, err = strconv.ParseInt(rows[0][0], 10, 64)
	return high, rows[0][1] == "t", err
}

// readFence reads the answers to both statements.
func (s *source[R, K]) readFence(p *pgconn.Pipeline) (replicate.Fence[K], error) {
	var f replicate.Fence[K]
	high, err := oneRow(p)
	if err != nil {
		return f, s.classify("read the sequence of table "+s.table.Name, err)
	}
	f.High, f.HasHigh = K(binary.BigEndian.Uint64(high[0])), high[1][0] != 0
	holders, err := oneRow(p)
	if err != nil {
		return f, s.classify("read the open transactions", err)
	}
	f.Incarnation = string(holders[0])
	f.Counter = s.fences.sequence != ""
	f.Holders = strings.Fields(string(holders[1]))
	return f, nil
}

// oneRow reads a result of one row, and the Sync behind it.
func oneRow(p *pgconn.Pipeline) ([][]byte, error) {
	result, err := nextResult(p)
	if err != nil {
		return nil, err
	}
	all := result.Read()
	if all.Err != nil {
		return nil, all.Err
	}
	if len(all.Rows) != 1 {
		return nil, fmt.Errorf("%d rows, want 1", len(all.Rows))
	}
	return all.Rows[0], endOfStatement(p)
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

// DescribeHolders says who the holders are: process, application, user, and since when.
func (s *source[R, K]) DescribeHolders(ctx context.Context, holders []string) ([]string, error) {
	rows, err := s.rows(ctx, `SELECT l.virtualtransaction || ': ' || coalesce(
			'process ' || a.pid || ', application "' || a.application_name || '", user ' || a.usename || ', ' || a.state
				|| ', transaction open for ' || extract(epoch FROM clock_timestamp() - a.xact_start)::bigint || ' s',
			'prepared transaction "' || p.gid || '", prepared ' || extract(epoch FROM clock_timestamp() - p.prepared)::bigint || ' s ago',
			'unknown')
		FROM (SELECT DISTINCT virtualtransaction, pid FROM pg_locks WHERE virtualtransaction = ANY($1::text[])) AS l
		LEFT JOIN pg_stat_activity a ON a.pid = l.pid
		LEFT JOIN pg_prepared_xacts p ON '-1/' || p.transaction = l.virtualtransaction`, "{"+strings.Join(holders, ",")+"}")
	if err != nil {
		return nil, err
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = r[0]
	}
	return lines, nil
}
