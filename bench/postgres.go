package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/repliqate/repliqate/internal/testserver"
)

// fillOrders makes rows of the usual kind: a third without a note, half with an address that is not ASCII.
const fillOrders = `
INSERT INTO orders (customer_id, reference, currency, total, quantity, note, address, placed_at, token)
SELECT 100000 + i * 7919 %% 900000, 'ORD-2026-' || lpad(i::text, 9, '0'), (ARRAY['EUR','USD','CHF','GBP'])[1 + i %% 4],
	(i %% 100000)::numeric / 100 + 10, 1 + i %% 9, CASE WHEN i %% 3 > 0 THEN 'please ring twice' END,
	CASE WHEN i %% 2 = 0 THEN 'Königstraße ' || i %% 200 || ', Stuttgart' END,
	timestamptz '2026-01-01 00:00:00Z' + i * interval '1.000321 seconds', gen_random_uuid()
FROM generate_series(1, %d::bigint) AS i`

// startPostgres starts PostgreSQL with an empty table of orders, which stays in its memory once it is filled.
func startPostgres(ctx context.Context, a *arena) (*database, error) {
	ddl, err := schema("orders")
	if err != nil {
		return nil, err
	}
	pg, err := testserver.StartPostgres(ctx, testserver.Newest, "shared_buffers=512MB", "max_wal_size=4GB")
	if err != nil {
		return nil, err
	}
	a.pg = pg
	return &database{
		product: "PostgreSQL", table: "orders", uri: pg.URI(), driver: "pgx", dsn: pg.URI(), stop: pg.Stop,
		dumpName: "COPY binary to nowhere",
		dump: func(ctx context.Context) *exec.Cmd {
			return exec.CommandContext(ctx, a.binary("copybinary"), pg.URI(), "orders")
		},
		// Vacuum and checkpoint come first, so that they do not happen while someone is measured.
		fill: func(ctx context.Context, rows int) error {
			insert := fmt.Sprintf(fillOrders, rows)
			for _, statement := range []string{insert, "VACUUM (FREEZE, ANALYZE) orders", "CHECKPOINT"} {
				if err := pg.Exec(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		},
	}, pg.Exec(ctx, ddl)
}

// schema reads the DDL of an example.
func schema(table string) (string, error) {
	ddl, err := os.ReadFile("schemas/" + table + ".sql")
	if err != nil {
		return "", fmt.Errorf("%w: run it from the root of the repository", err)
	}
	return string(ddl), nil
}
