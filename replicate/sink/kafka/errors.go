package kafka

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate"
)

// produceError tells what a new client can heal from what it can't.
func (f *flight) produceError(r *kgo.Record, err error) error {
	what := "publish to topic " + r.Topic
	switch {
	case errors.Is(err, kerr.MessageTooLarge), errors.Is(err, kerr.RecordListTooLarge):
		return f.sink.batchTooLarge(r, f.session.limits, err)
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		// Brokers say so for a moment while they start. Open decides whether the topic is really gone.
		return fmt.Errorf("%s: %w", what, err)
	}
	return Classify(what, err)
}

// reason replaces the error of a record that was given up together with the session by the session's own.
func (s *session) reason(err error) error {
	if first := s.failure.Load(); first != nil && errors.Is(err, kgo.ErrClientClosed) {
		return *first
	}
	return err
}

// tooLarge names the row of a message that the topic does not take.
func (s *Sink) tooLarge(topic, key string, size, limit int) error {
	hint := "raise the topic's max.message.bytes, or set kafka_target.on_bad_row to dead_letter"
	switch {
	case limit+recordOverhead+len(s.config.RowKeyHeader) >= s.config.BufferedBytes:
		hint = "raise kafka_target.buffered_bytes above the topic's max.message.bytes"
	case topic == s.config.DeadLetterTopic:
		hint = "raise the max.message.bytes of the dead-letter topic"
	}
	err := fmt.Errorf("publish to topic %s: the message has %d bytes, %d can be published at most", topic, size, limit)
	return replicate.Stop(&replicate.RowError{Key: key, Err: err}, hint)
}

// batchTooLarge handles a batch that a broker refuses although it is within the limit that the topic had when
// the sink was opened. The limit may have been lowered since, so it is read again before the job is stopped.
func (s *Sink) batchTooLarge(r *kgo.Record, l limits, err error) error {
	limit := l.of(r.Topic)
	if _, known := l[r.Topic]; known && s.refused.Swap(limit) != limit {
		return fmt.Errorf("publish to topic %s: the topic's max.message.bytes is no longer %d: %w", r.Topic, limit, err)
	}
	key := string(r.Key)
	if row, ok := r.Context.(*rowKey); ok {
		key = string(row.key)
	}
	hint := "raise what the brokers take (message.max.bytes) to the topic's max.message.bytes"
	if _, known := l[r.Topic]; !known {
		hint = fmt.Sprintf("allow the user DescribeConfigs on the topic, since without it max.message.bytes is"+
			" taken to be %d, or raise it to that", limit)
	}
	return replicate.Stop(&replicate.RowError{Key: key,
		Err: fmt.Errorf("publish to topic %s: too large, alone or with the rows after it: %w", r.Topic, err)}, hint)
}

// hopeless are the errors that no retry heals, with what to do.
var hopeless = []struct {
	err  error
	hint string
}{
	{kerr.SaslAuthenticationFailed, "check kafka_target.sasl: user, password and mechanism"},
	{kerr.IllegalSaslState, "the brokers ask for no SASL at this address: remove kafka_target.sasl, or correct" +
		" kafka_target.brokers"},
	{kerr.UnsupportedSaslMechanism, "check kafka_target.sasl.mechanism against what the brokers have enabled"},
	{kerr.TopicAuthorizationFailed, "allow the user to write to the topic (Kafka's ACLs Write and Describe)"},
	{kerr.ClusterAuthorizationFailed, "allow the user to write to the topic (Kafka's ACL Write; before Kafka 3.0 also" +
		" IdempotentWrite on the cluster)"},
	{kerr.GroupAuthorizationFailed, "allow the user to use the job's group (Kafka's ACL Read)"},
	{kerr.UnknownTopicOrPartition, "create the topic, or set kafka_target.create_topic: true"},
	{kerr.InvalidTopicException, "correct kafka_target.topic"},
	{kerr.UnsupportedForMessageFormat, "the brokers are too old: 2.1 or later is needed"},
}

// tlsTexts are in the errors of a TLS handshake that no retry heals, with what to do. Alerts of the other side
// have no type that could be asked for.
var tlsTexts = []struct{ text, hint string }{
	{"x509: certificate signed by unknown authority", "set kafka_target.tls.ca_file to the authority of the brokers"},
	{"x509: certificate is valid for", "correct kafka_target.brokers, or set kafka_target.tls.server_name to a name of" +
		" the certificate"},
	{"x509: cannot validate certificate for", "set kafka_target.tls.server_name to a name of the certificate"},
	{"x509: ", "check kafka_target.tls and the brokers' certificate"},
	{"first record does not look like a TLS handshake", "the brokers do not encrypt at this address: remove" +
		" kafka_target.tls, or correct kafka_target.brokers"},
	{"appear to be a tls alert", "the brokers encrypt at this address: set kafka_target.tls.enabled: true, or" +
		" correct kafka_target.brokers"},
	{"remote error: tls: bad certificate", clientCertificate},
	{"remote error: tls: certificate", clientCertificate},
	{"remote error: tls: unknown certificate", clientCertificate},
	{"remote error: tls: handshake failure", "check kafka_target.tls against what the brokers accept"},
	{"remote error: tls: protocol version", "the brokers must accept TLS 1.2 or later"},
	{"tls: no supported versions", "the brokers must accept TLS 1.2 or later"},
}

const clientCertificate = "the brokers refuse this client: set kafka_target.tls.cert_file and key_file to a" +
	" certificate that they trust"

// Classify wraps an error of Kafka with what failed. If no retry can heal it, it is a *replicate.StopError that says
// what to do.
func Classify(what string, err error) error {
	wrapped := fmt.Errorf("%s: %w", what, err)
	for _, h := range hopeless {
		if errors.Is(err, h.err) {
			return replicate.Stop(wrapped, h.hint)
		}
	}
	text := err.Error()
	for _, t := range tlsTexts {
		if strings.Contains(text, t.text) {
			return replicate.Stop(wrapped, t.hint)
		}
	}
	return wrapped
}

// hungUp reports whether brokers end each connection at once, which is how they meet a client that encrypts
// when they do not, or does not say who it is when it has to; some answer a wrong password so.
func hungUp(err error) bool { return errors.Is(err, io.EOF) }

// hungMax is longer than brokers take to start, which hang up too, and so do proxies in front of them.
const hungMax = 2 * time.Minute

// hangUp waits for brokers that hang up, and not for ever: it may be the settings, which waiting does not heal.
func (s *Sink) hangUp(err error) error {
	const hint = "check kafka_target.sasl and tls against what the brokers want at this address"
	if s.hung.IsZero() {
		s.hung = time.Now()
	}
	if time.Since(s.hung) >= s.hungMax {
		return replicate.Stop(err, hint)
	}
	return fmt.Errorf("%w; if it goes on, %s", err, hint)
}
