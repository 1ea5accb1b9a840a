package kafka_test

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// TestNothingOvertakesAFailure fails a batch at the broker and publishes on: until the sink is opened
// again, none of its successors may arrive.
func TestNothingOvertakesAFailure(t *testing.T) {
	c := cluster(t)
	addr := c.ListenAddrs()[0]
	create(t, addr, 1)
	s := openSink(t, kafka.Config{Brokers: []string{addr}, Topic: topic})
	if err := publish(t, s, page(t, 1, 10))[0]; err != nil {
		t.Fatal(err)
	}
	c.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		return refuse(request.(*kmsg.ProduceRequest), kerr.PolicyViolation.Code), nil, true
	})
	if err := publish(t, s, page(t, 11, 10))[0]; !errors.Is(err, kerr.PolicyViolation) {
		t.Fatalf("got %v, want the broker's error", err)
	}
	for _, err := range publish(t, s, page(t, 21, 10), page(t, 31, 10)) {
		if !errors.Is(err, kerr.PolicyViolation) {
			t.Errorf("a successor ended with %v, want the first error", err)
		}
	}
	if n := len(consume(t, addr, topic, 10)); n != 10 {
		t.Fatalf("%d messages arrived, want the first 10 alone", n)
	}
	if _, err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, err := range publish(t, s, page(t, 11, 10), page(t, 21, 10)) {
		if err != nil {
			t.Error(err)
		}
	}
	consume(t, addr, topic, 30)
}

func refuse(request *kmsg.ProduceRequest, code int16) kmsg.Response {
	response := request.ResponseKind().(*kmsg.ProduceResponse)
	for _, rt := range request.Topics {
		st := kmsg.NewProduceResponseTopic()
		st.Topic, st.TopicID = rt.Topic, rt.TopicID
		for _, rp := range rt.Partitions {
			sp := kmsg.NewProduceResponseTopicPartition()
			sp.Partition, sp.ErrorCode = rp.Partition, code
			st.Partitions = append(st.Partitions, sp)
		}
		response.Topics = append(response.Topics, st)
	}
	return response
}

// TestTimeout gives up a record that the broker does not acknowledge, so that the loop can say why.
func TestTimeout(t *testing.T) {
	c := cluster(t)
	addr := c.ListenAddrs()[0]
	create(t, addr, 1)
	s := openSink(t, kafka.Config{Brokers: []string{addr}, Topic: topic, Timeout: time.Second})
	c.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		return refuse(request.(*kmsg.ProduceRequest), kerr.NotEnoughReplicas.Code), nil, true
	})
	if err := publish(t, s, page(t, 1, 10))[0]; err == nil || replicate.IsStop(err) {
		t.Fatalf("got %v, want an error that can be retried", err)
	}
}

// TestUnknownTopicWhilePublishing is not the end: brokers that start say so for a while.
func TestUnknownTopicWhilePublishing(t *testing.T) {
	c := cluster(t)
	addr := c.ListenAddrs()[0]
	create(t, addr, 1)
	s := openSink(t, kafka.Config{Brokers: []string{addr}, Topic: topic, Timeout: 2 * time.Second})
	c.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		return refuse(request.(*kmsg.ProduceRequest), kerr.UnknownTopicOrPartition.Code), nil, true
	})
	if err := publish(t, s, page(t, 1, 10))[0]; err == nil || replicate.IsStop(err) {
		t.Fatalf("got %v, want an error that can be retried", err)
	}
}

// TestNothingOvertakesAFailureUnderWay fails a batch while its successors are being handed over, of which the
// producer has not yet told anyone: what has arrived must be the rows up to a gap, and none beyond.
func TestNothingOvertakesAFailureUnderWay(t *testing.T) {
	for round := range 60 {
		c := cluster(t)
		addr := c.ListenAddrs()[0]
		create(t, addr, 1)
		s := openSink(t, kafka.Config{Brokers: []string{addr}, Topic: topic})
		requests, bad := new(atomic.Int64), int64(1+round%6)
		c.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			if requests.Add(1) != bad {
				return nil, nil, false
			}
			return refuse(request.(*kmsg.ProduceRequest), kerr.PolicyViolation.Code), nil, true
		})
		var pages []*replicate.Page[int64]
		for i := range int64(4) {
			pages = append(pages, page(t, i*5000, 5000))
		}
		for i, err := range publish(t, s, pages...) {
			if err != nil && !errors.Is(err, kerr.PolicyViolation) {
				t.Fatalf("round %d: page %d ended with %v, want the broker's error", round, i, err)
			}
		}
		for i, r := range consume(t, addr, topic, 0) {
			if string(r.Key) != strconv.Itoa(i) {
				t.Fatalf("round %d: after row %d comes row %s: it has overtaken what failed", round, i-1, r.Key)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
}

// TestLinger waits for others: ten pages of one row travel in one request.
func TestLinger(t *testing.T) {
	c := cluster(t)
	addr := c.ListenAddrs()[0]
	create(t, addr, 1)
	requests := new(atomic.Int64)
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		requests.Add(1)
		return nil, nil, false
	})
	s := openSink(t, kafka.Config{Brokers: []string{addr}, Topic: topic, Linger: time.Second})
	var pages []*replicate.Page[int64]
	for i := range int64(10) {
		pages = append(pages, page(t, i, 1))
	}
	for _, err := range publish(t, s, pages...) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests, want one", n)
	}
}

// TestNoAnswer has a broker that takes records and answers nothing.
func TestNoAnswer(t *testing.T) {
	c := cluster(t)
	addr := c.ListenAddrs()[0]
	create(t, addr, 1)
	s := openSink(t, kafka.Config{Brokers: []string{addr}, Topic: topic, Timeout: 500 * time.Millisecond})
	stall(c)
	for _, err := range publish(t, s, page(t, 1, 10), page(t, 11, 10)) {
		if err == nil || replicate.IsStop(err) || !strings.Contains(err.Error(), "acknowledged by Kafka for 500ms") {
			t.Errorf("got %v, want an error that can be retried and says what is waited for", err)
		}
	}
}

// TestBrokersThatHangUp begins while brokers end every connection, as they do while they start, or behind a proxy
// that has none: it can heal, and says what to check if it does not.
func TestBrokersThatHangUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			// A close with something unread is a reset, which is not how brokers hang up.
			_, _ = c.Read(make([]byte, 1<<12))
			_ = c.Close()
		}
	}()
	s := newSink(t, at(l.Addr().String()))
	for range 2 {
		_, err := s.Open(t.Context())
		if err == nil || replicate.IsStop(err) ||
			!strings.Contains(err.Error(), "check kafka.Config.SASL and kafka.Config.TLS") {
			t.Errorf("got %v, want an error that can heal and says what to check", err)
		}
	}
	s.Impatient()
	if _, err := s.Open(t.Context()); !replicate.IsStop(err) {
		t.Errorf("got %v, want a stop when it has gone on for long", err)
	}
}
