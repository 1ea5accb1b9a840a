// Command bench measures repliqate as a user runs it: the real static binary, as a process of its own, on
// a real database of each kind, Apache Kafka and Redis. Beside it run what bounds it from above, a bare dump that
// is thrown away, and what it replaces, a replicator for any table written by hand (bench/generic).
//
// Machines are noisy and drift, so contenders take turns: each round runs all of them, beginning with
// another one, and the ratio is taken inside a round. The figures are medians of the rounds.
//
//	database.go    the databases
//	postgres.go, mariadb.go, sqlite.go   each one, its table and the dump of it
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
	on := flag.String("on", names(), "databases to measure, in turn")
	latency := flag.Bool("latency", false,
		"measure the time from commit to consumer of that many single rows, on PostgreSQL")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, *rows, *rounds, *on, *latency); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// arena is where the contenders run.
type arena struct {
	databases []*database
	pg        *testserver.Postgres // of latency
	kafka     *testserver.Kafka
	redis     *testserver.Redis
	dir       string // binaries and configurations
	rows      int
}

func run(ctx context.Context, rows, rounds int, on string, latency bool) (err error) {
	if rows < 1 || rounds < 1 {
		return errors.New("-rows and -rounds: expected at least 1")
	}
	a := &arena{rows: rows}
	defer func() { err = errors.Join(err, a.stop()) }()
	if latency {
		on = "postgresql"
	}
	if err := a.start(ctx, on); err != nil {
		return err
	}
	if latency {
		return a.latencies(ctx, rounds)
	}
	var contenders []contender
	for _, db := range a.databases {
		progress("filling the table of %s with %d rows", db.product, rows)
		if err := db.fill(ctx, rows); err != nil {
			return fmt.Errorf("fill the table of %s: %w", db.product, err)
		}
		contenders = append(contenders, a.contenders(db)...)
	}
	results, err := takeTurns(ctx, contenders, rows, rounds)
	if err != nil {
		return err
	}
	for _, db := range a.databases {
		fmt.Print(report(db, contenders, results, rows))
	}
	return nil
}

// takeTurns runs all contenders, rounds times.
func takeTurns(ctx context.Context, contenders []contender, rows, rounds int) ([][]figures, error) {
	results := make([][]figures, len(contenders))
	for round := range rounds + 1 { // the first one warms caches up and does not count
		for turn := range contenders {
			i := (round + turn) % len(contenders)
			c := contenders[i]
			f, err := c.run(ctx, round)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", c.db.product, c.name, err)
			}
			progress("round %d of %d, %s, %s: %s", round, rounds, c.db.product, c.name, f.text(rows))
			if round > 0 {
				results[i] = append(results[i], f)
			}
		}
	}
	return results, nil
}

// start starts the servers and builds the binaries.
func (a *arena) start(ctx context.Context, on string) (err error) {
	if a.dir, err = os.MkdirTemp("", "repliqate-bench-"); err != nil {
		return err
	}
	if err := a.startDatabases(ctx, on); err != nil {
		return err
	}
	progress("starting Kafka and Redis")
	// Topics that were counted leave the disk at once.
	if a.kafka, err = testserver.StartKafka(ctx, "log.segment.delete.delay.ms=1000"); err != nil {
		return err
	}
	if a.redis, err = testserver.StartRedis(ctx); err != nil {
		return err
	}
	progress("building the binaries")
	for _, db := range a.databases {
		if _, err = trial.Build(ctx, db.table, a.dir); err != nil {
			return err
		}
	}
	return errors.Join(a.build(ctx, "generic"), a.build(ctx, "copybinary"), a.build(ctx, "steprows"))
}

func (a *arena) stop() error {
	err := errors.Join(a.stopDatabases(), os.RemoveAll(a.dir))
	if a.kafka != nil {
		err = errors.Join(err, a.kafka.Stop())
	}
	if a.redis != nil {
		err = errors.Join(err, a.redis.Stop())
	}
	return err
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
