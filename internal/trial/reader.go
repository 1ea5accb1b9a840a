package trial

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// reader reads a topic from its beginning on until it is closed, whatever happens to the broker meanwhile.
type reader struct {
	client *kgo.Client
	done   chan struct{}

	mu sync.Mutex // held while a message is recorded
}

// start begins to read. record is called for one message after the other.
func (r *reader) start(broker, topic string, record func(*kgo.Record)) (err error) {
	r.client, err = kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic),
		kgo.FetchMaxWait(20*time.Millisecond), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	r.done = make(chan struct{})
	go func() {
		defer close(r.done)
		for {
			fetches := r.client.PollFetches(context.Background())
			if fetches.IsClientClosed() {
				return
			}
			r.mu.Lock()
			fetches.EachRecord(record)
			r.mu.Unlock()
		}
	}()
	return nil
}

// Close ends the reading.
func (r *reader) Close() {
	r.client.Close()
	<-r.done
}

// envelope is what a message has around its row.
type envelope struct {
	At                float64 `json:"timestamp"`
	Name, Table, Hash string
	Data              json.RawMessage
}

// open reads a message and verifies its checksum with nothing but the standard library, as any consumer can.
// It reports whether it could be read.
func open(r *kgo.Record, problem func(format string, args ...any)) (m envelope, ok bool) {
	if err := json.Unmarshal(r.Value, &m); err != nil {
		problem("message %d/%d is not JSON: %v", r.Partition, r.Offset, err)
		return m, false
	}
	if sum := sha256.Sum256(m.Data); hex.EncodeToString(sum[:]) != m.Hash {
		problem("message %d/%d: the hash is not that of its data", r.Partition, r.Offset)
	}
	return m, true
}
