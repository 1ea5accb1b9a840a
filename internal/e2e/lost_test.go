package e2e

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

// TestNothingIsLost writes with transactions that overlap and roll back, kills the replicator again and
// again and Redis once, and judges the topic. In the same run a naive reader of "key > last" loses rows,
// so the test is known to bite.
func TestNothingIsLost(t *testing.T) {
	suite.Servers(t, "PostgreSQL", "Kafka", "Redis")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for partitions, version := range map[int]string{1: testserver.Oldest, 3: testserver.Newest} {
		t.Run("PostgreSQL "+version, func(t *testing.T) {
			nothingIsLost(t, ctx, newJob(t, ctx, version, trial.Config{Name: "lost", Topic: "lost-" + version}, partitions))
		})
	}
}

func nothingIsLost(t *testing.T, ctx context.Context, j *job) {
	history := j.record()
	var written atomic.Int64
	writing := make(chan error, 1)
	go func() { writing <- j.db.write(ctx, 8, 100, &written) }()
	naive := make(chan map[int64]bool, 1)
	naiveCtx, stopNaive := context.WithCancel(ctx)
	defer stopNaive()
	go func() { naive <- j.db.naive(naiveCtx) }()

	var faults []trial.Fault
	for writers := true; writers; {
		r := j.start()
		select {
		case err := <-writing:
			must(t, err)
			writers = false
		case <-time.After(time.Duration(300+len(faults)*50) * time.Millisecond): // how long it lives
		}
		from := time.Now()
		r.Kill()
		faults = append(faults, trial.Fault{Kind: "kill", From: from, To: time.Now(), Repeats: trial.RepeatInFlight})
	}
	// A Redis that is away when the job starts costs time alone.
	from := time.Now()
	must(t, j.redis.Kill())
	r := j.start()
	must(t, j.redis.Start(ctx))
	faults = append(faults, trial.Fault{Kind: "Redis", From: from, To: time.Now(), Repeats: trial.RepeatUnstored})
	j.awaitAll(ctx, history)
	if err := r.Stop(); err != nil {
		t.Errorf("graceful stop: %v", err)
	}
	v := j.verify(ctx, history, faults...)
	keys, err := j.db.keys(ctx)
	must(t, err)
	stopNaive()
	seen, lost := <-naive, 0
	for _, k := range keys {
		if !seen[k] {
			lost++
		}
	}
	if lost == 0 {
		t.Error("the naive reader lost nothing: this test no longer bites")
	}
	t.Logf("%d rows, %d crashes, %d duplicates, 0 lost; the naive reader lost %d",
		v.Rows, len(faults), v.AllDuplicates(), lost)
}

// readNaively polls "id > last" each millisecond, as pollers do.
func readNaively(ctx context.Context, uri string) map[int64]bool {
	seen := map[int64]bool{}
	conn, err := pgconn.Connect(ctx, uri)
	if err != nil {
		return seen
	}
	defer conn.Close(context.WithoutCancel(ctx)) // it has only read
	last := int64(0)
	for {
		after := [][]byte{[]byte(strconv.FormatInt(last, 10))}
		result := conn.ExecParams(ctx, "SELECT id FROM orders WHERE id > $1 ORDER BY id", after, nil, nil, nil).Read()
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
