package kafka_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/replicatetest"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

const topic = "events"

// limit is the max.message.bytes of the topics of the suites, not the default.
const limit = "300000"

func TestSinkInProcess(t *testing.T) {
	exercise(t, func(t *testing.T) (string, func()) {
		c := cluster(t)
		addr := c.ListenAddrs()[0]
		create(t, addr, 3)
		return addr, func() { stall(c) }
	})
}

// stall leaves every produce request without an answer. Each control function occupies its broker's
// connection until the cluster is closed.
func stall(c *kfake.Cluster) {
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		c.SleepControl(func() { select {} })
		return nil, nil, true
	})
}

func TestSinkReal(t *testing.T) {
	suite.Servers(t, "Kafka")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	k, err := testserver.StartKafka(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Stop(); err != nil {
			t.Error(err)
		}
	})
	exercise(t, func(t *testing.T) (string, func()) {
		recreate(t, k.Addr)
		return k.Addr, nil
	})
}

// exercise runs the suite with every setting that changes how records travel.
func exercise(t *testing.T, destination func(t *testing.T) (addr string, stall func())) {
	for name, c := range map[string]kafka.Config{
		"default":  {},
		"header":   {RowKeyHeader: "row-key", Linger: 5 * time.Millisecond},
		"snappy":   {Compression: "snappy"},
		"zstd":     {Compression: "zstd", BufferedBytes: 1 << 20},
		"few rows": {BufferedBytes: 64 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			replicatetest.ExerciseSink(t, func(t *testing.T) replicatetest.SinkHarness {
				addr, stall := destination(t)
				c.Brokers, c.Topic = []string{addr}, topic
				if c.BufferedBytes == 64<<10 {
					stall = nil // Publish would wait for room, as it should
				}
				return replicatetest.SinkHarness{
					New:   func() replicate.Sink { return newSink(t, c) },
					Read:  func(n int) []replicatetest.Published { return read(t, addr, n) },
					Stall: stall,
				}
			})
		})
	}
}

func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func admin(t *testing.T, addr string) *kadm.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.MetadataMinAge(10*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

func create(t *testing.T, addr string, partitions int32) {
	t.Helper()
	value := limit
	settings := map[string]*string{"max.message.bytes": &value}
	answer, err := admin(t, addr).CreateTopic(t.Context(), partitions, 1, settings, topic)
	if err = errors.Join(err, answer.Err); err != nil {
		t.Fatal(err)
	}
}

// makeTopic creates a topic of one partition with these settings.
func makeTopic(t *testing.T, addr, name string, settings map[string]string) {
	t.Helper()
	values := map[string]*string{}
	for key, value := range settings {
		values[key] = &value
	}
	answer, err := admin(t, addr).CreateTopic(t.Context(), 1, 1, values, name)
	if err = errors.Join(err, answer.Err); err != nil {
		t.Fatal(err)
	}
}

// recreate empties the topic of a broker that several subtests share.
func recreate(t *testing.T, addr string) {
	t.Helper()
	a := admin(t, addr)
	if _, err := a.DeleteTopics(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	value := limit
	tick, deadline := time.NewTicker(20*time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for {
		answer, err := a.CreateTopic(t.Context(), 3, 1, map[string]*string{"max.message.bytes": &value}, topic)
		err = errors.Join(err, answer.Err)
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}

func newSink(t *testing.T, c kafka.Config) *kafka.Sink {
	t.Helper()
	s, err := kafka.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openSink(t *testing.T, c kafka.Config) *kafka.Sink {
	t.Helper()
	s := newSink(t, c)
	if _, err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// read consumes the topic from its start until n messages have come.
func read(t *testing.T, addr string, n int) []replicatetest.Published {
	t.Helper()
	records := consume(t, addr, topic, n)
	all := make([]replicatetest.Published, len(records))
	for i, r := range records {
		all[i] = replicatetest.Published{Partition: int(r.Partition), Key: r.Key, Value: r.Value}
	}
	return all
}

func consume(t *testing.T, addr, topic string, n int) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	// Partitions hold no more than their end offsets say, so that a message too many is found too.
	ends, err := admin(t, addr).ListEndOffsets(ctx, topic)
	if err = errors.Join(err, ends.Error()); err != nil {
		t.Fatal(err)
	}
	total := 0
	ends.Each(func(o kadm.ListedOffset) { total += int(o.Offset) })
	if total < n {
		t.Fatalf("%d messages are in the topic, want %d", total, n)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var records []*kgo.Record
	for len(records) < total {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%d messages of %d could be read", len(records), total)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

// publish hands pages over and returns what done was told for each.
func publish(t *testing.T, s *kafka.Sink, pages ...*replicate.Page[int64]) []error {
	t.Helper()
	errs := make([]error, len(pages))
	var waiting sync.WaitGroup
	for i, p := range pages {
		waiting.Add(1)
		s.Publish(t.Context(), &p.Batch, func(err error) { errs[i] = err; waiting.Done() })
	}
	waiting.Wait()
	return errs
}

func page(t *testing.T, first int64, n int) *replicate.Page[int64] {
	return replicatetest.NewPage(t, replicatetest.RowKeys, first, n)
}

// TestKafkasOwnPartitions compares with the partitions that Kafka's Java client chooses: murmur2 of the
// key's bytes, positive, modulo the number of partitions.
func TestKafkasOwnPartitions(t *testing.T) {
	c := cluster(t)
	addr := c.ListenAddrs()[0]
	create(t, addr, 7)
	s := openSink(t, kafka.Config{Brokers: []string{addr}, Topic: topic, RowKeyHeader: "row-key"})
	for _, err := range publish(t, s, page(t, 1, 100)) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range consume(t, addr, topic, 100) {
		if want := int32(murmur2(r.Key)&0x7fffffff) % 7; r.Partition != want {
			t.Errorf("key %s is in partition %d, Kafka's clients choose %d", r.Key, r.Partition, want)
		}
		if len(r.Headers) != 1 || r.Headers[0].Key != "row-key" || string(r.Headers[0].Value) != string(r.Key) {
			t.Errorf("key %s has headers %v", r.Key, r.Headers)
		}
	}
	// The values that Kafka's own test suite gives.
	for key, want := range map[string]int32{"21": -973932308, "foobar": -790332482, "abc": 479470107,
		"a-little-bit-long-string": -985981536, "a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2 of %s is %d", key, got)
		}
	}
}

// murmur2 is the hash as Kafka's protocol guide has it.
func murmur2(b []byte) uint32 {
	const m = 0x5bd1e995
	h := uint32(0x9747b28c) ^ uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		k := (uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24) * m
		h = h*m ^ (k^k>>24)*m
	}
	for i := len(b) - 1; i >= 0; i-- {
		h ^= uint32(b[i]) << (8 * i)
	}
	if len(b) > 0 {
		h *= m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}

func TestDeadLetterTopic(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, topic))
	addr := c.ListenAddrs()[0]
	config := kafka.Config{Brokers: []string{addr}, Topic: topic, DeadLetterTopic: "bad"}
	if _, err := newSink(t, config).Open(t.Context()); !replicate.IsStop(err) || !strings.Contains(err.Error(), "bad") {
		t.Fatalf("without the dead-letter topic: %v, want a stop that names it", err)
	}
	config.CreateTopic = true
	s := openSink(t, config)
	p := replicatetest.NewBadPage(t, 7, "too strange")
	if err := publish(t, s, p)[0]; err != nil {
		t.Fatal(err)
	}
	if r := consume(t, addr, "bad", 1)[0]; string(r.Key) != "7" || !strings.Contains(string(r.Value), "too strange") {
		t.Errorf("dead letter %s: %s", r.Key, r.Value)
	}
	if n := len(consume(t, addr, topic, 0)); n != 0 {
		t.Errorf("%d messages in the topic itself", n)
	}
}

// TestTooLargeForWhat names the setting that is in the way.
func TestTooLargeForWhat(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, topic, "bad"))
	for says, change := range map[string]func(*kafka.Config){
		"topic's max.message.bytes":        func(*kafka.Config) {},
		"of the dead-letter topic":         func(c *kafka.Config) { c.Topic, c.DeadLetterTopic = "bad", "bad" },
		"raise kafka.Config.BufferedBytes": func(c *kafka.Config) { c.BufferedBytes = 100_000 },
	} {
		s := openSink(t, at(c.ListenAddrs()[0], change))
		errs := publish(t, s, page(t, 1, 500), replicatetest.Sized(t, 77, 2<<20), page(t, 100, 1))
		if errs[0] != nil || errs[2] == nil {
			t.Errorf("the rows before ended with %v, those after with %v", errs[0], errs[2])
		}
		err := errs[1]
		if !replicate.IsStop(err) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "key 77") {
			t.Errorf("got %v, want a stop that names row 77 and says %q", err, says)
		}
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = newSink(t, kafka.Config{Brokers: []string{addr}, Topic: topic}).Open(t.Context())
	if err == nil || replicate.IsStop(err) {
		t.Fatalf("got %v, want an error that can be retried", err)
	}
}
