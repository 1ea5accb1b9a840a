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
	"strings"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate"
)

// Sink implements replicate.Sink and replicate.Witness. Its methods are called one at a time.
type Sink struct {
	config  Config
	session *session // nil while the sink is closed
	free    chan *flight
}

// session is one client, from Open to Close.
type session struct {
	client  *kgo.Client
	failure atomic.Pointer[error] // the first error of a record: nothing is accepted after it
	flights sync.WaitGroup        // batches whose done was not called yet
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
	limits, err := s.verifyTopics(ctx)
	if err != nil {
		return replicate.SinkInfo{}, err
	}
	options, err := s.options()
	if err != nil {
		return replicate.SinkInfo{}, err
	}
	client, err := kgo.NewClient(append(options, kgo.ProducerBatchMaxBytesFn(limits.of))...)
	if err != nil {
		return replicate.SinkInfo{}, replicate.Stop(fmt.Errorf("connect to Kafka: %w", err), "correct kafka_target")
	}
	s.session = &session{client: client}
	overhead := recordOverhead + len(s.config.RowKeyHeader)
	return replicate.SinkInfo{MaxMessageBytes: min(int(limits[s.config.Topic]), s.config.BufferedBytes) - overhead}, nil
}

// recordOverhead is what a record batch of one record adds to key and value at most: 61 bytes of the
// batch, the record's own numbers, and the value and lengths of its header.
const recordOverhead = 192

// flight is a batch on its way: its records, and how many are not acknowledged yet.
type flight struct {
	records []kgo.Record
	headers []kgo.RecordHeader
	keys    []rowKey
	left    atomic.Int64
	failed  atomic.Pointer[error]
	session *session
	done    func(error)
	promise func(*kgo.Record, error)
	recycle chan *flight
}

// rowKey carries a row's key to the partitioner, which sees the record alone. Its context never ends and
// never changes: the client may look at it after the record is done, when the flight has been reused.
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
		for i := range f.keys {
			f.keys[i].Context = context.Background()
		}
	}
	f.records, f.keys, f.headers = f.records[:n], f.keys[:n], f.headers[:n]
	f.left.Store(int64(n))
	f.failed.Store(nil)
	return f
}

// acknowledged is the promise of every record of the flight. The last one reports the batch, once no
// record refers to its memory any more.
func (f *flight) acknowledged(r *kgo.Record, err error) {
	if err != nil && f.failed.Load() == nil {
		f.fail(produceError(r, err))
	}
	if f.left.Add(-1) > 0 {
		return
	}
	err = nil
	if failed := f.failed.Load(); failed != nil {
		err = *failed
	}
	done, session := f.done, f.session
	f.done, f.session = nil, nil
	select {
	case f.recycle <- f:
	default:
	}
	done(err)
	session.flights.Done()
}

// fail notes the first error of the flight, and of the session.
func (f *flight) fail(err error) {
	f.session.failure.CompareAndSwap(nil, &err)
	f.failed.CompareAndSwap(nil, &err)
}

// Publish hands the batch to the producer. It blocks while the producer's buffers are full. Once a
// record has failed nothing more is handed over, so that its successors do not overtake it (Promises 2
// and 3): they fail for the same reason.
func (s *Sink) Publish(ctx context.Context, batch *replicate.Batch, done func(error)) {
	messages := batch.Messages()
	switch {
	case s.session == nil:
		done(errors.New("publish to Kafka: the sink is closed"))
		return
	case len(messages) == 0:
		done(nil)
		return
	}
	f := s.flight(len(messages))
	f.done, f.session = done, s.session
	s.session.flights.Add(1)
	client, failure := s.session.client, &s.session.failure
	for i := range messages {
		if first := failure.Load(); first != nil {
			f.giveUp(len(messages)-i, *first)
			return
		}
		client.Produce(ctx, s.record(f, i, &messages[i]), f.promise)
	}
}

// record fills the i-th record of the flight.
func (s *Sink) record(f *flight, i int, m *replicate.Message) *kgo.Record {
	r := &f.records[i]
	*r = kgo.Record{Topic: s.config.Topic, Key: m.Key, Value: m.Value}
	if m.DeadLetter {
		r.Topic = s.config.DeadLetterTopic
	}
	if s.config.RowKeyHeader != "" {
		f.headers[i] = kgo.RecordHeader{Key: s.config.RowKeyHeader, Value: m.RowKey}
		r.Headers = f.headers[i : i+1 : i+1]
	}
	f.keys[i].key = m.RowKey
	r.Context = &f.keys[i]
	return r
}

// giveUp ends the last n records of the flight, which were not handed to the producer.
func (f *flight) giveUp(n int, err error) {
	f.failed.CompareAndSwap(nil, &err)
	f.left.Add(int64(1 - n))
	f.acknowledged(nil, nil)
}

// Close gives up what is not acknowledged. The client reports it from a goroutine of its own, which
// must have ended before anyone uses the batches' memory again.
func (s *Sink) Close() error {
	if s.session != nil {
		s.session.client.Close()
		s.session.flights.Wait()
		s.session = nil
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
			var key []byte
			if row, ok := r.Context.(*rowKey); ok {
				key = row.key
			}
			return int(fnv1a(key) % uint32(n))
		}
	})
}

// fnv1a is the 32-bit FNV-1a hash, without the allocation that hash/fnv makes.
func fnv1a(b []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
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
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		// Brokers say so for a moment while they start. Open decides whether the topic is really gone.
		return fmt.Errorf("%s: %w", what, err)
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

// tlsTexts begin the errors of a TLS handshake that no retry heals. Alerts of the other side have no
// type that could be asked for.
var tlsTexts = []string{"x509: ", "first record does not look like a TLS handshake", "remote error: tls: bad certificate",
	"remote error: tls: certificate", "remote error: tls: unknown certificate", "remote error: tls: handshake failure",
	"remote error: tls: protocol version", "tls: no supported versions"}

func classify(what string, err error) error {
	wrapped := fmt.Errorf("%s: %w", what, err)
	for _, h := range hopeless {
		if errors.Is(err, h.err) {
			return replicate.Stop(wrapped, h.hint)
		}
	}
	text := err.Error()
	for _, t := range tlsTexts {
		if strings.Contains(text, t) {
			return replicate.Stop(wrapped, "check kafka_target.tls")
		}
	}
	return wrapped
}
