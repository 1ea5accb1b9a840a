package main

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/internal/trial"
)

// fillLedger makes rows of about the size of orders.
const fillLedger = `
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO ledger (account, amount, rate, cleared, note, details, signature)
SELECT 'DE-' || (100000 + i * 7919 % 900000), i % 100000, i / 7.0, i % 2,
	CASE WHEN i % 3 > 0 THEN 'please ring twice' END,
	CASE WHEN i % 2 = 0 THEN json_object('street', 'Königstraße ' || i % 200, 'city', 'Stuttgart') END, randomblob(16)
FROM n`

// startSQLite creates a database file with an empty ledger.
func startSQLite(_ context.Context, a *arena) (*database, error) {
	ddl, err := schema("ledger")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(a.dir, "ledger.db")
	return &database{
		product: "SQLite", table: "ledger", uri: "sqlite:///" + path, driver: "sqlite", dsn: path,
		stop:     func() error { return nil }, // the file goes with the arena's folder
		dumpName: "stepping through to nowhere",
		dump: func(ctx context.Context) *exec.Cmd {
			return exec.CommandContext(ctx, a.binary("steprows"), path, "ledger")
		},
		fill: func(_ context.Context, rows int) error { return fillSQLite(path, rows) },
	}, trial.CreateSQLite(path, ddl)
}

func fillSQLite(path string, rows int) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := sqlitex.Execute(conn, fillLedger, &sqlitex.ExecOptions{Args: []any{rows}}); err != nil {
		return err
	}
	return sqlitex.ExecuteScript(conn, "PRAGMA wal_checkpoint(TRUNCATE)", nil)
}
