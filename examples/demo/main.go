// Command demo shows the main job end to end: the replicator of a table is built, concurrent writers fill the table,
// the replicator publishes it, is killed half way and started again, and every message is verified. It ends with
// exit status 0 only if nothing is missing.
//
//	go run ./examples/demo             SQLite, in-process Kafka and Redis: needs Go alone
//	go run ./examples/demo -postgres   real PostgreSQL, Apache Kafka and Redis: needs Java 17 too
//	go run ./examples/demo -mysql      the same with MariaDB
//
// A machine that has compiled nothing yet is busy for minutes, most of them with the generator. So this program
// imports the standard library alone and is there at once; it builds the committed replicator and the story in play,
// runs them, and builds the generator meanwhile, whose output it compares with the committed code in the end.
//
//	main.go   the order of things
//	build.go  go build, with what it is compiling
//	play      the story
//	clock     lines with the time since the begin
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"time"

	"github.com/repliqate/repliqate/examples/demo/clock"
)

func main() {
	postgres := flag.Bool("postgres", false, "use real PostgreSQL, Apache Kafka and Redis")
	mysql := flag.Bool("mysql", false, "use real MariaDB, Apache Kafka and Redis")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, *postgres, *mysql); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, postgres, mysql bool) error {
	c := clock.New(time.Now())
	dir, err := os.MkdirTemp("", "repliqate-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	table, servers := "ledger", "embedded"
	switch {
	case mysql:
		table, servers = "payments", "mariadb"
	case postgres:
		table, servers = "orders", "real"
	}
	schema := "schemas/" + table + ".sql"
	if _, err := os.Stat(schema); err != nil {
		return fmt.Errorf("%w: run the demo from the root of the repository", err)
	}
	// Interrupted or failed, the demo waits for the build that it has begun: it writes into dir.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	c.Step("compiling the replicator of %s (generated/%s, as committed) and the demo", schema, table)
	replicator := "repliqate-" + table
	first := build{clock: c, dir: dir}
	if err := first.run(ctx, "./generated/"+table+"/cmd/"+replicator, "./examples/demo/play"); err != nil {
		return err
	}
	c.Step("compiled %s; the generator is compiled beside the rest", first.did())
	second, built := build{clock: c, dir: dir, background: true}, make(chan error, 1)
	go func() { built <- second.run(ctx, "./cmd/repliqate-gen") }()

	err = attached(ctx, filepath.Join(dir, "play"), "-servers", servers, "-schema", schema,
		"-binary", filepath.Join(dir, replicator), "-begin", strconv.FormatInt(c.Begin().UnixMilli(), 10))
	if err != nil {
		cancel()
		_ = <-built // it was cancelled
		return err
	}
	second.show()
	if err := <-built; err != nil {
		return err
	}
	c.Step("compiled %s: comparing what the generator writes for %s with generated/%s", second.did(), schema, table)
	if err := attached(ctx, filepath.Join(dir, "repliqate-gen"), "--schema", schema, "--check"); err != nil {
		return fmt.Errorf("generated/%s is not what the generator writes: %w: run make generate", table, err)
	}
	c.Step("done: the rows were replicated by exactly the code that the generator writes")
	return nil
}

// attached runs a program that prints for itself.
func attached(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return nil
}
