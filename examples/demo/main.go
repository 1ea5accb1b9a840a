// Command demo shows the main job end to end: it generates a replicator from a schema, builds the real
// binary, fills the table from concurrent writers, replicates it, kills the replicator half way, starts
// it again, and verifies every message. It ends with exit status 0 only if nothing is missing.
//
//	go run ./examples/demo             SQLite, in-process Kafka and Redis: needs Go alone
//	go run ./examples/demo -postgres   real PostgreSQL, Apache Kafka and Redis: needs Java 17 too
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/repliqate/repliqate/internal/trial"
)

// stage is where the demo plays.
type stage struct {
	table, uri    string
	broker, redis string
	half          int // rows, of those that will be written
	write         func(ctx context.Context, written *atomic.Int64) error
	keys          func(ctx context.Context) ([]int64, error)
	close         func() error
}

func main() {
	postgres := flag.Bool("postgres", false, "use real PostgreSQL, Apache Kafka and Redis")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, *postgres); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, postgres bool) error {
	dir, err := os.MkdirTemp("", "repliqate-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	table := "ledger"
	if postgres {
		table = "orders"
	}
	fmt.Printf("generating from schemas/%s.sql and building the binary (the first time this takes minutes)\n", table)
	generate := exec.CommandContext(ctx, "go", "run", "./cmd/repliqate-gen", "--schema", "schemas/"+table+".sql")
	generate.Stdout, generate.Stderr = os.Stdout, os.Stderr
	if err := generate.Run(); err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	binary, err := trial.Build(ctx, table, dir)
	if err != nil {
		return err
	}
	fmt.Println("starting the servers")
	s, err := newStage(ctx, postgres, dir)
	if err != nil {
		return err
	}
	return errors.Join(s.play(ctx, binary, dir), s.close())
}

func newStage(ctx context.Context, postgres bool, dir string) (*stage, error) {
	if postgres {
		return realStage(ctx)
	}
	return embeddedStage(dir)
}

// play runs the story and checks its end.
func (s *stage) play(ctx context.Context, binary, dir string) error {
	config, log := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "log")
	err := trial.Config{Name: "demo", URI: s.uri, Table: s.table, Broker: s.broker, Redis: s.redis}.Write(config)
	if err != nil {
		return err
	}
	consumer, err := trial.Consume(s.broker, s.table)
	if err != nil {
		return err
	}
	defer consumer.Close()
	begin := time.Now()
	var written atomic.Int64
	writing := make(chan error, 1)
	go func() { writing <- s.write(ctx, &written) }()
	replicator, err := trial.Start(binary, config, log)
	if err != nil {
		return err
	}
	stopShowing := show(&written, consumer)
	s.halfWay(ctx, consumer)
	replicator.Kill()
	fmt.Println("\nkilled the replicator with SIGKILL; starting it again")
	if replicator, err = trial.Start(binary, config, log); err != nil {
		return err
	}
	if err := <-writing; err != nil {
		return err
	}
	keys, err := s.keys(ctx)
	if err != nil {
		return err
	}
	arrived, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	missing := consumer.Await(arrived, keys)
	stopShowing()
	stopped := replicator.Stop()
	seen := consumer.Seen()
	fmt.Printf("\n%d rows written, %d messages, %d verified, %d duplicates after the kill, %d missing, in %.1f s\n",
		len(keys), seen.Messages, seen.Rows, seen.Duplicates(), len(consumer.Missing(keys)), time.Since(begin).Seconds())
	if missing != nil || stopped != nil {
		content, _ := os.ReadFile(log) // what can be had of it is better than nothing
		fmt.Fprintf(os.Stderr, "log of the replicator:\n%s\n", content)
	}
	for _, p := range seen.Problems {
		err = errors.Join(err, errors.New(p))
	}
	return errors.Join(err, missing, stopped)
}

// halfWay waits until half of the rows have arrived, or for so long that something must be wrong: the end tells.
func (s *stage) halfWay(ctx context.Context, c *trial.Consumer) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for tick := time.Tick(5 * time.Millisecond); c.Seen().Rows < s.half; {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}

// show keeps a live line until it is stopped.
func show(written *atomic.Int64, c *trial.Consumer) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			seen := c.Seen()
			fmt.Printf("\rwritten %6d   published %6d   verified %6d   duplicates %4d   latency %4d ms ", written.Load(),
				seen.Messages, seen.Rows, seen.Duplicates(), seen.Latency.Milliseconds())
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return func() { close(done); <-ended }
}
