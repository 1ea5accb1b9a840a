package kafka_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// TestServersOfAnotherKind points the brokers at what is not Kafka: real Redis and PostgreSQL, and what HTTP and MySQL
// say. The client alone would wait, or not say what it has met.
func TestServersOfAnotherKind(t *testing.T) {
	suite.Servers(t, "PostgreSQL", "Redis")
	pg, err := testserver.StartPostgres(t.Context(), testserver.Newest)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Stop() })
	redis, err := testserver.StartRedis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = redis.Stop() })
	postgres := strings.TrimPrefix(pg.URI(), "postgresql://postgres@")
	postgres, _, _ = strings.Cut(postgres, "/")
	const other = "what answers there is not a Kafka broker"
	for name, c := range map[string]struct {
		addr, says string
		stops      bool
	}{
		"PostgreSQL": {postgres, other, true},
		"HTTP":       {answering(t, "HTTP/1.1 400 Bad Request\r\n\r\n"), other, true},
		"MySQL":      {answering(t, "J\x00\x00\x00\n8.0.36\x00"), other, true},
		"SMTP":       {answering(t, "220 hello\r\n"), other, true},
		"Redis":      {redis.Addr, "does not answer as a Kafka broker does", false},
	} {
		_, err := newSink(t, at(c.addr)).Open(t.Context())
		if err == nil || replicate.IsStop(err) != c.stops || !strings.Contains(err.Error(), c.says) ||
			!strings.Contains(err.Error(), "correct kafka.Config.Brokers") {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// answering listens and says the same to everyone. It returns its address.
func answering(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = conn.Write([]byte(text))       // the other side may be gone
				_, _ = conn.Read(make([]byte, 1<<12)) // what is unread would make the close a reset
				_ = conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// TestAdvertisedAddress has a broker that can be reached, and wants to be reached under a name that does not resolve.
func TestAdvertisedAddress(t *testing.T) {
	c := cluster(t)
	addr := c.ListenAddrs()[0]
	create(t, addr, 1)
	c.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := request.(*kmsg.MetadataRequest)
		answer := req.ResponseKind().(*kmsg.MetadataResponse)
		broker := kmsg.NewMetadataResponseBroker()
		broker.Host, broker.Port = "broker.invalid", 9092
		answer.Brokers = append(answer.Brokers, broker)
		for _, asked := range req.Topics {
			t := kmsg.NewMetadataResponseTopic()
			t.Topic, t.TopicID = asked.Topic, asked.TopicID
			p := kmsg.NewMetadataResponseTopicPartition()
			p.Replicas, p.ISR = []int32{0}, []int32{0}
			t.Partitions = append(t.Partitions, p)
			answer.Topics = append(answer.Topics, t)
		}
		return answer, nil, true
	})
	_, err := newSink(t, at(addr)).Open(t.Context())
	if err == nil || replicate.IsStop(err) || !strings.Contains(err.Error(), "broker.invalid:9092") ||
		!strings.Contains(err.Error(), "advertised.listeners") {
		t.Errorf("%v, want an error that can heal and names the address and advertised.listeners", err)
	}
}

// TestNameThatDoesNotResolve has a mistyped broker.
func TestNameThatDoesNotResolve(t *testing.T) {
	s := newSink(t, at("broker.invalid:9092", func(c *kafka.Config) { c.Timeout = time.Second }))
	_, err := s.Open(t.Context())
	if err == nil || replicate.IsStop(err) || !strings.Contains(err.Error(), "broker.invalid") ||
		!strings.Contains(err.Error(), "correct kafka.Config.Brokers") {
		t.Errorf("%v, want an error that can heal and names the setting", err)
	}
}
