// Package kafka publishes messages to Apache Kafka: acks=all, idempotent, in order, with bounded
// buffers. A client that has failed once is thrown away (Promise 3).
//
//	config.go   settings, TLS and SASL
//	kafka.go    the sink: open, publish, close
//	topic.go    what must hold of the topic before it is written
//	witness.go  the second copy of the offset, as a committed group offset
package kafka

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate"
)

// Sink implements replicate.Sink and replicate.Witness.
type Sink struct {
	config Config
	client *kgo.Client
	free   chan *flight
}

var (
	_ replicate.Sink    = (*Sink)(nil)
	_ replicate.Witness = (*Sink)(nil)
)

// New checks the settings and returns a sink. It connects when it is opened.
func New(c Config) (*Sink, error) {
	c = c.withDefaults()
	s := &Sink{config: c, free: make(chan *flight, 16)}
	if _, err := s.options(); err != nil {
		return nil, err
	}
	return s, nil
}

// Open connects, and verifies that the topics are there.
func (s *Sink) Open(ctx context.Context) (replicate.SinkInfo, error) {
	if err := s.Close(); err != nil {
		return replicate.SinkInfo{}, err
	}
	batchMax, err := s.verifyTopics(ctx)
	if err != nil {
		return replicate.SinkInfo{}, err
	}
	options, err := s.options()
	if err != nil {
		return replicate.SinkInfo{}, err
	}
	s.client, err = kgo.NewClient(append(options, kgo.ProducerBatchMaxBytes(int32(batchMax)))...)
	if err != nil {
		return replicate.SinkInfo{}, replicate.Stop(fmt.Errorf("connect to Kafka: %w", err), "correct kafka_target")
	}
	return replicate.SinkInfo{MaxMessageBytes: batchMax - recordOverhead}, nil
}

// recordOverhead is what a record batch of one record adds to key and value: 61 bytes of the batch, and
// what the record's own lengths, its header and the compression can add.
const recordOverhead = 1024

// flight is a batch on its way: its records, and how many are not acknowledged yet.
type flight struct {
	records []kgo.Record
	headers []kgo.RecordHeader
	keys    []rowKey
	left    atomic.Int64
	failed  atomic.Pointer[error]
	done    func(error)
	promise func(*kgo.Record, error)
	recycle chan *flight
}

// rowKey carries a row's key to the partitioner, which sees the record alone.
type rowKey struct {
	context.Context
	key []byte
}

func (s *Sink) flight(n int) *flight {
	var f *flight
	select {
	case f = <-s.free:
	default:
		f = &flight{recycle: s.free}
		f.promise = f.acknowledged
	}
	if cap(f.records) < n {
		f.records, f.keys = make([]kgo.Record, n), make([]rowKey, n)
		f.headers = make([]kgo.RecordHeader, n)
	}
	f.records, f.keys, f.headers = f.records[:n], f.keys[:n], f.headers[:n]
	f.left.Store(int64(n))
	f.failed.Store(nil)
	return f
}

// acknowledged is the promise of every record of the flight. The last one reports the batch, once no
// record refers to its memory any more.
func (f *flight) acknowledged(r *kgo.Record, err error) {
	if err != nil {
		err = produceError(r, err)
		f.failed.CompareAndSwap(nil, &err)
	}
	if f.left.Add(-1) > 0 {
		return
	}
	err = nil
	if failed := f.failed.Load(); failed != nil {
		err = *failed
	}
	done := f.done
	select {
	case f.recycle <- f:
	default:
	}
	done(err)
}

// Publish hands the batch to the producer. It blocks while the producer's buffers are full.
func (s *Sink) Publish(ctx context.Context, batch *replicate.Batch, done func(error)) {
	messages := batch.Messages()
	if s.client == nil || len(messages) == 0 {
		done(errors.New("publish to Kafka: the sink is closed"))
		return
	}
	f := s.flight(len(messages))
	f.done = done
	for i := range messages {
		m, r := &messages[i], &f.records[i]
		*r = kgo.Record{Topic: s.config.Topic, Key: m.Key, Value: m.Value}
		if m.DeadLetter {
			r.Topic = s.config.DeadLetterTopic
		}
		if s.config.RowKeyHeader != "" {
			f.headers[i] = kgo.RecordHeader{Key: s.config.RowKeyHeader, Value: m.RowKey}
			r.Headers = f.headers[i : i+1 : i+1]
		}
		if m.Key == nil {
			f.keys[i] = rowKey{Context: ctx, key: m.RowKey}
			r.Context = &f.keys[i]
		}
		s.client.Produce(ctx, r, f.promise)
	}
}

// Close gives up what is not acknowledged.
func (s *Sink) Close() error {
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
	return nil
}

// partitioner chooses by the message key as Kafka's own clients do, and by the row's key where there is
// none: never by chance, so that two instances publish a row to the same partition (Promise 2).
func partitioner() kgo.Partitioner {
	keyed := kgo.StickyKeyPartitioner(nil)
	return kgo.BasicConsistentPartitioner(func(topic string) func(*kgo.Record, int) int {
		byKey := keyed.ForTopic(topic)
		return func(r *kgo.Record, n int) int {
			if r.Key != nil {
				return byKey.Partition(r, n)
			}
			h := fnv.New32a()
			if row, ok := r.Context.(*rowKey); ok {
				_, _ = h.Write(row.key) // never fails
			}
			return int(h.Sum32() % uint32(n))
		}
	})
}

// produceError tells what a new client can heal from what it can't.
func produceError(r *kgo.Record, err error) error {
	what := "publish to topic " + r.Topic
	switch {
	case errors.Is(err, kerr.MessageTooLarge), errors.Is(err, kerr.RecordListTooLarge):
		key := string(r.Key)
		if row, ok := r.Context.(*rowKey); ok {
			key = string(row.key)
		}
		return replicate.Stop(&replicate.RowError{Key: key, Err: fmt.Errorf("%s: %w", what, err)},
			"raise the topic's max.message.bytes, or set kafka_target.on_bad_row to dead_letter")
	}
	return classify(what, err)
}

// hopeless are the errors that no retry heals, with what to do.
var hopeless = []struct {
	err  error
	hint string
}{
	{kerr.SaslAuthenticationFailed, "check kafka_target.sasl"},
	{kerr.IllegalSaslState, "check kafka_target.sasl"},
	{kerr.UnsupportedSaslMechanism, "check kafka_target.sasl.mechanism"},
	{kerr.TopicAuthorizationFailed, "allow the user to write to the topic"},
	{kerr.ClusterAuthorizationFailed, "allow the user to write idempotently"},
	{kerr.TransactionalIDAuthorizationFailed, "allow the user to write idempotently"},
	{kerr.GroupAuthorizationFailed, "allow the user to commit offsets of the job's group"},
	{kerr.UnknownTopicOrPartition, "create the topic, or set kafka_target.create_topic: true"},
	{kerr.InvalidTopicException, "correct kafka_target.topic"},
	{kerr.UnsupportedForMessageFormat, "the brokers are too old: 2.1 or later is needed"},
}

func classify(what string, err error) error {
	wrapped := fmt.Errorf("%s: %w", what, err)
	for _, h := range hopeless {
		if errors.Is(err, h.err) {
			return replicate.Stop(wrapped, h.hint)
		}
	}
	if text := err.Error(); strings.Contains(text, "x509:") || strings.Contains(text, "first record does not look like a TLS handshake") {
		return replicate.Stop(wrapped, "check kafka_target.tls")
	}
	return wrapped
}
