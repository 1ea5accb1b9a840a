package trial

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

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
			SELECT 'account ' || ?1, ?2 * value, value / 3.0, value % 2, 'Grüße "' || value || '" 😀',
				json_object('n', value, 'a', json('[1.10]')), randomblob(8) FROM json_each('[1,2,3,4,5]')`,
			&sqlitex.ExecOptions{Args: []any{writer, i}})
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
	add := func(row *sqlite.Stmt) error {
		keys = append(keys, row.ColumnInt64(0))
		return nil
	}
	err = sqlitex.Execute(conn, "SELECT id FROM ledger ORDER BY id", &sqlitex.ExecOptions{ResultFunc: add})
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
