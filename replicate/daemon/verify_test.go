package daemon_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// says runs a command, and wants its status and each text in what it printed. Blanks count as one.
func (b *bed) says(status int, command string, texts ...string) outcome {
	b.t.Helper()
	got := b.run(strings.Fields(command)...)
	printed := strings.Join(strings.Fields(got.stdout+"\n"+got.stderr), " ")
	if got.status != status {
		b.t.Fatalf("%s: status %d, want %d:\n%s%s", command, got.status, status, got.stdout, got.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(printed, text) {
			b.t.Errorf("%s does not say %q:\n%s%s", command, text, got.stdout, got.stderr)
		}
	}
	return got
}

func (b *bed) client() *kgo.Client {
	b.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.kafka.ListenAddrs()...), kgo.DefaultProduceTopic("entries"),
		kgo.ConsumeTopics("entries"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(client.Close)
	return client
}

// messages are all records of the topic's first partition.
func (b *bed) messages() []*kgo.Record {
	b.t.Helper()
	client := b.client()
	ends, err := kadm.NewClient(client).ListEndOffsets(b.t.Context(), "entries")
	if err != nil {
		b.t.Fatal(err)
	}
	end, _ := ends.Lookup("entries", 0)
	var all []*kgo.Record
	for int64(len(all)) < end.Offset {
		fetches := client.PollFetches(b.t.Context())
		if err := fetches.Err(); err != nil {
			b.t.Fatal(err)
		}
		all = append(all, fetches.Records()...)
	}
	return all
}

// send writes records to the topic by hand.
func (b *bed) send(records ...*kgo.Record) {
	b.t.Helper()
	client := b.client()
	for _, r := range records {
		if err := client.ProduceSync(b.t.Context(), &kgo.Record{Key: r.Key, Value: r.Value}).FirstErr(); err != nil {
			b.t.Fatal(err)
		}
	}
}

// emptyTopic deletes every message of the topic and leaves its offsets where they are.
func (b *bed) emptyTopic() {
	b.t.Helper()
	admin := kadm.NewClient(b.client())
	if _, err := admin.DeleteTopics(b.t.Context(), "entries"); err != nil {
		b.t.Fatal(err)
	}
	if _, err := admin.CreateTopic(b.t.Context(), 1, 1, nil, "entries"); err != nil {
		b.t.Fatal(err)
	}
}

func TestVerifyFindsNothing(t *testing.T) {
	b := newBed(t)
	b.insert(5)
	b.says(3, "verify", "the job has no offset", "give --to KEY")
	b.once()
	b.insert(2) // not published yet
	b.says(0, "verify", "up to key 5, 5 rows, with 5 messages", "nothing differs")
	b.says(0, "verify --from 2 --to 4", "keys 2 to 4, 3 rows", "nothing differs")
	b.says(0, "verify --to 9", "rows above the offset 5 are not published yet")
	b.says(0, "verify --sample 3", "a sample of", "nothing differs")
	b.says(0, "verify --since 1h", "keys 1 to 5, 5 rows")
	b.offset(0, "set 2")
	b.once()
	b.says(0, "verify", "7 rows, with 10 messages", "repeated 3 (", "nothing differs")
}

func TestVerifyFindsDamage(t *testing.T) {
	b := newBed(t)
	b.insert(8)
	b.once()
	m := b.messages()
	b.emptyTopic()
	damaged := *m[3]
	damaged.Value = []byte(strings.Replace(string(damaged.Value), `"amount": 1`, `"amount": 7`, 1))
	// 1, 4 with another value, 6 before 5, no 2, 3 and 8, a row that is not there, and what nobody can read.
	b.send(m[0], &damaged, m[5], m[4], m[6])
	b.send(&kgo.Record{Key: []byte("20"), Value: m[0].Value}, &kgo.Record{Value: []byte("hello")})
	b.exec("DELETE FROM ledger WHERE id = 1")
	keys := filepath.Join(t.TempDir(), "keys")
	got := b.says(1, "verify --keys "+keys, "missing 3 (rows of the table that are not in the topic): 2..3, 8",
		"different 1 (", "damaged there): 4", "damaged 1 (", "no row 1 (messages without a row", "apart): 1",
		"order 1 (rows first published after a row with a greater key): 5", "unreadable 1 (", "it differs",
		"republish --from-file "+keys)
	if strings.Contains(got.stdout, "\x1b") {
		t.Error("there is colour, and no terminal")
	}
	if text, err := os.ReadFile(keys); err != nil || string(text) != "2\n3\n4\n8\n" {
		t.Errorf("the keys are %q, %v", text, err)
	}
	var result struct {
		Version int
		Same    bool
		Missing struct {
			Count  int
			Ranges []struct{ From, To string }
		}
	}
	if err := json.Unmarshal([]byte(b.says(1, "verify --json").stdout), &result); err != nil {
		t.Fatal(err)
	}
	if result.Version != 1 || result.Same || result.Missing.Count != 3 || result.Missing.Ranges[0].To != "3" {
		t.Errorf("the JSON form says %+v", result)
	}
	// The same in passes of few rows, whose later ones read a part of the topic.
	b.says(1, "verify --at-once 2", "): 2..3, 8", "there): 4", "apart): 1", "greater key): 5", "unreadable 1 (")
	// The right message behind a wrong one repairs it.
	b.send(m[1], m[2], m[3], m[7])
	b.says(1, "verify --from 2 --deleted-ok", "repaired 1 (", "order 4 (")
}

func TestVerifySaysWhatItCantKnow(t *testing.T) {
	b := newBed(t)
	b.insert(6)
	b.once()
	b.exec("UPDATE ledger SET amount = 5 WHERE id = 5; DELETE FROM ledger WHERE id = 4")
	b.says(1, "verify", "different 1 (", "there): 5", "no row 1 (")
	b.exec("UPDATE ledger SET amount = 1 WHERE id = 5")
	b.says(1, "verify", "no row 1 (", "which can't be told apart")
	b.says(0, "verify --deleted-ok", "no row 1 (", "nothing differs")
	admin := kadm.NewClient(b.client())
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: "entries", Partition: 0, At: 3})
	if _, err := admin.DeleteRecords(t.Context(), offsets); err != nil {
		t.Fatal(err)
	}
	b.says(0, "verify --deleted-ok", "not known 3 (", "part): 1..3", "nothing differs")
}

// TestRepublishRepairs what verify has found, and moves no offset.
func TestRepublishRepairs(t *testing.T) {
	b := newBed(t)
	b.insert(6)
	b.once()
	m := b.messages()
	b.emptyTopic()
	damaged := *m[3]
	damaged.Value = []byte(strings.Replace(string(damaged.Value), `"amount": 1`, `"amount": 7`, 1))
	b.send(m[0], &damaged, m[4], m[5])
	keys := filepath.Join(t.TempDir(), "keys")
	b.says(1, "verify --keys "+keys, "): 2..3", "there): 4")
	b.insert(1) // the job's to publish
	b.says(0, "republish --dry-run --from-file "+keys, "3 rows would be published again")
	b.says(1, "verify", "): 2..3", "there): 4")
	b.says(0, "republish --from-file "+keys, "3 rows published again")
	b.says(0, "verify", "repaired 1 (", "republished 3 (", "nothing differs")
	b.says(0, "republish 6..7", "1 rows published again")
	if got := b.stored(); got != "6" {
		t.Errorf("the offset is %s, want 6", got)
	}
	b.says(2, "republish", "expected KEY..KEY")
	b.says(2, "republish 5..4", "the smaller key first")
	b.says(0, "republish --help", "--from-file")
}

// TestCheck says what it finds, whichever server is away.
func TestCheck(t *testing.T) {
	b := newBed(t)
	b.insert(3)
	b.once()
	b.says(0, "check", "ok database highest key 3", "can be proven", "offset 3, in Redis", "nobody holds the lease",
		"second copy of the offset 3", "entries has 1 partitions and about 3 messages", "max.message.bytes")
	b.says(0, "check --json", `"version": 1`, `"level": "ok"`)
	b.redis.SetError("LOADING Redis is loading the dataset in memory")
	b.says(2, "check", "error offset", "LOADING", "ok database", "ok topic")
	b.redis.SetError("")
	b.exec("ALTER TABLE ledger RENAME COLUMN amount TO sum")
	b.says(2, "check", "error database", "no column amount any more", "regenerate:", "ok topic", "ok offset")
	b.says(2, "check now", "unexpected argument")
	b.says(0, "check --help", "Exit statuses:")
}

// TestStatus says where a job is, and what it could not ask.
func TestStatus(t *testing.T) {
	b := newBed(t)
	b.insert(3)
	b.once()
	b.insert(2)
	b.says(0, "status", "offset 3", "newest 5", "behind 2 rows")
	b.says(0, "status --json", `"rows_behind": 2`, `"version": 1`)
	b.redis.SetError("LOADING Redis is loading the dataset in memory")
	b.says(1, "status", "newest 5", "behind not known", "error", "LOADING")
}

func TestVerifyUsage(t *testing.T) {
	b := newBed(t)
	for command, want := range map[string]string{
		"verify --form 2": "nearest is --from", "verify --from x": "expected a key in decimal",
		"verify --since yesterday": "expected a duration", "verify --sample 0": "expected a whole number",
		"verify 5": "unexpected argument \"5\"", "verify --json=yes": "takes no value",
	} {
		b.says(2, command, want)
	}
	b.says(0, "verify --help", "Exit statuses:", "--deleted-ok")
	b.redis.SetError("LOADING Redis is loading the dataset in memory")
	b.insert(1)
	b.says(3, "verify", "LOADING", "give --to KEY")
	b.says(1, "verify --to 1", "missing 1 (", "the offset is not known")
}
