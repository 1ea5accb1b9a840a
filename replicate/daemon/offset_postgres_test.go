package daemon_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
)

// TestOffsetOnPostgres moves the offset of a table whose rows commit out of order: what is open when it is
// moved forward must neither be skipped nor be left out of the count.
func TestOffsetOnPostgres(t *testing.T) {
	suite.Servers(t, "PostgreSQL")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	pg, err := testserver.StartPostgres(ctx, "18.6.0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Stop(); err != nil {
			t.Error(err)
		}
	})
	b := newBed(t)
	b.uri, b.program, b.settings = pg.URI(), ordersProgram, "once_wait_sec: 0.3"
	exec := func(sql string) {
		t.Helper()
		if err := pg.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := os.ReadFile(filepath.Join("..", "..", "schemas", "orders.sql"))
	if err != nil {
		t.Fatal(err)
	}
	exec(string(schema))
	b.offset(0, "show", "table empty, 0 rows beyond the offset")
	b.offset(2, "set 1", "no key of table orders has been drawn yet")
	exec(order + order + order)
	b.once()
	b.offset(0, "show", "offset 3,", "highest key 3, 0 rows beyond the offset")

	open, err := pgconn.Connect(ctx, pg.URI())
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close(ctx)
	if _, err := open.Exec(ctx, "SET application_name = 'nightly import'; BEGIN; "+order).ReadAll(); err != nil {
		t.Fatal(err)
	}
	exec(order) // key 5, while key 4 is not committed
	b.offset(0, "show", "highest key 5, 1 row beyond the offset")
	for _, command := range []string{"start-at now --allow-skip", "set 4 --allow-skip", "start-at 6 --dry-run"} {
		b.offset(3, command, "transactions that were open are still open after 300ms: ", "nightly import",
			"nothing was changed")
	}
	b.offset(0, "set 2 --dry-run", "1 row is published again") // backwards nothing has to settle
	if got := b.redisOf("orders"); got != "3" {
		t.Fatalf("the offset is %s, want 3", got)
	}
	if _, err := open.Exec(ctx, "COMMIT").ReadAll(); err != nil {
		t.Fatal(err)
	}
	b.offset(1, "start-at now", "2 rows would be skipped")
	b.offset(0, "start-at now --allow-skip", "new offset 5", "2 rows are skipped")
	exec(order)
	b.once()
	if got, want := b.published(), "1 2 3 6"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
	b.extremes(exec)
}

const order = `INSERT INTO orders (customer_id, reference, currency, total, quantity, placed_at, token)
	VALUES (1, 'r', 'EUR', 1, 1, now(), gen_random_uuid());`

// extremes counts rows at the ends of the key's range.
func (b *bed) extremes(exec func(sql string)) {
	b.t.Helper()
	exec(`INSERT INTO orders (id, customer_id, reference, currency, total, quantity, placed_at, token)
		OVERRIDING SYSTEM VALUE SELECT id, 1, 'r', 'EUR', 1, 1, now(), gen_random_uuid()
		FROM unnest(ARRAY[-9223372036854775808, -5]) AS id`)
	b.offset(0, "set -9223372036854775808 --dry-run", "7 rows are published again")
	b.offset(0, "start-at -9223372036854775807 --dry-run", "7 rows are published again")
	b.offset(0, "start-at -9223372036854775808 --dry-run", "8 rows are published again", "new no offset")
	b.offset(0, "start-at 0 --dry-run", "new offset -1", "6 rows are published again")
	b.offset(2, "set 7", "beyond the sequence of table orders, whose highest key so far is 6")
}
