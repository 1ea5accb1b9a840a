package trial

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// InsertOrders is a statement that inserts rows of schemas/orders.sql with text of all kinds; the keys come
// from the sequence.
func InsertOrders(rows int) string { return fmt.Sprintf(insertOrders, rows) }

const insertOrders = `INSERT INTO orders
		(customer_id, reference, currency, total, quantity, note, address, placed_at, token)
	SELECT i, 'ref "' || i || '"', 'EUR', i * 1.25, mod(i, 7),
		CASE WHEN mod(i, 3) = 0 THEN NULL ELSE 'note é ' || i END,
		CASE WHEN mod(i, 2) = 0 THEN E'Straße\n1 😀' END, now(), gen_random_uuid()
	FROM generate_series(1, %d) AS i`

// WritePostgres runs writers whose transactions overlap: each draws keys, waits up to 30 ms, and commits
// or, one time in ten, rolls back. written counts the committed transactions.
func WritePostgres(ctx context.Context, uri string, writers, transactions int, written *atomic.Int64) error {
	var group sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		group.Go(func() { errs[w] = writePostgres(ctx, uri, transactions, written) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func writePostgres(ctx context.Context, uri string, transactions int, written *atomic.Int64) error {
	conn, err := pgconn.Connect(ctx, uri)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) // every statement was answered
	for range transactions {
		rows := 1 + rand.IntN(3)
		if _, err := conn.Exec(ctx, "BEGIN; "+InsertOrders(rows)).ReadAll(); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(30 * time.Millisecond)))) // the transaction stays open
		end := "COMMIT"
		if rand.IntN(10) == 0 {
			end = "ROLLBACK"
		}
		if _, err := conn.Exec(ctx, end).ReadAll(); err != nil {
			return fmt.Errorf("%s: %w", end, err)
		}
		if end == "COMMIT" {
			written.Add(int64(rows))
		}
	}
	return nil
}

// KeysPostgres returns the keys of the table.
func KeysPostgres(ctx context.Context, uri string) (keys []int64, err error) {
	err = query(ctx, uri, "SELECT id FROM orders ORDER BY id", func(row [][]byte) error {
		k, err := strconv.ParseInt(string(row[0]), 10, 64)
		keys = append(keys, k)
		return err
	})
	return keys, err
}

// RowsPostgres returns every row of the table, read through PostgreSQL's own conversion to text.
func RowsPostgres(ctx context.Context, uri string) (map[int64]RowSum, error) {
	rows := map[int64]RowSum{}
	err := query(ctx, uri, `SELECT id::text, customer_id::text, reference, currency, total::text, quantity::text,
		note, address, to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), token::text FROM orders`,
		func(row [][]byte) error {
			values := make([]string, len(row))
			for i, v := range row {
				values[i] = string(v)
			}
			values[6], values[7] = text(row[6]), text(row[7])
			values[8] = strings.TrimSuffix(strings.TrimRight(values[8], "0"), ".") + "Z"
			key, err := strconv.ParseInt(values[0], 10, 64)
			rows[key] = sumOf(values...)
			return err
		})
	return rows, err
}

func text(v []byte) string {
	if v == nil {
		return nullable(nil)
	}
	s := string(v)
	return nullable(&s)
}

// query hands each row of a result, as text, to found.
func query(ctx context.Context, uri, sql string, found func(row [][]byte) error) error {
	conn, err := pgconn.Connect(ctx, uri)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) // the statement was answered
	rows := conn.ExecParams(ctx, sql, nil, nil, nil, nil)
	for rows.NextRow() {
		err = errors.Join(err, found(rows.Values()))
	}
	_, closed := rows.Close()
	return errors.Join(err, closed)
}
