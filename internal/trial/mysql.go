package trial

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// InsertPayments is a statement that inserts rows of schemas/payments.sql with text of all kinds; the keys come
// from the counter.
func InsertPayments(rows int) string {
	values := make([]string, rows)
	for i := range values {
		note, address := "'note é "+strconv.Itoa(i)+"'", "NULL"
		if i%3 == 0 {
			note = "NULL"
		}
		if i%2 == 0 {
			address = `'Straße\n1 😀'`
		}
		values[i] = fmt.Sprintf(`(%d, 'ref "%d"', 'EUR', %d * 1.25, %d, %s, %s, NOW(6), UUID())`,
			i, i, i, i%7, note, address)
	}
	return "INSERT INTO payments (customer_id, reference, currency, total, quantity, note, address, placed_at, token) " +
		"VALUES " + strings.Join(values, ", ")
}

// WriteMySQL runs writers whose transactions overlap: each draws keys, waits up to 30 ms, and commits or, one time
// in ten, rolls back. written counts the rows that were committed.
func WriteMySQL(ctx context.Context, db *sql.DB, writers, transactions int, written *atomic.Int64) error {
	var group sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		group.Go(func() { errs[w] = writeMySQL(ctx, db, transactions, written) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func writeMySQL(ctx context.Context, db *sql.DB, transactions int, written *atomic.Int64) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for range transactions {
		rows := 1 + rand.IntN(3)
		if _, err := conn.ExecContext(ctx, "BEGIN; "+InsertPayments(rows)); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(30 * time.Millisecond)))) // the transaction stays open
		end := "COMMIT"
		if rand.IntN(10) == 0 {
			end = "ROLLBACK"
		}
		if _, err := conn.ExecContext(ctx, end); err != nil {
			return fmt.Errorf("%s: %w", end, err)
		}
		if end == "COMMIT" {
			written.Add(int64(rows))
		}
	}
	return nil
}

// KeysMySQL returns the keys of the table that are above one.
func KeysMySQL(ctx context.Context, db *sql.DB, above int64) (keys []int64, err error) {
	rows, err := db.QueryContext(ctx, "SELECT id FROM payments WHERE id > ? ORDER BY id", above)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // its error is that of Err
	for rows.Next() {
		var key int64
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// RowsMySQL returns every row of the table, read through the server's own conversion to text.
func RowsMySQL(ctx context.Context, db *sql.DB) (map[int64]RowSum, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close() // nothing is left to be said on it
	if _, err := conn.ExecContext(ctx, "SET time_zone = '+00:00'"); err != nil {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, `SELECT id, customer_id, reference, currency, total, quantity, note, address,
		DATE_FORMAT(placed_at, '%Y-%m-%dT%H:%i:%s.%f'), token FROM payments`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // its error is that of Err
	sums := map[int64]RowSum{}
	for rows.Next() {
		values := make([]sql.NullString, 10)
		targets := make([]any, len(values))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.String
		}
		for _, i := range []int{6, 7} {
			texts[i] = nullable(nil)
			if values[i].Valid {
				texts[i] = nullable(&values[i].String)
			}
		}
		texts[8] = strings.TrimSuffix(strings.TrimRight(texts[8], "0"), ".") + "Z"
		key, err := strconv.ParseInt(texts[0], 10, 64)
		if err != nil {
			return nil, err
		}
		sums[key] = sumOf(texts...)
	}
	return sums, rows.Err()
}
