package trial

import (
	"context"
	"encoding/json"
	"fmt"
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
	reader
	seen Seen
	keys map[int64]bool
	last map[int32]int64
}

// Consume begins to read at the topic's beginning.
func Consume(broker, topic string) (*Consumer, error) {
	c := &Consumer{keys: map[int64]bool{}, last: map[int32]int64{}}
	return c, c.start(broker, topic, c.check)
}

// check verifies one message.
func (c *Consumer) check(r *kgo.Record) {
	m, ok := open(r, c.problem)
	if !ok {
		return
	}
	var row struct {
		ID int64 `json:"id"`
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
	if last, known := c.last[r.Partition]; known && row.ID < last {
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
