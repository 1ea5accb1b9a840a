package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Config says where messages go. The zero value of an optional field means its default.
type Config struct {
	Brokers         []string // host:port; default localhost:9092
	Topic           string
	DeadLetterTopic string // where bad rows go; empty: none do
	ClientID        string // default repliqate

	RowKeyHeader string // name of a header that carries the row's key; empty: none

	CreateTopic       bool // create a topic that is missing; default: refuse to start
	Partitions        int  // of a created topic; default: the broker's
	ReplicationFactor int  // of a created topic; default: the broker's

	TLS  TLSConfig
	SASL SASLConfig

	Linger        time.Duration // how long a record waits for others; default none
	Compression   string        // none, gzip, snappy, lz4, zstd; default none
	BufferedBytes int           // bytes of messages that wait at most; default 64 MiB
	Timeout       time.Duration // how long a record may take before the client is thrown away; default 30 s

	Group string // consumer group that holds the witness of the offset; empty: no witness
}

// TLSConfig says how to encrypt.
type TLSConfig struct {
	Enabled                   bool
	CAFile, CertFile, KeyFile string
	ServerName                string
}

// SASLConfig says how to authenticate. Mechanism is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
type SASLConfig struct{ Mechanism, Username, Password string }

func (c Config) withDefaults() Config {
	if len(c.Brokers) == 0 {
		c.Brokers = []string{"localhost:9092"}
	}
	if c.ClientID == "" {
		c.ClientID = "repliqate"
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

var compressions = map[string]kgo.CompressionCodec{"": kgo.NoCompression(), "none": kgo.NoCompression(),
	"gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}

// connection are the options that every client of ours needs.
func (s *Sink) connection() ([]kgo.Opt, error) {
	c := s.config
	options := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.ClientID(c.ClientID), kgo.DialTimeout(5 * time.Second),
		kgo.RetryTimeout(10 * time.Second), kgo.DisableClientMetrics()}
	if !c.TLS.Enabled && c.TLS != (TLSConfig{}) {
		return nil, errors.New("kafka_target.tls: its settings have no effect without enabled: true")
	}
	if c.SASL.Mechanism == "" && c.SASL != (SASLConfig{}) {
		return nil, errors.New("kafka_target.sasl: username and password have no effect without mechanism")
	}
	if c.TLS.Enabled {
		config, err := c.TLS.load()
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.DialTLSConfig(config))
	}
	mechanism, err := c.SASL.load()
	if err != nil {
		return nil, err
	}
	if mechanism != nil {
		options = append(options, kgo.SASL(mechanism))
	}
	return options, nil
}

// options are those of the producer.
func (s *Sink) options() ([]kgo.Opt, error) {
	c := s.config
	options, err := s.connection()
	if err != nil {
		return nil, err
	}
	codec, ok := compressions[c.Compression]
	if !ok {
		return nil, fmt.Errorf("kafka_target.compression: expected none, gzip, snappy, lz4 or zstd, got %q", c.Compression)
	}
	return append(options,
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.StopProducerOnDataLossDetected(),
		kgo.RecordPartitioner(partitioner()),
		kgo.ProducerBatchCompression(codec),
		kgo.ProducerLinger(c.Linger),
		kgo.MaxBufferedRecords(1<<20),
		kgo.MaxBufferedBytes(c.BufferedBytes),
		kgo.RecordDeliveryTimeout(c.Timeout),
		// Else the client waits for ever, and without a word, for a broker that has swallowed a request. What
		// is given up may arrive later; a new client repeats it, as after any failure.
		kgo.AllowIdempotentProduceCancellation(),
		kgo.ProduceRequestTimeout(requestTimeout(c.Timeout)),
		kgo.RequestTimeoutOverhead(requestTimeout(c.Timeout)),
	), nil
}

// requestTimeout is the client's usual 10 s for a broker to answer, or less where a record may not take as
// long.
func requestTimeout(delivery time.Duration) time.Duration {
	return max(min(10*time.Second, delivery), 100*time.Millisecond)
}

func (t TLSConfig) load() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("kafka_target.tls.ca_file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("kafka_target.tls.ca_file: %s holds no certificate in PEM form", t.CAFile)
		}
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return nil, errors.New("kafka_target.tls: expected both cert_file and key_file, or neither")
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("kafka_target.tls.cert_file and key_file: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

func (c SASLConfig) load() (sasl.Mechanism, error) {
	switch c.Mechanism {
	case "":
		return nil, nil
	case "PLAIN":
		return plain.Auth{User: c.Username, Pass: c.Password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: c.Username, Pass: c.Password}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: c.Username, Pass: c.Password}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("kafka_target.sasl.mechanism: expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, got %q", c.Mechanism)
}
