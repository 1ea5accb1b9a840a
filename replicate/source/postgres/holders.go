package postgres

import (
	"context"
	"strings"
)

// DescribeHolders says who the holders are: process, application, user, and since when. A prepared
// transaction has no process; until the server starts again it is found through the lock on its own
// number, afterwards its number is its identity. What the role may not see is left out.
func (s *source[R, K]) DescribeHolders(ctx context.Context, holders []string) ([]string, error) {
	rows, err := s.rows(ctx, `SELECT l.virtualtransaction || ': ' || CASE
			WHEN l.pid IS NOT NULL THEN concat_ws(', ',
				'process ' || l.pid, 'application "' || a.application_name || '"', 'user ' || a.usename, a.state,
				'transaction open for ' || extract(epoch FROM clock_timestamp() - a.xact_start)::bigint || ' s')
			WHEN p.gid IS NOT NULL THEN concat_ws(', ', 'prepared transaction "' || p.gid || '"', 'user ' || p.owner,
				'prepared ' || extract(epoch FROM clock_timestamp() - p.prepared)::bigint || ' s ago')
			ELSE 'unknown' END
		FROM (SELECT virtualtransaction, max(pid) AS pid, array_agg(transactionid) AS numbers
			FROM pg_locks WHERE virtualtransaction = ANY($1::text[]) GROUP BY virtualtransaction) AS l
		LEFT JOIN pg_stat_activity a ON a.pid = l.pid
		LEFT JOIN pg_prepared_xacts p ON p.transaction = ANY(l.numbers) OR '-1/' || p.transaction = l.virtualtransaction
		ORDER BY 1`, "{"+strings.Join(holders, ",")+"}")
	if err != nil {
		return nil, err
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = r[0]
	}
	return lines, nil
}
