package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/internal/trial"
)

// contender is one program that is measured.
type contender struct {
	db   *database
	name string
	run  func(ctx context.Context, round int) (figures, error)
}

const (
	generic   = "generic database/sql + encoding/json"
	repliqate = "repliqate"
)

func (a *arena) contenders(db *database) []contender {
	return []contender{
		{db, db.dumpName, func(ctx context.Context, _ int) (figures, error) { return measure(db.dump(ctx)) }},
		{db, "repliqate without Kafka", func(ctx context.Context, round int) (figures, error) {
			return a.runOurs(ctx, db, fmt.Sprintf("stdout-%s-%d", db.table, round), "--stdout")
		}},
		{db, repliqate, func(ctx context.Context, round int) (figures, error) {
			topic := fmt.Sprintf("repliqate-%s-%d", db.table, round)
			return a.published(ctx, topic, func() (figures, error) { return a.runOurs(ctx, db, topic) })
		}},
		{db, generic, func(ctx context.Context, round int) (figures, error) {
			topic := fmt.Sprintf("generic-%s-%d", db.table, round)
			return a.published(ctx, topic, func() (figures, error) {
				return measure(exec.CommandContext(ctx, a.binary("generic"), "-driver", db.driver, "-dsn", db.dsn,
					"-table", db.table, "-broker", a.kafka.Addr, "-redis", a.redis.Addr, "-topic", topic))
			})
		}},
	}
}

func (a *arena) binary(name string) string { return filepath.Join(a.dir, name) }

// build builds a program of this folder as the replicator is built.
func (a *arena) build(ctx context.Context, name string) error {
	return trial.BuildProgram(ctx, "github.com/repliqate/repliqate/bench/"+name, a.binary(name))
}

// runOurs runs the replicator once through the table, with its default settings. With --stdout its sink
// is the null device: what remains is reading, encoding, hashing, and a write of 64 KiB now and then.
func (a *arena) runOurs(ctx context.Context, db *database, topic string, args ...string) (figures, error) {
	config := filepath.Join(a.dir, topic+".yaml")
	if err := a.writeConfig(config, db, topic, "0.1"); err != nil {
		return figures{}, err
	}
	args = append([]string{"--config", config, "--once"}, args...)
	return measure(exec.CommandContext(ctx, a.binary("repliqate-"+db.table), args...))
}

// writeConfig writes the replicator's configuration: its defaults, with a longest pause of interval seconds.
func (a *arena) writeConfig(name string, db *database, topic, interval string) error {
	text := fmt.Sprintf(`repliqate:
  name: %s
  redis_addr: %s
  replication:
    poll_interval_sec: %s
    sql_source: {uri: %q, table: %s, primary_key: id}
    kafka_target: {topic: %s, brokers: [%q]}
`, topic, a.redis.Addr, interval, db.uri, db.table, topic, a.kafka.Addr)
	return os.WriteFile(name, []byte(text), 0o600)
}

// published runs a contender on a topic of its own, checks that every row arrived there, and removes it.
func (a *arena) published(ctx context.Context, topic string, run func() (figures, error)) (figures, error) {
	if err := a.kafka.CreateTopic(ctx, topic, 1); err != nil {
		return figures{}, err
	}
	f, err := run()
	if err != nil {
		return f, err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(a.kafka.Addr), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return f, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	ends, err := admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return f, err
	}
	if end, _ := ends.Lookup(topic, 0); end.Err != nil {
		return f, fmt.Errorf("count the messages of topic %s: %w", topic, end.Err)
	} else if end.Offset != int64(a.rows) {
		return f, fmt.Errorf("%d rows in the table, %d messages in the topic", a.rows, end.Offset)
	}
	if err := verify(client.PollRecords(ctx, 1000)); err != nil {
		return f, err
	}
	_, err = admin.DeleteTopics(ctx, topic)
	return f, err
}

// verify checks the hashes of the first messages: a contender that published anything else has won nothing.
func verify(fetches kgo.Fetches) error {
	if err := fetches.Err(); err != nil {
		return err
	}
	for _, record := range fetches.Records() {
		var m struct {
			Data json.RawMessage
			Hash string
		}
		if err := json.Unmarshal(record.Value, &m); err != nil {
			return err
		}
		if sum := sha256.Sum256(m.Data); len(m.Data) < 100 || hex.EncodeToString(sum[:]) != m.Hash {
			return fmt.Errorf("the hash of message %s is not that of its data", record.Value)
		}
	}
	return nil
}
