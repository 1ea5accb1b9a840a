// Command bench measures repliqate as a user runs it: the real static binary, as a process of its own, on
// real PostgreSQL, Apache Kafka and Redis. Beside it run what bounds it from above, a bare COPY, and what
// it replaces, a replicator for any table written by hand (bench/generic).
//
// Machines are noisy and drift, so contenders take turns: each round runs all of them, beginning with
// another one, and the ratio is taken inside a round. The figures are medians of the rounds.
//
//	table.go       the table that is read
//	contenders.go  what is measured, and the check that it did its work
//	measure.go     one process: wall time, CPU time, peak memory
//	latency.go     from commit to consumer, row by row (-latency)
//	report.go      medians, ratios, the table
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

func main() {
	rows := flag.Int("rows", 1_000_000, "rows of the table")
	rounds := flag.Int("rounds", 5, "how often each contender runs")
	latency := flag.Bool("latency", false, "measure the time from commit to consumer, of that many single rows")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, *rows, *rounds, *latency); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// arena is where the contenders run.
type arena struct {
	pg    *testserver.Postgres
	kafka *testserver.Kafka
	redis *testserver.Redis
	dir   string // binaries and configurations
	rows  int
}

func run(ctx context.Context, rows, rounds int, latency bool) (err error) {
	if rows < 1 || rounds < 1 {
		return errors.New("-rows and -rounds: expected at least 1")
	}
	a := &arena{rows: rows}
	defer func() { err = errors.Join(err, a.stop()) }()
	if err := a.start(ctx); err != nil {
		return err
	}
	if latency {
		if err := a.create(ctx); err != nil {
			return err
		}
		return a.latencies(ctx, rounds)
	}
	progress("filling the table with %d rows", rows)
	if err := a.fill(ctx); err != nil {
		return err
	}
	contenders := a.contenders()
	results := make([][]figures, len(contenders))
	for round := range rounds + 1 { // the first one warms caches up and does not count
		for turn := range contenders {
			i := (round + turn) % len(contenders)
			f, err := contenders[i].run(ctx, round)
			if err != nil {
				return fmt.Errorf("%s: %w", contenders[i].name, err)
			}
			progress("round %d of %d, %s: %s", round, rounds, contenders[i].name, f.text(rows))
			if round > 0 {
				results[i] = append(results[i], f)
			}
		}
	}
	fmt.Print(report(contenders, results, rows))
	return nil
}

// start starts the servers and builds the binaries.
func (a *arena) start(ctx context.Context) (err error) {
	progress("starting PostgreSQL, Kafka and Redis")
	if a.dir, err = os.MkdirTemp("", "repliqate-bench-"); err != nil {
		return err
	}
	// The table stays in PostgreSQL's memory, and topics that were counted leave the disk at once.
	a.pg, err = testserver.StartPostgres(ctx, testserver.Newest, "shared_buffers=512MB", "max_wal_size=4GB")
	if err != nil {
		return err
	}
	if a.kafka, err = testserver.StartKafka(ctx, "log.segment.delete.delay.ms=1000"); err != nil {
		return err
	}
	if a.redis, err = testserver.StartRedis(ctx); err != nil {
		return err
	}
	progress("building the binaries")
	if _, err = trial.Build(ctx, "orders", a.dir); err != nil {
		return err
	}
	return errors.Join(a.build(ctx, "generic"), a.build(ctx, "copybinary"))
}

func (a *arena) stop() error {
	err := os.RemoveAll(a.dir)
	if a.pg != nil {
		err = errors.Join(err, a.pg.Stop())
	}
	if a.kafka != nil {
		err = errors.Join(err, a.kafka.Stop())
	}
	if a.redis != nil {
		err = errors.Join(err, a.redis.Stop())
	}
	return err
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
