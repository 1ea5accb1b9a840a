package trial

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Seen is what a consumer has found so far.
type Seen struct {
	Rows, Messages int // distinct keys, and all messages
	Problems       []string
	Latency        time.Duration // from the last message's publication to its reading
}

// Duplicates is how many messages repeat a row.
func (s Seen) Duplicates() int { return s.Messages - s.Rows }

// Consumer reads a topic and checks each message: its checksum, and that first publications ascend in
// each partition.
type Consumer struct {
	client *kgo.Client
	mu     sync.Mutex
	seen   Seen
	keys   map[int64]bool
	last   map[int32]int64
	done   chan struct{}
}

// Consume begins to read at the topic's beginning.
func Consume(broker, topic string) (*Consumer, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic),
		kgo.FetchMaxWait(20*time.Millisecond), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	c := &Consumer{client: client, keys: map[int64]bool{}, last: map[int32]int64{}, done: make(chan struct{})}
	go c.read()
	return c, nil
}

func (c *Consumer) read() {
	defer close(c.done)
	for {
		fetches := c.client.PollFetches(context.Background())
		if fetches.IsClientClosed() {
			return
		}
		c.mu.Lock()
		fetches.EachRecord(c.check)
		c.mu.Unlock()
	}
}

// check verifies one message with nothing but the standard library, as any consumer can.
func (c *Consumer) check(r *kgo.Record) {
	var m struct {
		Data json.RawMessage `json:"data"`
		Hash string          `json:"hash"`
		At   float64         `json:"timestamp"`
	}
	var row struct {
		ID int64 `json:"id"`
	}
	if err := json.Unmarshal(r.Value, &m); err != nil {
		c.problem("message %d/%d is not JSON: %v", r.Partition, r.Offset, err)
		return
	}
	if sum := sha256.Sum256(m.Data); hex.EncodeToString(sum[:]) != m.Hash {
		c.problem("message %d/%d: the hash is not that of its data", r.Partition, r.Offset)
	}
	if err := json.Unmarshal(m.Data, &row); err != nil || string(r.Key) != fmt.Sprint(row.ID) {
		c.problem("message %d/%d: key %q, row %d, %v", r.Partition, r.Offset, r.Key, row.ID, err)
	}
	c.seen.Messages++
	c.seen.Latency = time.Since(time.UnixMicro(int64(m.At * 1e6)))
	if c.keys[row.ID] {
		return
	}
	c.keys[row.ID] = true
	c.seen.Rows++
	if last, any := c.last[r.Partition]; any && row.ID < last {
		c.problem("row %d was first published after row %d", row.ID, last)
	}
	c.last[r.Partition] = row.ID
}

func (c *Consumer) problem(format string, args ...any) {
	if len(c.seen.Problems) < 10 {
		c.seen.Problems = append(c.seen.Problems, fmt.Sprintf(format, args...))
	}
}

// Seen returns what was found so far.
func (c *Consumer) Seen() Seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// Missing returns the keys that were not seen.
func (c *Consumer) Missing(keys []int64) []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return missingFrom(c.keys, keys)
}

// Await waits until all keys were seen.
func (c *Consumer) Await(ctx context.Context, keys []int64) error { return await(ctx, keys, c.Missing) }

// pause is how long it is waited between two looks at something that nobody announces.
const pause = 20 * time.Millisecond

// await waits until nothing is missing.
func await(ctx context.Context, keys []int64, missing func([]int64) []int64) error {
	for {
		left := missing(keys)
		if len(left) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d rows are missing, among them %v", len(left), len(keys), left[:min(5, len(left))])
		case <-time.After(pause):
		}
	}
}

// Close ends the reading.
func (c *Consumer) Close() {
	c.client.Close()
	<-c.done
}
