// Package e2e runs the real binary on real PostgreSQL, Apache Kafka and Redis.
//
//	e2e_test.go    what the tests share
//	mysql_test.go  the same tables and types on MySQL and MariaDB
//	mysqltypes_test.go  extremes of the types there
//	lost_test.go   nothing is lost, though writers overlap and everything is killed
//	stop_test.go   graceful stops repeat nothing; a second instance takes over
//	poison_test.go rows that can't be published
//	types_test.go  extremes of every type; tables that are refused
package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

// servers are one of each, shared by the tests of this package. Kafka takes seconds to start.
type servers struct {
	kafka *testserver.Kafka
	redis *testserver.Redis
}

// started are the servers of this package, from the first test that asks for them to the end.
var started servers

func startServers(t *testing.T, ctx context.Context) servers {
	t.Helper()
	var err error
	if started.kafka == nil {
		started.kafka, err = testserver.StartKafka(ctx)
		must(t, err)
	}
	if started.redis == nil {
		started.redis, err = testserver.StartRedis(ctx)
		must(t, err)
	}
	return started
}

func TestMain(m *testing.M) {
	status := m.Run()
	if started.kafka != nil {
		if err := started.kafka.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	if started.redis != nil {
		if err := started.redis.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(status)
}

// job is a replicator on servers of its own configuration, and what it has written.
type job struct {
	t *testing.T
	servers
	trial.Config
	pg           *testserver.Postgres // nil: another database
	db           database
	binary, file string
	log          string
}

// database is what the tests do with a table that is written while it is replicated.
type database struct {
	write func(ctx context.Context, writers, transactions int, written *atomic.Int64) error
	keys  func(ctx context.Context) ([]int64, error)
	naive func(ctx context.Context) map[int64]bool // what a poller of "key > last" sees
	rows  func(ctx context.Context) (map[int64]trial.RowSum, error)
}

func postgres(uri string) database {
	return database{
		write: func(ctx context.Context, writers, transactions int, written *atomic.Int64) error {
			return trial.WritePostgres(ctx, uri, writers, transactions, written)
		},
		keys:  func(ctx context.Context) ([]int64, error) { return trial.KeysPostgres(ctx, uri) },
		naive: func(ctx context.Context) map[int64]bool { return readNaively(ctx, uri) },
		rows:  func(ctx context.Context) (map[int64]trial.RowSum, error) { return trial.RowsPostgres(ctx, uri) },
	}
}

// newJob starts a PostgreSQL with the table orders, and creates the topic.
func newJob(
	t *testing.T, ctx context.Context, version string, c trial.Config, partitions int, settings ...string,
) *job {
	t.Helper()
	suite.Servers(t, "PostgreSQL", "Kafka", "Redis")
	pg, err := testserver.StartPostgres(ctx, version)
	must(t, err)
	t.Cleanup(func() { check(t, pg.Stop()) })
	ddl, err := os.ReadFile("../../schemas/orders.sql")
	must(t, err)
	must(t, pg.Exec(ctx, string(ddl)))
	c.Table, c.URI = "orders", pg.URI()
	j := configure(t, ctx, c, partitions, settings...)
	j.pg, j.db = pg, postgres(pg.URI())
	return j
}

// configure builds the binary and writes the configuration.
func configure(t *testing.T, ctx context.Context, c trial.Config, partitions int, settings ...string) *job {
	t.Helper()
	s, dir := startServers(t, ctx), t.TempDir()
	j := &job{t: t, servers: s, Config: c, file: filepath.Join(dir, "config.yaml"), log: filepath.Join(dir, "log")}
	j.Broker, j.Redis = s.kafka.Addr, s.redis.Addr
	var err error
	j.binary, err = trial.Build(ctx, c.Table, dir)
	must(t, err)
	must(t, s.kafka.CreateTopic(ctx, c.Topic, partitions, settings...))
	must(t, j.Write(j.file))
	t.Cleanup(func() {
		if content, err := os.ReadFile(j.log); err == nil && t.Failed() {
			t.Logf("the replicators' log ends with:\n%s", content[max(0, len(content)-6000):])
		}
	})
	return j
}

// start starts an instance that is killed at the end of the test where it still runs.
func (j *job) start() *trial.Replicator {
	j.t.Helper()
	r, err := trial.Start(j.binary, j.file, j.log)
	must(j.t, err)
	j.t.Cleanup(r.Kill)
	return r
}

// record reads the topic.
func (j *job) record() *trial.History {
	j.t.Helper()
	h, err := trial.Record(j.kafka.Addr, j.Topic)
	must(j.t, err)
	j.t.Cleanup(h.Close)
	return h
}

// offset is what Redis has.
func (j *job) offset(ctx context.Context) string {
	client := j.redis.Client()
	defer client.Close()
	return client.Get(ctx, j.OffsetKey()).Val()
}

// awaitOffset waits until ok likes the stored offset.
func (j *job) awaitOffset(ctx context.Context, ok func(offset string) bool) {
	j.t.Helper()
	limit, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for !ok(j.offset(limit)) {
		if limit.Err() != nil {
			j.t.Fatalf("the stored offset stays at %q", j.offset(ctx))
		}
		time.Sleep(10 * time.Millisecond) // the pause between two looks at Redis
	}
}

// awaitProgress waits until the offset has moved n times.
func (j *job) awaitProgress(ctx context.Context, n int) {
	j.t.Helper()
	before := j.offset(ctx)
	for range n {
		j.awaitOffset(ctx, func(now string) bool { return now != before })
		before = j.offset(ctx)
	}
}

// awaitAll waits until every row was read from the topic and the offset is the last row's.
func (j *job) awaitAll(ctx context.Context, h *trial.History) {
	j.t.Helper()
	keys, err := j.db.keys(ctx)
	must(j.t, err)
	arriving, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := h.Await(arriving, keys); err != nil {
		j.t.Fatal(err)
	}
	last := strconv.FormatInt(keys[len(keys)-1], 10)
	j.awaitOffset(ctx, func(now string) bool { return now == last })
}

// verify reads the topic to its end and judges it.
func (j *job) verify(ctx context.Context, h *trial.History, faults ...trial.Fault) trial.Verdict {
	j.t.Helper()
	must(j.t, h.Finish(ctx))
	rows, err := j.db.rows(ctx)
	must(j.t, err)
	v := h.Verify(rows, faults)
	for _, p := range v.Problems {
		j.t.Error(p)
	}
	return v
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
