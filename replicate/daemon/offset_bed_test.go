package daemon_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/generated/ledger"
	"github.com/repliqate/repliqate/generated/orders"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon"
	"github.com/repliqate/repliqate/replicate/offset/witness"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

const (
	bedKey   = "repliqate:replication:offset:name=job&table=ledger&topic=entries"
	bedGroup = "repliqate.job.ledger"
)

// bed is what a job of table ledger needs: SQLite, Kafka and Redis in this process.
type bed struct {
	t     *testing.T
	dir   string
	kafka *kfake.Cluster
	redis *miniredis.Miniredis

	redisAddr string // another Redis, where it is set
	settings  string // further lines of the configuration
	noRedis   bool
	uri       string // another database, and its program, where they are set
	program   func(ctx context.Context, args []string, stdout, stderr io.Writer) int
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{t: t, dir: t.TempDir(), redis: miniredis.RunT(t), program: ledgerProgram}
	var err error
	if b.kafka, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "entries")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.kafka.Close)
	schema, err := os.ReadFile(filepath.Join("..", "..", "schemas", "ledger.sql"))
	if err != nil {
		t.Fatal(err)
	}
	b.exec(string(schema) + "; PRAGMA journal_mode = WAL")
	return b
}

func (b *bed) database() string { return filepath.Join(b.dir, "ledger.db") }

func (b *bed) exec(script string) {
	b.t.Helper()
	conn, err := sqlite.OpenConn(b.database(), sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		b.t.Fatal(err)
	}
	conn.SetBusyTimeout(10 * time.Second)
	if err := errors.Join(sqlitex.ExecuteScript(conn, script, nil), conn.Close()); err != nil {
		b.t.Fatal(err)
	}
}

// insert adds n rows.
func (b *bed) insert(n int) {
	b.t.Helper()
	b.exec(strings.Repeat("INSERT INTO ledger (account, amount) VALUES ('a', 1);", n))
}

// config writes the configuration and returns its path.
func (b *bed) config() string {
	b.t.Helper()
	table, uri := "ledger", "sqlite:///"+b.database()
	if b.uri != "" {
		table, uri = "orders", b.uri
	}
	store := "redis_addr: " + b.redis.Addr()
	switch {
	case b.redisAddr != "":
		store = "redis_addr: " + b.redisAddr
	case b.noRedis:
		store = ""
	}
	path := filepath.Join(b.dir, "config.yaml")
	text := fmt.Sprintf(`repliqate:
  name: job
  %s
  %s
  replication:
    poll_interval_sec: 0.02
    sql_source: {uri: "%s", table: %s, primary_key: id}
    kafka_target: {topic: entries, brokers: ["%s"]}
`, store, b.settings, uri, table, b.kafka.ListenAddrs()[0])
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func ledgerProgram(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return daemon.Run(ctx, daemon.Program[ledger.Row, int64]{Engine: "sqlite", Table: ledger.Table(),
		NewSource: ledger.NewSource}, args, stdout, stderr)
}

func ordersProgram(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return daemon.Run(ctx, daemon.Program[orders.Row, int64]{Engine: "postgres", Table: orders.Table(),
		NewSource: orders.NewSource}, args, stdout, stderr)
}

// outcome is what a run of the program left.
type outcome struct {
	status         int
	stdout, stderr string
}

func (b *bed) run(args ...string) outcome {
	b.t.Helper()
	var stdout, stderr bytes.Buffer
	status := b.program(b.t.Context(), append([]string{"--config", b.config()}, args...), &stdout, &stderr)
	return outcome{status, stdout.String(), stderr.String()}
}

// offset runs the offset command and wants its status, and each text in what it printed. Blanks count as one.
func (b *bed) offset(status int, command string, texts ...string) outcome {
	b.t.Helper()
	got := b.run(append([]string{"offset"}, strings.Fields(command)...)...)
	printed := strings.Join(strings.Fields(got.stdout+"\n"+got.stderr), " ")
	if got.status != status {
		b.t.Fatalf("offset %s: status %d, want %d:\n%s%s", command, got.status, status, got.stdout, got.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(printed, text) {
			b.t.Errorf("offset %s does not say %q:\n%s%s", command, text, got.stdout, got.stderr)
		}
	}
	if errorLines := strings.Count(got.stderr, "\n"); status != 0 && errorLines != 1 {
		b.t.Errorf("offset %s: %d lines of errors, want one:\n%s", command, errorLines, got.stderr)
	}
	return got
}

// once publishes what is there, and returns the log.
func (b *bed) once() string {
	b.t.Helper()
	got := b.run("--once", "-vv")
	if got.status != 0 {
		b.t.Fatalf("--once: status %d:\n%s", got.status, got.stderr)
	}
	return got.stderr
}

// published are the keys of all messages, in order.
func (b *bed) published() string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 30*time.Second)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.kafka.ListenAddrs()...), kgo.ConsumeTopics("entries"))
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, "entries")
	if err = errors.Join(err, ends.Error()); err != nil {
		b.t.Fatal(err)
	}
	end, _ := ends.Lookup("entries", 0)
	keys := make([]string, 0, end.Offset)
	for len(keys) < int(end.Offset) {
		fetches := client.PollFetches(ctx)
		if err := errors.Join(fetches.Err(), ctx.Err()); err != nil {
			b.t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) { keys = append(keys, string(r.Key)) })
	}
	return strings.Join(keys, " ")
}

// stored is the offset in Redis; empty where there is none.
func (b *bed) stored() string { return b.redisOf("ledger") }

func (b *bed) redisOf(table string) string {
	key, err := b.redis.Get(strings.ReplaceAll(bedKey, "ledger", table))
	if err != nil && !errors.Is(err, miniredis.ErrKeyNotFound) {
		b.t.Fatal(err)
	}
	return key
}

func (b *bed) openWitness() *witness.Store {
	b.t.Helper()
	w, err := witness.New(witness.Config{Group: bedGroup,
		Kafka: kafka.Config{Brokers: b.kafka.ListenAddrs(), Topic: "entries"}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = w.Close() })
	return w
}

// witness is the key of the witness; empty where there is none.
func (b *bed) witness() string {
	b.t.Helper()
	o, err := b.openWitness().Load(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return o.Key
}

func (b *bed) setWitness(key string) {
	b.t.Helper()
	if err := b.openWitness().Save(b.t.Context(), replicate.Offset{Key: key}); err != nil {
		b.t.Fatal(err)
	}
}

// both wants the store and the witness to have a key.
func (b *bed) both(want string) {
	b.t.Helper()
	if s, w := b.stored(), b.witness(); s != want || w != want {
		b.t.Errorf("the store has %q and the witness %q, want %q in both", s, w, want)
	}
}

// runningJob is a job in the background, and its log.
type runningJob struct {
	b      *bed
	cancel context.CancelFunc
	status chan int
	log    *logLines
}

// logLines is a log that can be waited for.
type logLines struct {
	mu    sync.Mutex
	text  string
	grown chan struct{} // closed and replaced with each line
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text += string(p)
	close(l.grown)
	l.grown = make(chan struct{})
	return len(p), nil
}

func (l *logLines) read() (string, chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text, l.grown
}

// start runs the program in the background: the job, unless the arguments name a command.
func (b *bed) start(command ...string) *runningJob {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	j := &runningJob{b: b, cancel: cancel, status: make(chan int, 1), log: &logLines{grown: make(chan struct{})}}
	args := append([]string{"--config", b.config(), "-vvv"}, command...)
	go func() { j.status <- b.program(ctx, args, j.log, j.log) }()
	return j
}

// await waits until the log has a line that matches.
func (j *runningJob) await(pattern string) {
	j.b.t.Helper()
	expression, deadline := regexp.MustCompile(pattern), time.After(time.Minute)
	for {
		text, grown := j.log.read()
		if expression.MatchString(text) {
			return
		}
		select {
		case <-grown:
		case <-deadline:
			j.b.t.Fatalf("the log has no line that matches %s:\n%s", pattern, text)
		}
	}
}

// forget drops what was logged until now.
func (j *runningJob) forget() {
	j.log.mu.Lock()
	defer j.log.mu.Unlock()
	j.log.text = ""
}

func (j *runningJob) stop() {
	j.b.t.Helper()
	j.cancel()
	if status := <-j.status; status != 0 {
		text, _ := j.log.read()
		j.b.t.Errorf("the job ended with status %d:\n%s", status, text)
	}
}

// failForce makes Redis fail the operator's write, and nothing else.
func (b *bed) failForce() {
	b.redis.Server().SetPreHook(func(c *server.Peer, cmd string, args ...string) bool {
		// Of the scripts only the two that write an offset have four keys, and no job runs.
		if strings.HasPrefix(strings.ToUpper(cmd), "EVAL") && len(args) > 1 && args[1] == "4" {
			c.WriteError("ERR the disk is full")
			return true
		}
		return false
	})
}
