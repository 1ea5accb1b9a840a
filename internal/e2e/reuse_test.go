package e2e

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/repliqate/repliqate/generated/orders"
	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
	"github.com/repliqate/repliqate/replicate/loop"
	"github.com/repliqate/repliqate/replicate/offset/memory"
)

// rowKeys is a sink that hands on the keys of the rows.
type rowKeys chan string

func (rowKeys) Open(context.Context) (replicate.SinkInfo, error) { return replicate.SinkInfo{}, nil }
func (rowKeys) Close() error                                     { return nil }

func (s rowKeys) Publish(_ context.Context, b *replicate.Batch, done func(error)) {
	for _, m := range b.Messages() {
		s <- string(m.RowKey)
	}
	done(nil)
}

// TestTruncatedTableStopsTheJob truncates a table while it is replicated, so that its keys start again from 1. Nothing
// cuts the connection, so only the fence shows it: the job must stop and say why, not wait for keys beyond its
// offset. A restart of the server is no reason to stop.
func TestTruncatedTableStopsTheJob(t *testing.T) {
	suite.Servers(t, "PostgreSQL")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ddl, err := os.ReadFile("../../schemas/orders.sql")
	must(t, err)
	pg, err := testserver.StartPostgres(ctx, testserver.Newest)
	must(t, err)
	t.Cleanup(func() { check(t, pg.Stop()) })
	must(t, pg.Exec(ctx, string(ddl)))
	codec := json.New("truncated", "orders", orders.AppendJSON)
	builder := replicate.NewBuilder(orders.Table(), codec, replicate.MessageKey{}, false)
	source, err := orders.NewSource(builder,
		replicate.SourceConfig{URI: pg.URI(), Job: "truncated", Warn: func(string) {}})
	must(t, err)
	keys := make(rowKeys, 100)
	r, err := loop.New(loop.Parts[int64]{Config: loop.Config{PollInterval: 10 * time.Millisecond},
		Source: source, Sink: keys, Store: memory.New()})
	must(t, err)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	insert := func() {
		must(t, pg.Exec(ctx, `INSERT INTO orders (customer_id, reference, currency, total, quantity, placed_at, token)
			SELECT 1, 'a', 'EUR', 1, 1, now(), gen_random_uuid() FROM generate_series(1, 3)`))
	}
	await := func(rows int) {
		t.Helper()
		for range rows {
			select {
			case <-keys:
			case err := <-ended:
				t.Fatalf("Run ended: %v", err)
			}
		}
	}
	insert()
	await(3)
	must(t, pg.Kill())
	must(t, pg.Start(ctx))
	insert()
	await(3)
	must(t, pg.Exec(ctx, "TRUNCATE orders RESTART IDENTITY"))
	if err := <-ended; !replicate.IsStop(err) || !strings.Contains(err.Error(), "beyond the sequence") {
		t.Fatalf("Run: %v", err)
	}
}
