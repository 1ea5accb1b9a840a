package main

import (
	"context"
	"fmt"
	"os"
)

// fillOrders makes rows of the usual kind: a third without a note, half with an address that is not ASCII.
const fillOrders = `
INSERT INTO orders (customer_id, reference, currency, total, quantity, note, address, placed_at, token)
SELECT 100000 + i * 7919 %% 900000, 'ORD-2026-' || lpad(i::text, 9, '0'), (ARRAY['EUR','USD','CHF','GBP'])[1 + i %% 4],
	(i %% 100000)::numeric / 100 + 10, 1 + i %% 9, CASE WHEN i %% 3 > 0 THEN 'please ring twice' END,
	CASE WHEN i %% 2 = 0 THEN 'Königstraße ' || i %% 200 || ', Stuttgart' END,
	timestamptz '2026-01-01 00:00:00Z' + i * interval '1.000321 seconds', gen_random_uuid()
FROM generate_series(1, %d::bigint) AS i`

// create creates the table of schemas/orders.sql.
func (a *arena) create(ctx context.Context) error {
	ddl, err := os.ReadFile("schemas/orders.sql")
	if err != nil {
		return fmt.Errorf("%w: run it from the root of the repository", err)
	}
	return a.pg.Exec(ctx, string(ddl))
}

// fill creates the table and fills it. Vacuum and checkpoint come first, so that they do not
// happen while someone is measured.
func (a *arena) fill(ctx context.Context) error {
	if err := a.create(ctx); err != nil {
		return err
	}
	insert := fmt.Sprintf(fillOrders, a.rows)
	for _, statement := range []string{insert, "VACUUM (FREEZE, ANALYZE) orders", "CHECKPOINT"} {
		if err := a.pg.Exec(ctx, statement); err != nil {
			return fmt.Errorf("fill the table: %w", err)
		}
	}
	return nil
}
