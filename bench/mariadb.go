package main

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/repliqate/repliqate/internal/testserver"
)

// fillPayments makes the rows that fillOrders makes. The last statement writes the table's pages to the disk.
const fillPayments = `
USE bench;
SET time_zone = '+00:00';
INSERT INTO payments (customer_id, reference, currency, total, quantity, note, address, placed_at, token)
SELECT 100000 + seq * 7919 %% 900000, CONCAT('ORD-2026-', LPAD(seq, 9, '0')),
	ELT(1 + seq %% 4, 'EUR', 'USD', 'CHF', 'GBP'),
	seq %% 100000 / 100 + 10, 1 + seq %% 9, IF(seq %% 3 > 0, 'please ring twice', NULL),
	IF(seq %% 2 = 0, CONCAT('Königstraße ', seq %% 200, ', Stuttgart'), NULL),
	TIMESTAMP'2026-01-01 00:00:00' + INTERVAL seq * 1000321 MICROSECOND, UUID()
FROM seq_1_to_%d;
ANALYZE TABLE payments;
FLUSH TABLES payments FOR EXPORT;
UNLOCK TABLES`

// startMariaDB starts MariaDB with an empty table of payments, which stays in its memory once it is filled.
func startMariaDB(ctx context.Context, a *arena) (*database, error) {
	ddl, err := schema("payments")
	if err != nil {
		return nil, err
	}
	m, err := testserver.StartMariaDB(ctx, "innodb_buffer_pool_size=768M", "innodb_log_file_size=1G")
	if err != nil {
		return nil, err
	}
	client, err := testserver.MariaDBClient(ctx)
	db := &database{
		product: "MariaDB", table: "payments", uri: m.URI("bench"), stop: m.Stop,
		driver: "mysql", dsn: fmt.Sprintf("root@tcp(127.0.0.1:%d)/bench?parseTime=true", m.Port),
		dumpName: "mariadb --quick to nowhere",
		dump: func(ctx context.Context) *exec.Cmd {
			return exec.CommandContext(ctx, client, "--no-defaults", "--host=127.0.0.1", fmt.Sprintf("--port=%d", m.Port),
				"--user=root", "--default-character-set=utf8mb4", "--quick", "--batch", "--execute=SELECT * FROM payments", "bench")
		},
		fill: func(ctx context.Context, rows int) error { return m.Exec(ctx, fmt.Sprintf(fillPayments, rows)) },
	}
	if err != nil {
		return db, err
	}
	return db, m.Exec(ctx, "CREATE DATABASE bench; USE bench; "+ddl)
}
