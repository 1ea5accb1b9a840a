package main

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

// embeddedStage needs nothing but this process: SQLite, and doubles that speak the real protocols.
func embeddedStage(_ context.Context, ddl, dir string) (*stage, error) {
	path := filepath.Join(dir, "ledger.db")
	if err := trial.CreateSQLite(path, ddl); err != nil {
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
		name: "SQLite; Kafka and Redis in this process",
		half: 25_000, table: "ledger", uri: "sqlite:///" + path, broker: kafka.ListenAddrs()[0], redis: redis.Addr(),
		write: func(ctx context.Context, written *atomic.Int64) error {
			return trial.WriteSQLite(ctx, path, 4, 2500, written)
		},
		keys:  func(context.Context) ([]int64, error) { return trial.KeysSQLite(path) },
		close: func() error { kafka.Close(); redis.Close(); return nil },
	}, nil
}

// realStage starts the servers that the end-to-end tests use.
func realStage(ctx context.Context, ddl, _ string) (*stage, error) {
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
		name: "PostgreSQL, Apache Kafka and Redis",
		half: 2_000, table: "orders", uri: pg.URI(), broker: kafka.Addr, redis: redis.Addr,
		write: func(ctx context.Context, written *atomic.Int64) error {
			return trial.WritePostgres(ctx, pg.URI(), 8, 300, written)
		},
		keys:  func(ctx context.Context) ([]int64, error) { return trial.KeysPostgres(ctx, pg.URI()) },
		close: func() error { return errors.Join(pg.Stop(), kafka.Stop(), redis.Stop()) },
	}
	if err := errors.Join(pg.Exec(ctx, ddl), kafka.CreateTopic(ctx, "orders", 3)); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// mariaStage has MariaDB in the place of PostgreSQL.
func mariaStage(ctx context.Context, ddl, _ string) (*stage, error) {
	maria, err := testserver.StartMariaDB(ctx)
	if err != nil {
		return nil, err
	}
	kafka, err := testserver.StartKafka(ctx)
	if err != nil {
		return nil, errors.Join(err, maria.Stop())
	}
	redis, err := testserver.StartRedis(ctx)
	if err != nil {
		return nil, errors.Join(err, maria.Stop(), kafka.Stop())
	}
	db, err := maria.Open("shop")
	if err != nil {
		return nil, errors.Join(err, maria.Stop(), kafka.Stop(), redis.Stop())
	}
	s := &stage{
		name: "MariaDB, Apache Kafka and Redis",
		half: 2_000, table: "payments", uri: maria.URI("shop"), broker: kafka.Addr, redis: redis.Addr,
		write: func(ctx context.Context, written *atomic.Int64) error {
			return trial.WriteMySQL(ctx, db, 8, 300, written)
		},
		keys:  func(ctx context.Context) ([]int64, error) { return trial.KeysMySQL(ctx, db, 0) },
		close: func() error { return errors.Join(db.Close(), maria.Stop(), kafka.Stop(), redis.Stop()) },
	}
	err = maria.Exec(ctx, "CREATE DATABASE shop; USE shop; "+ddl)
	if err := errors.Join(err, kafka.CreateTopic(ctx, "payments", 3)); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}
