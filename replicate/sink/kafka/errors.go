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

// produceError distinguishes what a new client can heal from what it can't.
func (f *flight) produceError(r *kgo.Record, err error) error {
	what := "publish to topic " + r.Topic
	switch {
	case errors.Is(err, kerr.MessageTooLarge), errors.Is(err, kerr.RecordListTooLarge):
		return f.sink.batchTooLarge(r, f.session.limits, err)
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		// Brokers say this briefly while they start. Open finds out whether the topic is really gone.
		return fmt.Errorf("%s: %w", what, err)
	}
	return Classify(what, err)
}

// reason returns the session's error in place of that of a record that was given up together with the session.
func (s *session) reason(err error) error {
	if first := s.failure.Load(); first != nil && errors.Is(err, kgo.ErrClientClosed) {
		return *first
	}
	return err
}

// tooLarge is the error of a message that is too large for its topic.
func (s *Sink) tooLarge(topic, key string, size, limit int) error {
	hint := "raise the topic's max.message.bytes, or have such rows published as dead letters (%s)"
	of := names{replicate.SettingDeadLetters}
	switch {
	case limit+recordOverhead+len(s.config.RowKeyHeader) >= s.config.BufferedBytes:
		hint, of = "raise %s above the topic's max.message.bytes", names{SettingBufferedBytes}
	case topic == s.config.DeadLetterTopic:
		hint, of = "raise the max.message.bytes of the dead-letter topic", nil
	}
	err := fmt.Errorf("publish to topic %s: the message has %d bytes, %d is the most that can be published",
		topic, size, limit)
	return replicate.Stop(&replicate.RowError{Key: key, Err: err}, hint, of...)
}

// batchTooLarge handles a batch that a broker refuses although it is within the limit that the topic had when the sink
// was opened. The limit may have been lowered since, so it is read again before the job stops.
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

// keyless is what to do about a compacted topic.
const keyless = "give the messages a key that is never null (%s), or set the topic's cleanup.policy to delete"

// hopeless are the errors that no retry heals, with what to do.
var hopeless = []struct {
	err   error
	hint  string
	names names
}{
	{kerr.SaslAuthenticationFailed, "check %s: user, password and mechanism", names{SettingSASL}},
	{kerr.IllegalSaslState, "the brokers ask for no SASL at this address: remove %s, or correct %s",
		names{SettingSASL, SettingBrokers}},
	{kerr.UnsupportedSaslMechanism, "check %s against what the brokers have enabled", names{SettingSASLMechanism}},
	{kerr.TopicAuthorizationFailed, "allow the user to write to the topic (Kafka's ACLs Write and Describe)", nil},
	{kerr.ClusterAuthorizationFailed, "allow the user to write to the topic (Kafka's ACL Write; before Kafka 3.0 also" +
		" IdempotentWrite on the cluster)", nil},
	{kerr.GroupAuthorizationFailed, "allow the user to use the job's group (Kafka's ACL Read)", nil},
	{kerr.UnknownTopicOrPartition, "create the topic, or set %s: true", names{SettingCreateTopic}},
	{kerr.InvalidTopicException, "correct %s", names{SettingTopic}},
	{kerr.InvalidRecord, "if the topic is compacted, it takes no message without a key: " + keyless, names{SettingNoKey}},
	{kerr.UnsupportedForMessageFormat, "the brokers are too old: 2.1 or later is needed", nil},
}

// tlsTexts are found in errors of a TLS handshake that no retry heals, with what to do. They are texts because alerts
// from the other side have no type that could be tested for.
var tlsTexts = []struct {
	text, hint string
	names      names
}{
	{"x509: certificate signed by unknown authority", "set %s to the authority of the brokers", names{SettingTLSCAFile}},
	{"x509: certificate is valid for", "correct %s, or set %s to a name of the certificate",
		names{SettingBrokers, SettingTLSServerName}},
	{"x509: cannot validate certificate for", "set %s to a name of the certificate", names{SettingTLSServerName}},
	{"x509: ", "check %s and the brokers' certificate", names{SettingTLS}},
	{"first record does not look like a TLS handshake", "the brokers do not encrypt at this address: remove %s, or" +
		" correct %s", names{SettingTLS, SettingBrokers}},
	{"appear to be a tls alert", "the brokers encrypt at this address: set %s: true, or correct %s",
		names{SettingTLSEnabled, SettingBrokers}},
	{"remote error: tls: bad certificate", clientCertificate, clientFiles},
	{"remote error: tls: certificate", clientCertificate, clientFiles},
	{"remote error: tls: unknown certificate", clientCertificate, clientFiles},
	{"remote error: tls: handshake failure", "check %s against what the brokers accept", names{SettingTLS}},
	{"remote error: tls: protocol version", "the brokers must accept TLS 1.2 or later", nil},
	{"tls: no supported versions", "the brokers must accept TLS 1.2 or later", nil},
}

const clientCertificate = "the brokers refuse this client: set %s and %s to a certificate that they trust"

var clientFiles = names{SettingTLSCertFile, SettingTLSKeyFile}

// Classify wraps an error of Kafka with what failed. If no retry can heal it, it is a *replicate.StopError that says
// what to do.
func Classify(what string, err error) error {
	wrapped := fmt.Errorf("%s: %w", what, err)
	for _, h := range hopeless {
		if errors.Is(err, h.err) {
			return replicate.Stop(wrapped, h.hint, h.names...)
		}
	}
	text := err.Error()
	for _, t := range tlsTexts {
		if strings.Contains(text, t.text) {
			return replicate.Stop(wrapped, t.hint, t.names...)
		}
	}
	return wrapped
}

// hungUp reports whether the broker ended the connection at once. Brokers do that to a client that encrypts when they
// do not, or that does not authenticate when it has to; some do it after a wrong password.
func hungUp(err error) bool { return errors.Is(err, io.EOF) }

// hungMax is longer than brokers take to start. They hang up during that time too, as do proxies in front of them.
const hungMax = 2 * time.Minute

// hangUp waits for brokers that hang up, but only for a while: the settings may be wrong, which waiting does not heal.
func (s *Sink) hangUp(err error) error {
	const hint = "check %s and %s against what the brokers want at this address"
	if s.hung.IsZero() {
		s.hung = time.Now()
	}
	if time.Since(s.hung) >= s.hungMax {
		return replicate.Stop(err, hint, SettingSASL, SettingTLS)
	}
	return replicate.Hint(err, "if it goes on, "+hint, SettingSASL, SettingTLS)
}
