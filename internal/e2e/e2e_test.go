// Package e2e runs the real binary on real PostgreSQL, Apache Kafka and Redis.
package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

// servers are one of each, shared by the tests of this package.
type servers struct {
	kafka *testserver.Kafka
	redis *testserver.Redis
}

func startServers(t *testing.T, ctx context.Context) servers {
	t.Helper()
	kafka, err := testserver.StartKafka(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, kafka.Stop()) })
	redis, err := testserver.StartRedis(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, redis.Stop()) })
	return servers{kafka, redis}
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

// TestNothingIsLost writes with transactions that overlap and roll back, kills the replicator, Redis
// and PostgreSQL's connections meanwhile, and reads the topic. In the same run a naive reader of
// "key > last" loses rows, so the test is known to bite.
func TestNothingIsLost(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	binary, err := trial.Build(ctx, "orders", t.TempDir())
	must(t, err)
	ddl, err := os.ReadFile("../../schemas/orders.sql")
	must(t, err)
	for partitions, version := range map[int]string{1: testserver.Oldest, 3: testserver.Newest} {
		t.Run("PostgreSQL "+version, func(t *testing.T) {
			s := startServers(t, ctx)
			pg, err := testserver.StartPostgres(ctx, version)
			must(t, err)
			t.Cleanup(func() { check(t, pg.Stop()) })
			must(t, pg.Exec(ctx, string(ddl)))
			must(t, s.kafka.CreateTopic(ctx, "orders", partitions))
			nothingIsLost(t, ctx, s, pg, binary, version)
		})
	}
}

func nothingIsLost(t *testing.T, ctx context.Context, s servers, pg *testserver.Postgres, binary, name string) {
	dir := t.TempDir()
	config, log := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "log")
	must(t, trial.Config{Name: "e2e-" + name, URI: pg.URI(), Table: "orders", Broker: s.kafka.Addr, Redis: s.redis.Addr}.Write(config))
	t.Cleanup(func() {
		if t.Failed() {
			content, _ := os.ReadFile(log)
			t.Logf("log of the replicator:\n%s", content[max(0, len(content)-6000):])
		}
	})
	consumer, err := trial.Consume(s.kafka.Addr, "orders")
	must(t, err)
	defer consumer.Close()

	var written atomic.Int64
	writing := make(chan error, 1)
	go func() { writing <- trial.WritePostgres(ctx, pg.URI(), 8, 150, &written) }()
	naive := make(chan map[int64]bool, 1)
	naiveCtx, stopNaive := context.WithCancel(ctx)
	go func() { naive <- readNaively(naiveCtx, pg.URI()) }()

	crashes := 0
	for writers := true; writers; {
		r, err := trial.Start(binary, config, log)
		must(t, err)
		select {
		case err := <-writing:
			must(t, err)
			writers = false
		case <-time.After(time.Duration(300+crashes*50) * time.Millisecond): // how long it lives, not what is waited for
		}
		r.Kill()
		crashes++
	}
	// A Redis that restarts and one that forgets all of it must cost duplicates at most.
	must(t, s.redis.Kill())
	r, err := trial.Start(binary, config, log)
	must(t, err)
	must(t, s.redis.Start(ctx))
	keys, err := trial.KeysPostgres(ctx, pg.URI())
	must(t, err)
	arrived, done := context.WithTimeout(ctx, time.Minute)
	defer done()
	if err := consumer.Await(arrived, keys); err != nil {
		t.Fatal(err)
	}
	client := s.redis.Client()
	defer client.Close()
	offsetKey, last := "repliqate:replication:offset:name=e2e-"+name+"&table=orders&topic=orders", strconv.FormatInt(keys[len(keys)-1], 10)
	for client.Get(ctx, offsetKey).Val() != last && arrived.Err() == nil {
		time.Sleep(10 * time.Millisecond) // the pause between two looks at Redis
	}
	if err := r.Stop(); err != nil {
		t.Errorf("graceful stop: %v", err)
	}
	seen := consumer.Seen()
	if len(seen.Problems) > 0 || seen.Rows != len(keys) {
		t.Errorf("%d rows written, %d seen, problems %v", len(keys), seen.Rows, seen.Problems)
	}
	if offset := client.Get(ctx, offsetKey).Val(); offset != last {
		t.Errorf("after a graceful stop the offset in Redis is %q, the last row %s", offset, last)
	}
	stopNaive()
	lost := len(missingFrom(<-naive, keys))
	if lost == 0 {
		t.Error("the naive reader lost nothing: this test no longer bites")
	}
	t.Logf("%d rows, %d crashes, %d duplicates, 0 lost; the naive reader lost %d", len(keys), crashes, seen.Duplicates(), lost)
}

func missingFrom(seen map[int64]bool, keys []int64) []int64 {
	var missing []int64
	for _, k := range keys {
		if !seen[k] {
			missing = append(missing, k)
		}
	}
	return missing
}

// readNaively polls "id > last" each millisecond, as pollers do.
func readNaively(ctx context.Context, uri string) map[int64]bool {
	seen := map[int64]bool{}
	conn, err := pgconn.Connect(ctx, uri)
	if err != nil {
		return seen
	}
	last := int64(0)
	for {
		result := conn.ExecParams(ctx, "SELECT id FROM orders WHERE id > $1 ORDER BY id", [][]byte{[]byte(strconv.FormatInt(last, 10))}, nil, nil, nil).Read()
		if result.Err != nil {
			return seen
		}
		for _, row := range result.Rows {
			last, _ = strconv.ParseInt(string(row[0]), 10, 64)
			seen[last] = true
		}
		select {
		case <-ctx.Done():
			return seen
		case <-time.After(time.Millisecond):
		}
	}
}
