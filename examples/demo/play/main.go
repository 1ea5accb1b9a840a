// Command play is the demo's story: it starts the servers, fills the table from concurrent writers, runs the
// replicator, kills it half way, starts it again, and verifies every message. The demo builds it and runs it.
//
//	main.go    the story
//	stages.go  where it plays: in this process, or on real servers
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/repliqate/repliqate/examples/demo/clock"
	"github.com/repliqate/repliqate/internal/trial"
)

// stage is where the story plays.
type stage struct {
	name          string // of the servers
	table, uri    string
	broker, redis string
	half          int // rows, of those that will be written
	write         func(ctx context.Context, written *atomic.Int64) error
	keys          func(ctx context.Context) ([]int64, error)
	close         func() error
}

// stages are the choices of -servers.
var stages = map[string]func(ctx context.Context, ddl, dir string) (*stage, error){
	"embedded": embeddedStage, "real": realStage, "mariadb": mariaStage,
}

func main() {
	servers := flag.String("servers", "embedded", "embedded, real or mariadb")
	schema := flag.String("schema", "schemas/ledger.sql", "the file with the table's DDL")
	binary := flag.String("binary", "", "the replicator")
	begin := flag.Int64("begin", time.Now().UnixMilli(), "when the demo began, in milliseconds since 1970")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, clock.New(time.UnixMilli(*begin)), *servers, *schema, *binary); err != nil {
		fmt.Fprintln(os.Stderr, "play:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c *clock.Clock, servers, schema, binary string) error {
	newStage := stages[servers]
	if newStage == nil {
		return fmt.Errorf("-servers %s: expected embedded, real or mariadb", servers)
	}
	ddl, err := os.ReadFile(schema)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "repliqate-play-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c.Step("starting the servers")
	s, err := newStage(ctx, string(ddl), dir)
	if err != nil {
		return err
	}
	c.Step("%s: writers begin, and so does the replicator", s.name)
	return errors.Join(s.play(ctx, c, binary, dir), s.close())
}

// play runs the story and checks its end.
func (s *stage) play(ctx context.Context, c *clock.Clock, binary, dir string) error {
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
	if awaitRows(ctx, consumer, 1) {
		c.Step("the first row is verified")
	}
	stopShowing := show(c, &written, consumer)
	awaitRows(ctx, consumer, s.half)
	replicator.Kill()
	c.Step("killed the replicator with SIGKILL after %d rows; starting it again", consumer.Seen().Rows)
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
	c.Step("%d rows written, %d messages, %d verified, %d duplicates after the kill, %d missing, in %.1f s",
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

// awaitRows waits until that many rows have arrived, or for so long that something must be wrong: the end will tell.
func awaitRows(ctx context.Context, c *trial.Consumer, rows int) bool {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for tick := time.Tick(5 * time.Millisecond); c.Seen().Rows < rows; {
		select {
		case <-ctx.Done():
			return false
		case <-tick:
		}
	}
	return true
}

// show keeps a line of figures until it is stopped.
func show(c *clock.Clock, written *atomic.Int64, consumer *trial.Consumer) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			seen := consumer.Seen()
			c.Progress("written %6d   published %6d   verified %6d   duplicates %4d   latency %4d ms", written.Load(),
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
