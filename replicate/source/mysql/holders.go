package mysql

import (
	"context"
	"slices"
	"strings"
)

// DescribeHolders says who the holders are: session, user, host, and how long the session has been in its
// statement, or idle. A prepared XA transaction has no session. What the user may not see is left out.
func (s *source[R, K]) DescribeHolders(ctx context.Context, holders []string) ([]string, error) {
	var lines, threads, transactions []string
	for _, h := range holders {
		if strings.HasPrefix(h, xaPrefix) {
			transactions = append(transactions, h)
			continue
		}
		transactions = append(transactions, s.prepared.after(h)...)
		thread, _, _ := strings.Cut(h, "/")
		if !slices.Contains(threads, thread) && strings.Trim(thread, "0123456789") == "" {
			threads = append(threads, thread)
		}
	}
	slices.Sort(transactions)
	for _, x := range slices.Compact(transactions) {
		lines = append(lines, "prepared XA transaction "+strings.TrimPrefix(x, xaPrefix)+
			": end it with XA COMMIT or XA ROLLBACK")
	}
	if len(threads) == 0 {
		return lines, nil
	}
	rows, err := s.rows(ctx, `SELECT CONCAT_WS(', ', CONCAT('session ', PROCESSLIST_ID), CONCAT('user ', PROCESSLIST_USER),
			CONCAT('host ', PROCESSLIST_HOST), LOWER(PROCESSLIST_COMMAND),
			CONCAT('for ', PROCESSLIST_TIME, ' s'))
		FROM performance_schema.threads WHERE THREAD_ID IN (`+strings.Join(threads, ", ")+`) ORDER BY THREAD_ID`)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		lines = append(lines, r[0])
	}
	return lines, nil
}
