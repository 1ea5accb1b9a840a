// Package trial runs a replicator against a table that is being written, and checks what arrives: the
// demo and the end-to-end tests are made of it.
//
//	trial.go     building and running the real binary
//	reader.go    reading a topic, and the checksum of a message
//	consumer.go  reading the topic of any table while it grows, and checking each message
//	history.go   reading the topic of orders with all that can be known of each message
//	verify.go    judging what was read by the table's rows and the faults that there were
//	postgres.go  transactions that overlap and roll back; the rows as the database has them
//	mysql.go     the same for MySQL and MariaDB
//	sqlite.go    the same for SQLite
package trial

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/repliqate/repliqate/internal/gobuild"
	"github.com/repliqate/repliqate/internal/suite"
)

// Build builds the static binary of a generated table into dir, as a user would.
func Build(ctx context.Context, table, dir string) (string, error) {
	binary := filepath.Join(dir, "repliqate-"+table)
	pkg := "github.com/repliqate/repliqate/generated/" + table + "/cmd/repliqate-" + table
	return binary, BuildProgram(ctx, pkg, binary)
}

// BuildProgram builds a package of this module as a replicator is built.
func BuildProgram(ctx context.Context, pkg, binary string) error {
	if err := suite.Undeclared("build a program", "Builds(t)"); err != nil {
		return err
	}
	return gobuild.Run(ctx, "", "build", "-ldflags=-s -w", "-o", binary, pkg)
}

// Config is what a replicator's configuration is written from.
type Config struct {
	Name, URI, Table, Broker, Redis string

	Topic  string // default: the table
	Lease  string // default: on, with a short time to live
	Settle string // lines below sql_source
	Target string // lines below kafka_target
}

// Write writes the configuration file.
func (c Config) Write(name string) error {
	if c.Topic == "" {
		c.Topic = c.Table
	}
	if c.Lease == "" {
		c.Lease = `{mode: "on", ttl_sec: 2}`
	}
	store := fmt.Sprintf("redis_addr: %q\n  lease: %s", c.Redis, c.Lease)
	if c.Redis == "" {
		store = "# the offset is kept in memory"
	}
	text := fmt.Sprintf(`repliqate:
  name: %s
  %s
  once_wait_sec: 2
  replication:
    poll_interval_sec: 0.01
    sql_source:
      uri: %q
      table: %s
      primary_key: id
      limit: 500
%s    kafka_target:
      topic: %s
      brokers: [%q]
%s`, c.Name, store, c.URI, c.Table, c.Settle, c.Topic, c.Broker, c.Target)
	return os.WriteFile(name, []byte(text), 0o600)
}

// OffsetKey is where Redis keeps the offset of the job.
func (c Config) OffsetKey() string {
	if c.Topic == "" {
		c.Topic = c.Table
	}
	return "repliqate:replication:offset:name=" + c.Name + "&table=" + c.Table + "&topic=" + c.Topic
}

// Replicator is a running binary.
type Replicator struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // how it ended
}

// Start starts the binary. Its log goes to the file named log.
func Start(binary, config, log string, args ...string) (*Replicator, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(binary, append([]string{"--config", config, "-vv"}, args...)...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &Replicator{cmd: cmd, ended: make(chan struct{})}
	go func() {
		r.err = cmd.Wait()
		close(r.ended)
	}()
	return r, nil
}

// Ended is closed when it has ended, by itself or not.
func (r *Replicator) Ended() <-chan struct{} { return r.ended }

// Pid is the number of its process.
func (r *Replicator) Pid() int { return r.cmd.Process.Pid }

// Kill ends it without warning.
func (r *Replicator) Kill() {
	_ = r.cmd.Process.Kill() // it may have ended by itself
	<-r.ended
}

// Stop ends it gracefully and returns how it ended.
func (r *Replicator) Stop() error {
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return r.Wait()
}

// Wait returns how it ended.
func (r *Replicator) Wait() error {
	<-r.ended
	return r.err
}
