package trial

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// insertOrder fills a row of schemas/orders.sql; the key comes from the sequence.
const insertOrder = `INSERT INTO orders (customer_id, reference, currency, total, quantity, note, address, placed_at, token)
	SELECT i, 'ref "' || i || '"', 'EUR', i * 1.25, mod(i, 7), CASE WHEN mod(i, 3) = 0 THEN NULL ELSE 'note é ' || i END,
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
	defer conn.Close(ctx) //nolint:errcheck // every statement was answered
	for range transactions {
		rows := 1 + rand.IntN(3)
		if _, err := conn.Exec(ctx, "BEGIN; "+fmt.Sprintf(insertOrder, rows)).ReadAll(); err != nil {
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
func KeysPostgres(ctx context.Context, uri string) ([]int64, error) {
	conn, err := pgconn.Connect(ctx, uri)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx) //nolint:errcheck // the statement was answered
	result := conn.ExecParams(ctx, "SELECT id FROM orders ORDER BY id", nil, nil, nil, nil).Read()
	var keys []int64
	for _, row := range result.Rows {
		k, err := strconv.ParseInt(string(row[0]), 10, 64)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, result.Err
}

// WriteSQLite runs writers that take turns, as SQLite has it.
func WriteSQLite(ctx context.Context, path string, writers, transactions int, written *atomic.Int64) error {
	var group sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		group.Go(func() { errs[w] = writeSQLite(ctx, path, w, transactions, written) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func writeSQLite(ctx context.Context, path string, writer, transactions int, written *atomic.Int64) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetBusyTimeout(30 * time.Second)
	for i := range transactions {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		err := sqlitex.Execute(conn, `INSERT INTO ledger (account, amount, rate, cleared, note, details, signature)
			SELECT 'account ' || ?1, ?2 * value, value / 3.0, value % 2, 'Grüße "' || value || '" 😀', json_object('n', value, 'a', json('[1.10]')),
				randomblob(8) FROM json_each('[1,2,3,4,5]')`, &sqlitex.ExecOptions{Args: []any{writer, i}})
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
		written.Add(5)
	}
	return nil
}

// KeysSQLite returns the keys of the table.
func KeysSQLite(path string) (keys []int64, err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = sqlitex.Execute(conn, "SELECT id FROM ledger ORDER BY id", &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
		keys = append(keys, row.ColumnInt64(0))
		return nil
	}})
	return keys, err
}

// CreateSQLite creates a database in WAL mode from DDL.
func CreateSQLite(path, ddl string) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenWAL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return sqlitex.ExecuteScript(conn, ddl, nil)
}
