package crashloop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

var (
	mariadb = engine{product: "MariaDB", table: "payments", words: mysqlWords,
		start: func(ctx context.Context, ddl string) (*database, error) {
			m, err := testserver.StartMariaDB(ctx)
			return payments(ctx, m, err, ddl)
		}}
	mysql = engine{product: "MySQL", table: "payments", words: mysqlWords,
		start: func(ctx context.Context, ddl string) (*database, error) {
			// A SIGKILL may tear a page that is being written, which other tests need not fear.
			m, err := testserver.StartMySQL(ctx, "innodb_doublewrite=ON")
			return payments(ctx, m, err, ddl)
		}}
)

var mysqlWords = words{
	insert: trial.InsertPayments,
	draw: func(rows int, _ string) []string {
		// Keys of an INSERT from a query are set aside in growing portions while its rows come, one after the other.
		return []string{"INSERT INTO payments (customer_id, reference, currency, total, quantity, placed_at, token)" +
			" SELECT n, 'drawn', 'EUR', 1.25, SLEEP(0.004), NOW(6), UUID() FROM (SELECT 0 AS n" +
			strings.Repeat(" UNION ALL SELECT 1", rows) + ") AS numbers"}
	},
	begin:   func(id string) string { return "XA START '" + id + "'" },
	prepare: func(id string) string { return "XA END '" + id + "'; XA PREPARE '" + id + "'" },
	end:     func(how, id string) string { return "XA " + how + " '" + id + "'" },
}

// payments creates the table on a server that was started, or not.
func payments(ctx context.Context, m *testserver.MySQL, err error, ddl string) (*database, error) {
	if err != nil {
		return nil, err
	}
	if err := m.Exec(ctx, "CREATE DATABASE shop; USE shop; "+ddl); err != nil {
		return nil, err
	}
	return &database{
		server:  m,
		addr:    "127.0.0.1:" + strconv.Itoa(m.Port),
		uri:     func(addr string) string { return "mysql://root@" + addr + "/shop" },
		connect: func(ctx context.Context) (session, error) { return connectMySQL(ctx, m) },
		keys: func(ctx context.Context) ([]int64, error) {
			return read(m, func(db *sql.DB) ([]int64, error) { return trial.KeysMySQL(ctx, db, 0) })
		},
		rows: func(ctx context.Context) (map[int64]trial.RowSum, error) {
			return read(m, func(db *sql.DB) (map[int64]trial.RowSum, error) { return trial.RowsMySQL(ctx, db) })
		},
	}, nil
}

// read reads on connections of their own: those from before a crash are gone.
func read[T any](m *testserver.MySQL, from func(*sql.DB) (T, error)) (found T, err error) {
	db, err := m.Open("shop")
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return from(db)
}

func unavailable(err error) bool { return errors.Is(err, testserver.ErrNoMySQL) }

// mySession is one connection, and the pool that it is all of: a transaction must not go on in another one.
type mySession struct {
	db   *sql.DB
	conn *sql.Conn
}

func connectMySQL(ctx context.Context, m *testserver.MySQL) (session, error) {
	db, err := m.Open("shop")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return mySession{db, conn}, nil
}

func (s mySession) exec(ctx context.Context, statements string) error {
	_, err := s.conn.ExecContext(ctx, statements)
	return err
}

func (s mySession) prepared(ctx context.Context) (ids []string, err error) {
	rows, err := s.conn.QueryContext(ctx, "XA RECOVER")
	if err != nil {
		return nil, err
	}
	defer rows.Close() // its error is that of Err
	for rows.Next() {
		var format, global, branch int
		var id string
		if err := rows.Scan(&format, &global, &branch, &id); err != nil {
			return nil, fmt.Errorf("read the prepared transactions: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func (s mySession) close() {
	_ = s.conn.Close() // the server may be gone
	_ = s.db.Close()
}
