package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

// poisonous is a table whose row 4 of 6 can't be published.
type poisonous struct {
	*job
	reason  string // what the error and the dead letter say
	excerpt string // what the dead letter has of the row
}

// TestPoisonousRows: by default the job publishes and commits what comes before the row, and stops with its
// key; by choice the row goes to the dead-letter topic, and the job goes on.
func TestPoisonousRows(t *testing.T) {
	suite.Servers(t, "PostgreSQL", "Kafka", "Redis")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for name, prepare := range map[string]func(*testing.T, context.Context) poisonous{
		"over the topic's limit": overTheLimit, "over the broker's limit": overTheBrokersLimit,
		"no encoding": noEncoding, "not in UTF-8": notInUTF8, "not UTF-8 in SQLite": notUTF8InSQLite,
	} {
		t.Run(name, func(t *testing.T) {
			p := prepare(t, ctx)
			p.stops(ctx)
			p.goesOn(ctx)
		})
	}
}

func (p poisonous) stops(ctx context.Context) {
	log, status := p.runOnce(ctx)
	for _, want := range []string{"row with key 4", p.reason, "on_bad_row"} {
		if status != 1 || !strings.Contains(log, want) {
			p.t.Errorf("exit status %d, want 1 and %q in:\n%s", status, want, log)
		}
	}
	if keys := p.read(ctx, p.Topic, 3); !equal(keys, "1", "2", "3") {
		p.t.Errorf("before the row: %q is published", keys)
	}
	if offset := p.offset(ctx); offset != "3" {
		p.t.Errorf("before the row: the stored offset is %q", offset)
	}
}

func (p poisonous) goesOn(ctx context.Context) {
	dead := p.Topic + "-dead"
	must(p.t, p.kafka.CreateTopic(ctx, dead, 1))
	p.Target = "      on_bad_row: dead_letter\n      dead_letter_topic: " + dead + "\n"
	must(p.t, p.Write(p.file))
	log, status := p.runOnce(ctx)
	if status != 0 || !strings.Contains(log, `"msg":"rows went to the dead-letter topic"`) ||
		!strings.Contains(log, `"rows":1`) {
		p.t.Errorf("with dead_letter: exit status %d:\n%s", status, log)
	}
	if keys := p.read(ctx, p.Topic, 5); !equal(keys, "1", "2", "3", "5", "6") {
		p.t.Errorf("with dead_letter: %q is published", keys)
	}
	if offset := p.offset(ctx); offset != "6" {
		p.t.Errorf("with dead_letter: the stored offset is %q", offset)
	}
	var letter struct {
		Name, Table, Key, Reason string
		Excerpt                  []byte // base64
	}
	records := p.records(ctx, dead, 1)
	must(p.t, json.Unmarshal(records[0].Value, &letter))
	if string(records[0].Key) != "4" || letter.Key != "4" || letter.Name != p.Name || letter.Table != p.Table ||
		!strings.Contains(letter.Reason, p.reason) || !bytes.Contains(letter.Excerpt, []byte(p.excerpt)) {
		p.t.Errorf("the dead letter has key %q and says %.300s", records[0].Key, records[0].Value)
	}
}

// runOnce runs the binary with --once and returns its log and exit status.
func (p poisonous) runOnce(ctx context.Context) (log string, status int) {
	p.t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, p.binary, "--config", p.file, "--once", "-v")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// records reads the first n records of a topic of one partition.
func (p poisonous) records(ctx context.Context, topic string, n int) (records []*kgo.Record) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(p.kafka.Addr), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	must(p.t, err)
	defer client.Close()
	for len(records) < n && ctx.Err() == nil {
		records = append(records, client.PollFetches(ctx).Records()...)
	}
	if len(records) != n {
		p.t.Fatalf("topic %s has %d records, want %d", topic, len(records), n)
	}
	return records
}

func (p poisonous) read(ctx context.Context, topic string, n int) (keys []string) {
	p.t.Helper()
	for _, r := range p.records(ctx, topic, n) {
		keys = append(keys, string(r.Key))
	}
	return keys
}

func equal(got []string, want ...string) bool {
	return strings.Join(got, " ") == strings.Join(want, " ")
}

// insert writes six rows, the fourth with a note of its own.
func (p poisonous) insert(ctx context.Context, note string) {
	p.t.Helper()
	row := `INSERT INTO orders (customer_id, reference, currency, total, quantity, note, placed_at, token)
		VALUES (1, 'a', 'EUR', 1, 1, NOTE, '2024-01-01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');`
	rows := strings.Repeat(strings.ReplaceAll(row, "NOTE", "NULL"), 3) + strings.ReplaceAll(row, "NOTE", note) +
		strings.Repeat(strings.ReplaceAll(row, "NOTE", "NULL"), 2)
	must(p.t, testserver.Exec(ctx, p.URI, rows))
}

func overTheLimit(t *testing.T, ctx context.Context) poisonous {
	p := poisonous{reason: "is the most that can be published", excerpt: `"note": "xxxx`}
	p.job = newJob(t, ctx, testserver.Newest, trial.Config{Name: "large", Topic: "large"}, 1, "max.message.bytes=20000")
	p.insert(ctx, "repeat('x', 20000)")
	return p
}

func overTheBrokersLimit(t *testing.T, ctx context.Context) poisonous {
	p := poisonous{reason: "is the most that can be published", excerpt: `"note": "xxxx`}
	p.job = newJob(t, ctx, testserver.Newest, trial.Config{Name: "larger", Topic: "larger"}, 1)
	p.insert(ctx, "repeat('x', 1100000)") // message.max.bytes is 1,048,588 where nobody has set it
	return p
}

// noEncoding takes a database that does not check what it is given.
func noEncoding(t *testing.T, ctx context.Context) poisonous {
	p := poisonous{reason: "column note", excerpt: "caf\xe9"}
	p.job = newJob(t, ctx, testserver.Newest, trial.Config{Name: "none", Topic: "none"}, 1)
	p.inDatabase(ctx, "SQL_ASCII")
	p.insert(ctx, `E'caf\xe9'`)
	return p
}

// notInUTF8 takes a text that is valid, and that the server can't convert: Windows-1252 has no character 81.
func notInUTF8(t *testing.T, ctx context.Context) poisonous {
	p := poisonous{reason: "has no equivalent in encoding"}
	p.job = newJob(t, ctx, testserver.Oldest, trial.Config{Name: "windows", Topic: "windows"}, 1)
	p.inDatabase(ctx, "WIN1252")
	p.insert(ctx, `convert_from('\x63616681', 'WIN1252')`)
	return p
}

// inDatabase goes over to a database with an encoding of its own.
func (p poisonous) inDatabase(ctx context.Context, encoding string) {
	p.t.Helper()
	must(p.t, p.pg.Exec(ctx, "CREATE DATABASE other ENCODING '"+encoding+"' TEMPLATE template0"))
	p.URI = strings.TrimSuffix(p.URI, "/postgres") + "/other"
	must(p.t, p.Write(p.file))
	ddl, err := os.ReadFile("../../schemas/orders.sql")
	must(p.t, err)
	must(p.t, testserver.Exec(ctx, p.URI, string(ddl)))
}

func notUTF8InSQLite(t *testing.T, ctx context.Context) poisonous {
	path := filepath.Join(t.TempDir(), "ledger.db")
	ddl, err := os.ReadFile("../../schemas/ledger.sql")
	must(t, err)
	must(t, trial.CreateSQLite(path, string(ddl)))
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	must(t, err)
	defer func() { check(t, conn.Close()) }()
	must(t, sqlitex.ExecuteScript(conn, `INSERT INTO ledger (account, amount, note) VALUES ('a', 1, NULL), ('a', 2, NULL),
		('a', 3, NULL), ('a', 4, CAST(x'636166e9' AS TEXT)), ('a', 5, NULL), ('a', 6, NULL)`, nil))
	p := poisonous{reason: "column note", excerpt: "caf\xe9"}
	p.job = configure(t, ctx, trial.Config{Name: "lite", Topic: "lite", Table: "ledger", URI: "sqlite:///" + path}, 1)
	return p
}
