package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/generated/ledger"
	"github.com/repliqate/repliqate/replicate/daemon"
)

// TestMain lets this test program be a replicator of the ledger, for tests of signals and terminals.
func TestMain(m *testing.M) {
	if os.Getenv("REPLIQATE_TEST_REPLICATOR") != "" {
		daemon.Main(program())
	}
	os.Exit(m.Run())
}

func program() daemon.Program[ledger.Row, int64] {
	return daemon.Program[ledger.Row, int64]{
		Engine: "sqlite", Table: ledger.Table(), NewSource: ledger.NewSource,
	}
}

// job is a ledger with a topic, and a Redis, for one test.
type job struct {
	dir, db string
	kafka   *kfake.Cluster
	redis   *miniredis.Miniredis
}

const redisKey = "repliqate:replication:offset:name=shop&table=ledger&topic=ledger"

func newJob(t *testing.T, rows ...int64) *job {
	t.Helper()
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "ledger", "bad"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	j := &job{dir: t.TempDir(), kafka: kafka, redis: miniredis.RunT(t)}
	j.db = filepath.Join(j.dir, "ledger.db")
	ddl, err := os.ReadFile("../../schemas/ledger.sql")
	if err != nil {
		t.Fatal(err)
	}
	j.sql(t, string(ddl))
	j.insert(t, rows...)
	return j
}

func (j *job) sql(t *testing.T, script string) {
	t.Helper()
	conn, err := sqlite.OpenConn(j.db, sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenWAL)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteScript(conn, script, nil); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

func (j *job) insert(t *testing.T, ids ...int64) {
	t.Helper()
	for _, id := range ids {
		j.sql(t, fmt.Sprintf("INSERT INTO ledger (id, account, amount) VALUES (%d, 'a%d', %d)", id, id, id))
	}
}

// config writes a configuration with the job's servers. Lines go to the levels of root, source and kafka.
func (j *job) config(t *testing.T, root, source, kafka string) string {
	t.Helper()
	if !strings.Contains(kafka, "brokers:") {
		kafka += "\n      brokers: [" + j.kafka.ListenAddrs()[0] + "]"
	}
	return write(t, fmt.Sprintf(`repliqate:
  name: shop
  %s
  replication:
    poll_interval_sec: 0.01
    sql_source:
      uri: sqlite:///%s
      table: ledger
      primary_key: id
      %s
    kafka_target:
      topic: ledger
      %s
`, root, j.db, source, kafka))
}

func (j *job) atRedis() string { return "redis_addr: " + j.redis.Addr() }

func write(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// ids reads n messages from a topic, and returns the ids of their rows in order.
func (j *job) ids(t *testing.T, topic string, n int) []int64 {
	t.Helper()
	var ids []int64
	for _, r := range j.records(t, topic, n) {
		var message struct {
			Name, Table string
			Data        struct{ ID int64 }
		}
		if err := json.Unmarshal(r.Value, &message); err != nil {
			t.Fatalf("message %q: %v", r.Value, err)
		}
		if message.Name != "shop" || message.Table != "ledger" {
			t.Errorf("message %q has another name or table", r.Value)
		}
		ids = append(ids, message.Data.ID)
	}
	return ids
}

func (j *job) records(t *testing.T, topic string, n int) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(j.kafka.ListenAddrs()...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(10*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var records []*kgo.Record
	for len(records) < n {
		fetches := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			t.Fatalf("after %d of %d messages: %v", len(records), n, err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

// published is how many messages a topic has.
func (j *job) published(topic string) int64 { return j.kafka.PartitionInfo(topic, 0).HighWatermark }

// output is what a program writes, which a test can wait for.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newOutput() *output { return &output{changed: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	select {
	case o.changed <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// wait returns as soon as the output has the text.
func (o *output) wait(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for !strings.Contains(o.String(), text) {
		select {
		case <-o.changed:
		case <-deadline:
			t.Fatalf("%q is not written within 30 s, but\n%s", text, o)
		}
	}
}

// line is a line of the log.
type line struct {
	Level, Msg, Job string
	all             map[string]any
}

// lines reads a log in JSON.
func (o *output) lines(t *testing.T) []line {
	t.Helper()
	var out []line
	for text := range strings.Lines(o.String()) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("line %q: %v", text, err)
		}
		if err := json.Unmarshal([]byte(text), &l.all); err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

// find returns the first line whose message begins so.
func find(t *testing.T, lines []line, msg string) line {
	t.Helper()
	i := slices.IndexFunc(lines, func(l line) bool { return strings.HasPrefix(l.Msg, msg) })
	if i < 0 {
		t.Fatalf("no line begins with %q: %v", msg, lines)
	}
	return lines[i]
}

// running is a replicator in this process.
type running struct {
	stdout, stderr *output
	cancel         context.CancelFunc
	status         chan int
}

func start(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{stdout: newOutput(), stderr: newOutput(), cancel: cancel, status: make(chan int, 1)}
	go func() { r.status <- daemon.Run(ctx, program(), args, r.stdout, r.stderr) }()
	t.Cleanup(cancel)
	return r
}

// end waits for the replicator's end and wants its exit status.
func (r *running) end(t *testing.T, want int) {
	t.Helper()
	select {
	case got := <-r.status:
		if got != want {
			t.Fatalf("exit status %d, want %d\n%s", got, want, r.stderr)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("it has not ended within 30 s\n%s", r.stderr)
	}
}

// stop asks for a graceful stop and wants it to go well.
func (r *running) stop(t *testing.T) {
	t.Helper()
	r.cancel()
	r.end(t, 0)
}
