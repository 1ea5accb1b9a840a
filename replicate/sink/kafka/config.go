package kafka

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Config says where messages go. The zero value of an optional field means its default.
type Config struct {
	Brokers         []string // host:port; default localhost:9092
	Topic           string
	DeadLetterTopic string // where bad rows go; empty: none do
	ClientID        string // default repliqate

	NoKey        bool   // messages have no key, which a compacted topic does not take
	RowKeyHeader string // name of a header that carries the row's key; empty: no header

	Mark string // name of a header without a value, on every message; empty: none

	CreateTopic       bool // create a topic that is missing; default: refuse to start
	Partitions        int  // of a created topic; default: the broker's
	ReplicationFactor int  // of a created topic; default: the broker's

	TLS  TLSConfig
	SASL SASLConfig

	Linger        time.Duration // how long a record waits for others; default none
	Compression   string        // none, gzip, snappy, lz4, zstd; default none
	BufferedBytes int           // most bytes of messages that wait; default 64 MiB
	Timeout       time.Duration // how long Kafka may acknowledge nothing before the client is replaced; default 30 s
}

// WithDefaults returns a copy in which every optional field that is zero has its default. For Partitions and
// ReplicationFactor that is -1, by which Kafka's protocol means the broker's own.
func (c Config) WithDefaults() Config {
	if len(c.Brokers) == 0 {
		c.Brokers = []string{"localhost:9092"}
	}
	if c.ClientID == "" {
		c.ClientID = "repliqate"
	}
	if c.Compression == "" {
		c.Compression = "none"
	}
	if c.BufferedBytes == 0 {
		c.BufferedBytes = 64 << 20
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Partitions == 0 {
		c.Partitions = -1
	}
	if c.ReplicationFactor == 0 {
		c.ReplicationFactor = -1
	}
	return c
}

var compressions = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

// ClientOptions returns the options that any client needs to connect as the settings say.
func (c Config) ClientOptions() ([]kgo.Opt, error) { return c.WithDefaults().connection(nil) }

// connection returns the options that all our clients need. wrap, if it is not nil, wraps how connections are made.
func (c Config) connection(wrap func(dialer) dialer) ([]kgo.Opt, error) {
	if !c.TLS.Enabled && c.TLS != (TLSConfig{}) {
		return nil, wrongSetting(SettingTLS, errors.New("its settings have no effect unless it is enabled"))
	}
	if c.SASL.Mechanism == "" && c.SASL != (SASLConfig{}) {
		return nil, wrongSetting(SettingSASL, errors.New("user name and password have no effect without a mechanism"))
	}
	dial, err := c.dialer()
	if err != nil {
		return nil, err
	}
	if wrap != nil {
		dial = wrap(dial)
	}
	options := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.ClientID(c.ClientID), kgo.Dialer(dial),
		kgo.RetryTimeout(10 * time.Second), kgo.DisableClientMetrics()}
	mechanism, err := c.SASL.load()
	if err != nil {
		return nil, err
	}
	if mechanism != nil {
		options = append(options, kgo.SASL(mechanism))
	}
	return options, nil
}

// options returns those of the producer. It is idempotent, which is the client's default, and keeps each record until a
// broker has answered for it. No number of retries and no age ends a record, since a client that gives up one record
// goes on with the next. The session gives up the client as a whole instead (Promise 3).
func (s *Sink) options(wrap func(dialer) dialer) ([]kgo.Opt, error) {
	c := s.config
	options, err := c.connection(wrap)
	if err != nil {
		return nil, err
	}
	codec, ok := compressions[c.Compression]
	if !ok {
		return nil, wrongSetting(SettingCompression,
			fmt.Errorf("expected none, gzip, snappy, lz4 or zstd, got %q", c.Compression))
	}
	return append(options,
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.StopProducerOnDataLossDetected(),
		kgo.RecordPartitioner(partitioner()),
		kgo.ProducerBatchCompression(codec),
		kgo.ProducerLinger(c.Linger),
		// Promise 7: what waits is bounded in bytes. The number of records is bounded by the pages, and must not be the
		// limit that is reached first.
		kgo.MaxBufferedBytes(c.BufferedBytes),
		kgo.MaxBufferedRecords(math.MaxInt32),
	), nil
}
