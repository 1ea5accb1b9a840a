package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

// embeddedStage needs nothing but this process: SQLite, and doubles that speak the real protocols.
func embeddedStage(dir string) (*stage, error) {
	ddl, err := os.ReadFile("schemas/ledger.sql")
	if err != nil {
		return nil, fmt.Errorf("%w; run the demo from the root of the repository", err)
	}
	path := filepath.Join(dir, "ledger.db")
	if err := trial.CreateSQLite(path, string(ddl)); err != nil {
		return nil, err
	}
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "ledger"))
	if err != nil {
		return nil, err
	}
	redis, err := miniredis.Run()
	if err != nil {
		return nil, err
	}
	return &stage{
		half: 25_000, table: "ledger", uri: "sqlite:///" + path, broker: kafka.ListenAddrs()[0], redis: redis.Addr(),
		write: func(ctx context.Context, written *atomic.Int64) error {
			return trial.WriteSQLite(ctx, path, 4, 2500, written)
		},
		keys:  func(context.Context) ([]int64, error) { return trial.KeysSQLite(path) },
		close: func() error { kafka.Close(); redis.Close(); return nil },
	}, nil
}

// realStage starts the servers that the end-to-end tests use.
func realStage(ctx context.Context) (*stage, error) {
	ddl, err := os.ReadFile("schemas/orders.sql")
	if err != nil {
		return nil, fmt.Errorf("%w; run the demo from the root of the repository", err)
	}
	pg, err := testserver.StartPostgres(ctx, testserver.Newest)
	if err != nil {
		return nil, err
	}
	kafka, err := testserver.StartKafka(ctx)
	if err != nil {
		return nil, errors.Join(err, pg.Stop())
	}
	redis, err := testserver.StartRedis(ctx)
	if err != nil {
		return nil, errors.Join(err, pg.Stop(), kafka.Stop())
	}
	s := &stage{
		half: 2_000, table: "orders", uri: pg.URI(), broker: kafka.Addr, redis: redis.Addr,
		write: func(ctx context.Context, written *atomic.Int64) error {
			return trial.WritePostgres(ctx, pg.URI(), 8, 300, written)
		},
		keys:  func(ctx context.Context) ([]int64, error) { return trial.KeysPostgres(ctx, pg.URI()) },
		close: func() error { return errors.Join(pg.Stop(), kafka.Stop(), redis.Stop()) },
	}
	if err := errors.Join(pg.Exec(ctx, string(ddl)), kafka.CreateTopic(ctx, "orders", 3)); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}
