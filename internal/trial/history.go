package trial

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Message is what the history keeps of a message.
type Message struct {
	Key       int64
	Partition int32
	Session   int64     // the producer that wrote it: a replicator has another one after each start and failure
	At        time.Time // when it was handed to the producer
	Row       RowSum
}

// History reads a topic of orders to the end, whatever happens to the broker meanwhile, and remembers every
// message in the order of its partition. Verify judges it.
type History struct {
	reader
	topic string

	messages []Message
	next     map[int32]int64 // the offset that comes next
	keys     map[int64]bool
	problems problems
}

// problems are the first few of many.
type problems []string

func (p *problems) add(format string, args ...any) {
	if len(*p) < 20 {
		*p = append(*p, fmt.Sprintf(format, args...))
	}
}

// Record begins to read at the topic's beginning.
func Record(broker, topic string) (*History, error) {
	h := &History{topic: topic, next: map[int32]int64{}, keys: map[int64]bool{}}
	return h, h.start(broker, topic, h.record)
}

// record checks what can be seen of one message alone.
func (h *History) record(r *kgo.Record) {
	switch next := h.next[r.Partition]; {
	case r.Offset < next:
		return // read before: the broker was started again meanwhile
	case r.Offset > next:
		h.problems.add("partition %d: message %d follows message %d", r.Partition, r.Offset, next-1)
	}
	h.next[r.Partition] = r.Offset + 1
	m, ok := open(r, h.problems.add)
	if !ok {
		return
	}
	o, err := readOrder(m.Data)
	if err != nil || string(r.Key) != string(o.ID) {
		h.problems.add("message %d/%d: key %q, row %q, %v", r.Partition, r.Offset, r.Key, o.ID, err)
		return
	}
	key, err := o.ID.Int64()
	if err != nil {
		h.problems.add("message %d/%d: %v", r.Partition, r.Offset, err)
		return
	}
	h.keys[key] = true
	h.messages = append(h.messages, Message{key, r.Partition, r.ProducerID, r.Timestamp, o.sum()})
}

// order is a row of schemas/orders.sql as a message has it.
type order struct {
	ID         json.Number
	CustomerID json.Number `json:"customer_id"`
	Reference  string
	Currency   string
	Total      string
	Quantity   json.Number
	Note       *string
	Address    *string
	PlacedAt   string `json:"placed_at"`
	Token      string
}

func readOrder(data []byte) (o order, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return o, d.Decode(&o)
}

func (o order) sum() RowSum {
	return sumOf(string(o.ID), string(o.CustomerID), o.Reference, o.Currency, o.Total, string(o.Quantity),
		nullable(o.Note), nullable(o.Address), o.PlacedAt, o.Token)
}

// RowSum tells rows apart by their values. It is not the message's hash: it is made from parsed values, so
// that it can be made from the database as well.
type RowSum [16]byte

func sumOf(values ...string) (sum RowSum) {
	full := sha256.Sum256([]byte(strings.Join(values, "\x00")))
	copy(sum[:], full[:])
	return sum
}

func nullable(s *string) string {
	if s == nil {
		return "null"
	}
	return "=" + *s
}

// Missing returns the keys of which no message was read yet.
func (h *History) Missing(keys []int64) []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return missingFrom(h.keys, keys)
}

func missingFrom(seen map[int64]bool, keys []int64) (missing []int64) {
	for _, k := range keys {
		if !seen[k] {
			missing = append(missing, k)
		}
	}
	return missing
}

// Len is the number of messages read so far.
func (h *History) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.messages)
}

// Await waits until a message of each key was read.
func (h *History) Await(ctx context.Context, keys []int64) error { return await(ctx, keys, h.Missing) }

// Finish reads up to the present end of the topic, and no further.
func (h *History) Finish(ctx context.Context) error {
	ends, err := kadm.NewClient(h.client).ListEndOffsets(ctx, h.topic)
	if err = errors.Join(err, ends.Error()); err != nil {
		return fmt.Errorf("find the end of the topic: %w", err)
	}
	for !h.reached(ends) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the end of the topic was not read: %w", ctx.Err())
		case <-time.After(pause):
		}
	}
	return nil
}

func (h *History) reached(ends kadm.ListedOffsets) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	reached := true
	ends.Each(func(end kadm.ListedOffset) { reached = reached && h.next[end.Partition] >= end.Offset })
	return reached
}
