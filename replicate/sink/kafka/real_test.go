package kafka_test

import (
	"context"
	"errors"
	"hash/fnv"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/replicatetest"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// brokerLimit is the message.max.bytes of the broker, below what producers take for granted.
const brokerLimit = 20_000

// TestRealBroker shows what a broker in this process can't: limits, settings as a consumer sees them, and an end.
func TestRealBroker(t *testing.T) {
	suite.Servers(t, "Kafka")
	ctx := deadline(t)
	k, err := testserver.StartKafka(ctx, "message.max.bytes="+strconv.Itoa(brokerLimit))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Run("compression", func(t *testing.T) { testCompression(t, k.Addr) })
	t.Run("no key, but a header", func(t *testing.T) { testNoKey(t, k.Addr) })
	t.Run("the broker's limit", func(t *testing.T) { testBrokerLimit(t, k.Addr) })
	t.Run("a limit lowered meanwhile", func(t *testing.T) { testLoweredLimit(t, k.Addr) })
	t.Run("too few replicas", func(t *testing.T) { testTooFewReplicas(t, k.Addr) })
	t.Run("a compacted topic", func(t *testing.T) { testCompacted(t, k.Addr) })
	t.Run("no broker", func(t *testing.T) { testOutage(t, k) })
}

func testCompression(t *testing.T, addr string) {
	for kind, name := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		makeTopic(t, addr, name, nil)
		s := openSink(t, at(addr, to(name), func(c *kafka.Config) { c.Compression = name }))
		if err := publish(t, s, page(t, 1, 100))[0]; err != nil {
			t.Fatal(name, err)
		}
		for _, r := range consume(t, addr, name, 100) {
			if got := int(r.Attrs.CompressionType()); got != kind {
				t.Fatalf("%s: a message arrived with compression %d, want %d", name, got, kind)
			}
		}
	}
}

// testNoKey publishes without a key, as the Python daemon did: the row's key alone decides the partition.
func testNoKey(t *testing.T, addr string) {
	create(t, addr, 5)
	s := openSink(t, at(addr, func(c *kafka.Config) { c.RowKeyHeader = "pk" }))
	if err := publish(t, s, replicatetest.NewPage(t, replicatetest.NoKeys, 1, 100))[0]; err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range consume(t, addr, topic, 100) {
		if r.Key != nil || len(r.Headers) != 1 || r.Headers[0].Key != "pk" {
			t.Fatalf("key %q, headers %v: want no key, and the row's as a header", r.Key, r.Headers)
		}
		key := r.Headers[0].Value
		seen[string(key)] = true
		h := fnv.New32a()
		h.Write(key)
		if want := int32(h.Sum32() % 5); r.Partition != want {
			t.Errorf("row %s is in partition %d, want %d in every version", key, r.Partition, want)
		}
	}
	if len(seen) != 100 {
		t.Errorf("%d different keys, want 100", len(seen))
	}
}

func testBrokerLimit(t *testing.T, addr string) {
	makeTopic(t, addr, "usual", nil)
	s := newSink(t, at(addr, to("usual")))
	info, err := s.Open(t.Context())
	if err != nil || info.MaxMessageBytes > brokerLimit || info.MaxMessageBytes < brokerLimit*9/10 {
		t.Fatalf("%+v, %v: want a little less than the broker's %d", info, err, brokerLimit)
	}
	// Many rows are more than one batch, which is no reason to refuse them.
	errs := publish(t, s, page(t, 1, 2000), replicatetest.Sized(t, 7777, info.MaxMessageBytes),
		replicatetest.Sized(t, 8888, brokerLimit))
	if errs[0] != nil || errs[1] != nil {
		t.Fatal(errs)
	}
	checkTooLarge(t, errs[2], "8888")
	consume(t, addr, "usual", 2001)
}

func checkTooLarge(t *testing.T, err error, key string) {
	t.Helper()
	var row *replicate.RowError
	if !errors.As(err, &row) || row.Key != key || !replicate.IsStop(err) ||
		!strings.Contains(err.Error(), "max.message.bytes") {
		t.Fatalf("got %v, want a stop that names row %s and max.message.bytes", err, key)
	}
}

// testLoweredLimit lowers the topic's limit under an open sink. The refusal is looked into by opening again, which
// then names the row; nothing behind the refused batch may arrive meanwhile.
func testLoweredLimit(t *testing.T, addr string) {
	const name = "lowered"
	makeTopic(t, addr, name, map[string]string{"max.message.bytes": "100000"})
	s := openSink(t, at(addr, to(name)))
	a, value := admin(t, addr), "5000"
	answer, err := a.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes",
		Value: &value}}, name)
	if err = errors.Join(err, answer[0].Err); err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for ctx := deadline(t); err == nil && ctx.Err() == nil; { // until the broker has heard of it
		errs := publish(t, s, replicatetest.Sized(t, 77, 50_000), page(t, 100, 50))
		if err = errs[0]; err == nil {
			accepted += 51
			continue
		}
		if !errors.Is(errs[1], kerr.MessageTooLarge) {
			t.Fatalf("the rows after the refused one ended with %v, want the same", errs[1])
		}
	}
	if !errors.Is(err, kerr.MessageTooLarge) || replicate.IsStop(err) {
		t.Fatalf("got %v, want an error after which the limit is read again", err)
	}
	if n := len(consume(t, addr, name, 0)); n != accepted {
		t.Fatalf("%d messages arrived, want the %d before the refused one", n, accepted)
	}
	info, err := s.Open(t.Context())
	if err != nil || info.MaxMessageBytes > 5000 {
		t.Fatalf("%+v, %v: want the new limit", info, err)
	}
	errs := publish(t, s, page(t, 1, 50), replicatetest.Sized(t, 77, 50_000), page(t, 100, 50))
	if errs[0] != nil && !replicate.IsStop(errs[0]) || errs[2] == nil {
		t.Fatal(errs)
	}
	checkTooLarge(t, errs[1], "77")
}

// testCompacted refuses a topic that takes no message without a key, before a row is read, or at the first refusal.
func testCompacted(t *testing.T, addr string) {
	for name, policy := range map[string]string{"compacted": "compact", "both": "compact,delete"} {
		makeTopic(t, addr, name, map[string]string{"cleanup.policy": policy})
		_, err := newSink(t, at(addr, to(name), func(c *kafka.Config) { c.NoKey = true })).Open(t.Context())
		if !replicate.IsStop(err) || !strings.Contains(err.Error(), "topic "+name+" is compacted") ||
			!strings.Contains(err.Error(), "kafka.Config.NoKey") {
			t.Errorf("%v, want a stop that names the topic and the setting", err)
		}
		s := openSink(t, at(addr, to(name)))
		if err := publish(t, s, page(t, 1, 10))[0]; err != nil {
			t.Error(err)
		}
		err = publish(t, s, replicatetest.NewPage(t, replicatetest.NoKeys, 1, 1))[0]
		if !replicate.IsStop(err) || !strings.Contains(err.Error(), "no message without a key") {
			t.Errorf("a message without a key: %v", err)
		}
	}
}

func testTooFewReplicas(t *testing.T, addr string) {
	makeTopic(t, addr, "lonely", map[string]string{"min.insync.replicas": "2"})
	_, err := newSink(t, at(addr, to("lonely"))).Open(t.Context())
	if err == nil || replicate.IsStop(err) ||
		!strings.Contains(err.Error(), "topic lonely can't be written: partition 0") {
		t.Fatalf("got %v, want an error that can heal and names the partition", err)
	}
}

// testOutage kills the broker: what waits is bounded, the reason is told, and it goes on with the next broker.
func testOutage(t *testing.T, k *testserver.Kafka) {
	const buffered, pageBytes = 1 << 20, 10 * 10_000
	makeTopic(t, k.Addr, "outage", nil)
	config := at(k.Addr, to("outage"), func(c *kafka.Config) { c.BufferedBytes = buffered })
	waiting := openSink(t, config)
	config.Timeout = 2 * time.Second
	silent := openSink(t, config)
	for _, s := range []*kafka.Sink{waiting, silent} {
		if err := publish(t, s, page(t, 1, 10))[0]; err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Kill(); err != nil {
		t.Fatal(err)
	}
	err := publish(t, silent, page(t, 11, 10))[0]
	if err == nil || replicate.IsStop(err) || !strings.Contains(err.Error(), "acknowledged") ||
		!strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v, want an error that can heal and says why nothing is acknowledged", err)
	}
	fill(t, waiting, buffered, pageBytes)
	if _, err := silent.Open(t.Context()); err == nil || replicate.IsStop(err) {
		t.Errorf("opened without a broker: %v, want an error that can heal", err)
	}
	ctx, started := deadline(t), make(chan error, 1)
	go func() { started <- k.Start(ctx) }()
	for _, err = silent.Open(ctx); err != nil && ctx.Err() == nil; _, err = silent.Open(ctx) {
		if replicate.IsStop(err) {
			t.Fatalf("a broker that starts: %v, want an error that can heal", err)
		}
	}
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if err := publish(t, silent, page(t, 11, 10))[0]; err != nil {
		t.Error(err)
	}
}

// fill publishes pages of ten rows of 10,000 bytes until there is no room, and then gives up waiting for it.
func fill(t *testing.T, s *kafka.Sink, buffered, pageBytes int64) {
	ctx, cancel := context.WithCancel(t.Context())
	pages := 3 * buffered / pageBytes
	done := make(chan error, pages)
	blocked := make(chan struct{})
	go func() {
		defer close(blocked)
		for i := range pages {
			p := new(replicate.Page[int64])
			rows := make([]replicatetest.Row, 10)
			for j := range rows {
				rows[j] = replicatetest.Row{ID: 1000 + i*10 + int64(j), Text: strings.Repeat("x", 10_000)}
			}
			replicatetest.Fill(t, p, replicatetest.RowKeys, rows...)
			s.Publish(ctx, &p.Batch, func(err error) { done <- err })
		}
	}()
	for bound, tick := deadline(t), time.Tick(time.Millisecond); s.Buffered() < buffered-pageBytes; {
		select {
		case <-blocked:
			t.Fatal("every page was handed over")
		case <-bound.Done():
			t.Fatalf("%d bytes wait, want nearly %d", s.Buffered(), buffered)
		case <-tick:
		}
	}
	// The client counts the record that has to wait too.
	if n, most := s.Buffered(), buffered+pageBytes/10+1000; n > most {
		t.Errorf("%d bytes wait, want at most %d", n, most)
	}
	cancel()
	<-blocked
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range pages {
		if err := <-done; err == nil || replicate.IsStop(err) {
			t.Errorf("a page ended with %v, want an error that can heal", err)
		}
	}
}
