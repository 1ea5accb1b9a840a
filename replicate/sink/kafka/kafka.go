// Package kafka publishes messages to Apache Kafka: acks=all, idempotent, in order, with bounded
// buffers. A client that has failed once is replaced (Promise 3).
//
//	config.go     settings, and the client's options
//	security.go   TLS and SASL
//	kafka.go      the sink: open, publish, close
//	session.go    one client: when it is given up, and what it may no longer send after that
//	partition.go  which partition a message goes to
//	errors.go     which errors a retry can heal, and what to do about the others
//	probe.go      whether what answers is a broker, and which address fails
//	topic.go      what must be true of the topic before anything is published
//	settings.go   the settings that errors name
package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate"
)

// Sink implements replicate.Sink. Its methods are called one at a time.
type Sink struct {
	config  Config
	session *session      // nil while the sink is closed
	proven  bool          // it has been open once, so the settings can't be all wrong
	hung    time.Time     // since when brokers have ended every connection at once; zero if they have not
	hungMax time.Duration // how long they may do so before the settings are taken to be wrong
	free    chan *flight
	refused atomic.Int32 // the topic's limit when a broker last refused a batch as too large
}

var _ replicate.Sink = (*Sink)(nil)

// New checks the settings and returns a sink. The sink connects when it is opened.
func New(c Config) (*Sink, error) {
	c = c.WithDefaults()
	s := &Sink{config: c, free: make(chan *flight, 16), hungMax: hungMax}
	if _, err := s.options(nil); err != nil {
		return nil, err
	}
	return s, nil
}

// Open connects and verifies that the topics exist.
func (s *Sink) Open(ctx context.Context) (replicate.SinkInfo, error) {
	if err := s.Close(); err != nil {
		return replicate.SinkInfo{}, err
	}
	limits, err := s.verifyTopics(ctx)
	if !hungUp(err) {
		s.hung = time.Time{}
	}
	if err != nil {
		return replicate.SinkInfo{}, err
	}
	session := &session{}
	options, err := s.options(session.gate)
	if err != nil {
		return replicate.SinkInfo{}, err
	}
	client, err := kgo.NewClient(append(options, kgo.ProducerBatchMaxBytesFn(limits.of))...)
	if err != nil {
		return replicate.SinkInfo{}, replicate.Stop(fmt.Errorf("connect to Kafka: %w", err), "correct %s", SettingConfig)
	}
	session.start(client, limits, s.config.Timeout)
	s.session, s.proven = session, true
	return replicate.SinkInfo{MaxMessageBytes: s.messageMax(limits, s.config.Topic)}, nil
}

// messageMax is the largest key and value that a topic takes and the buffers hold.
func (s *Sink) messageMax(l limits, topic string) int {
	return min(int(l.of(topic)), s.config.BufferedBytes) - recordOverhead - len(s.config.RowKeyHeader) - len(s.config.Mark)
}

// recordOverhead is the most that a record batch of one record adds to key and value: 61 bytes for the batch, the
// record's own numbers, and the value and lengths of its header.
const recordOverhead = 192

// flight is a batch on its way: its records, and how many are not yet acknowledged.
type flight struct {
	records []kgo.Record
	headers []kgo.RecordHeader
	keys    []rowKey
	left    atomic.Int64
	failed  atomic.Pointer[error]
	session *session
	done    func(error)
	promise func(*kgo.Record, error)
	sink    *Sink
}

// rowKey carries a row's key to the partitioner, which sees nothing but the record. Its context never ends and never
// changes: the client may look at it after the record is done, when the flight has been reused.
type rowKey struct {
	context.Context
	key []byte
}

func (s *Sink) flight(n int) *flight {
	var f *flight
	select {
	case f = <-s.free:
	default:
		f = &flight{sink: s}
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

// acknowledged is the promise of every record of the flight. The last call reports the batch, when no record refers to
// its memory any more.
func (f *flight) acknowledged(r *kgo.Record, err error) {
	switch {
	case r == nil: // handed over by giveUp
	case err == nil:
		f.session.acks.Add(1)
	case f.failed.Load() == nil:
		f.fail(f.session.reason(f.produceError(r, err)))
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
	case f.sink.free <- f:
	default:
	}
	session.underway.Add(-1)
	done(err)
	session.flights.Done()
}

// fail notes the first error of the flight, and of the session.
func (f *flight) fail(err error) {
	f.session.fail(err)
	f.failed.CompareAndSwap(nil, &err)
}

// Publish hands the batch to the producer. It blocks while the producer's buffers are full. Once a record has failed,
// nothing more is handed over, so that later records do not overtake it (Promises 2 and 3): they fail for the same
// reason.
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
	session := s.session
	session.flights.Add(1)
	session.underway.Add(1)
	most := s.messageMax(session.limits, s.config.Topic)
	for i := range messages {
		limit := most
		if messages[i].DeadLetter {
			limit = s.messageMax(session.limits, s.config.DeadLetterTopic)
		}
		if err := s.refuse(ctx, session, &messages[i], limit); err != nil {
			session.refusal.CompareAndSwap(nil, &err)
			// What was handed over before is not at fault, and must arrive before the loop closes the sink.
			_ = session.client.Flush(ctx) // each batch has its own error
			f.giveUp(len(messages)-i, err)
			return
		}
		session.client.Produce(ctx, s.record(f, i, &messages[i]), f.promise)
	}
}

// refuse says why a message is not handed to the producer. limit is the largest that its topic takes. A message that
// the producer would refuse has to be found here, since the producer would go on with the messages after it.
func (s *Sink) refuse(ctx context.Context, session *session, m *replicate.Message, limit int) error {
	for _, first := range []*error{session.failure.Load(), session.refusal.Load()} {
		if first != nil {
			return *first
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("publish to topic %s: %w", s.topic(m), err)
	}
	if size := len(m.Key) + len(m.Value); size > limit {
		return s.tooLarge(s.topic(m), string(m.RowKey), size, limit)
	}
	return nil
}

func (s *Sink) topic(m *replicate.Message) string {
	if m.DeadLetter {
		return s.config.DeadLetterTopic
	}
	return s.config.Topic
}

// record fills the i-th record of the flight.
func (s *Sink) record(f *flight, i int, m *replicate.Message) *kgo.Record {
	r := &f.records[i]
	*r = kgo.Record{Topic: s.topic(m), Key: m.Key, Value: m.Value}
	if s.config.RowKeyHeader != "" {
		f.headers[i] = kgo.RecordHeader{Key: s.config.RowKeyHeader, Value: m.RowKey}
		r.Headers = f.headers[i : i+1 : i+1]
	}
	if s.config.Mark != "" {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: s.config.Mark})
	}
	f.keys[i].key = m.RowKey
	r.Context = &f.keys[i]
	return r
}

// giveUp fails the last n records of the flight, which were not handed to the producer.
func (f *flight) giveUp(n int, err error) {
	f.failed.CompareAndSwap(nil, &err)
	f.left.Add(int64(1 - n))
	f.acknowledged(nil, nil)
}

// Close gives up everything that is not acknowledged.
func (s *Sink) Close() error {
	if s.session != nil {
		s.session.close()
		s.session = nil
	}
	return nil
}
