package config

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// The levels that most keys stand below.
const (
	sourceKey = "replication.sql_source."
	kafkaKey  = "replication.kafka_target."
)

// check reports what is missing, is not what it must be, or contradicts itself.
func (c *Config) check(warn func(string)) error {
	for _, find := range []func() error{c.missing, c.secrets, c.addresses, c.topics, c.offset, c.kafka, c.settling} {
		if err := find(); err != nil {
			return err
		}
	}
	if err := c.http(warn); err != nil {
		return err
	}
	if c.Kafka.SASL.Mechanism == "PLAIN" && !c.Kafka.TLS.Enabled {
		warn(c.doc.Fault(kafkaKey+"sasl.mechanism", "PLAIN sends the password as it is, and tls is not enabled").Error())
	}
	return nil
}

// missing finds a required key without a value.
func (c *Config) missing() error {
	if !c.doc.HasRoot() {
		return fmt.Errorf("%s:1: %s is missing: expected the key that contains all others", c.File(), configkeys.Root)
	}
	values := targets(c)
	for _, k := range configkeys.All() {
		value, isText := values[k.Name].(*string)
		if other, found := configkeys.Replacement(k.Name); found && c.doc.Has(other.Name) {
			continue
		}
		if k.Required && (isText && *value == "" || !c.doc.Has(k.Name)) {
			return c.doc.Missing(k.Name, k.Expect)
		}
	}
	if c.OnBadRow == "dead_letter" && c.Kafka.DeadLetterTopic == "" {
		return c.doc.Missing(kafkaKey+"dead_letter_topic", "a topic, since on_bad_row is dead_letter")
	}
	return nil
}

// addresses checks what names a server, and what others see as a name. Redis's address may be a URL, which
// its store reads.
func (c *Config) addresses() error {
	if c.StatsdAddr != "" {
		if err := address(c.StatsdAddr, true); err != nil {
			return c.doc.Fault("statsd_addr", "expected host:port, such as localhost:8125: %v", err)
		}
	}
	if c.Redis.Addr != "" && !strings.Contains(c.Redis.Addr, "://") {
		if err := address(c.Redis.Addr, true); err != nil {
			return c.doc.Fault("redis_addr",
				"expected host:port, or redis:// or rediss://[user:password@]host:port[/db]: %v", err)
		}
	}
	if c.doc.Has(kafkaKey+"brokers") && len(c.Kafka.Brokers) == 0 {
		return c.doc.Fault(kafkaKey+"brokers",
			"the list is empty: expected host:port, or leave the key out for localhost:9092")
	}
	for key, text := range map[string]string{"name": c.Name, kafkaKey + "row_key_header": c.Kafka.RowKeyHeader} {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return c.doc.Fault(key, "expected a text without control characters")
		}
	}
	for i, broker := range c.Kafka.Brokers {
		if err := address(broker, false); err != nil {
			return c.doc.Fault(kafkaKey+"brokers",
				"expected host:port in each item, such as localhost:9092: item %d: %v", i+1, err)
		}
	}
	return nil
}

// address checks host:port. Its errors do not repeat the address.
func address(s string, portNeeded bool) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		if portNeeded || strings.ContainsAny(s, ":[]") {
			return errors.New("the port is missing, or an IPv6 address lacks its brackets")
		}
		host, port = s, "1"
	}
	if host == "" || strings.ContainsAny(host, " /@?#") || strings.ContainsFunc(host, unicode.IsControl) {
		return errors.New("this is not the name of a host")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return errors.New("the port must be a number from 1 to 65535")
	}
	return nil
}

var topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`)

func (c *Config) topics() error {
	for key, topic := range map[string]string{"topic": c.Kafka.Topic, "dead_letter_topic": c.Kafka.DeadLetterTopic} {
		if topic != "" && (!topicName.MatchString(topic) || topic == "." || topic == "..") {
			return c.doc.Fault(kafkaKey+key, "Kafka takes at most 249 letters, digits, dots, underscores and hyphens, not %s",
				c.doc.Shown(kafkaKey+key, topic, 100))
		}
	}
	switch {
	case c.Kafka.DeadLetterTopic == c.Kafka.Topic:
		return c.doc.Fault(kafkaKey+"dead_letter_topic", "expected a topic other than topic")
	case c.Kafka.DeadLetterTopic != "" && !c.doc.Has(kafkaKey+"on_bad_row"):
		return c.doc.Fault(kafkaKey+"dead_letter_topic", "it has no effect without on_bad_row: dead_letter")
	}
	return nil
}

// offset checks where the offset is kept and who may write it.
func (c *Config) offset() error {
	leaseIs := "lease"
	if c.doc.Has("lease.mode") {
		leaseIs = "lease.mode"
	}
	switch {
	case c.OffsetFile != "" && c.Redis.Addr != "":
		return c.doc.Fault("offset_file", "expected either this or redis_addr")
	case c.Redis.Addr == "" && c.doc.Has("redis"):
		return c.doc.Fault("redis", "its settings have no effect without redis_addr")
	case c.Redis.Addr == "" && c.OffsetFile == "" && (c.Lease == "on" || c.Lease == "strict"):
		return c.doc.Fault(leaseIs, "a lease needs redis_addr or offset_file")
	}
	return nil
}

// kafka checks the settings of the connection against each other. A setting that is switched off on
// purpose may stay in the file.
func (c *Config) kafka() error {
	k, tls, sasl := c.Kafka, c.Kafka.TLS, c.Kafka.SASL
	switch {
	case !c.doc.Has(kafkaKey+"tls.enabled") && tls != (kafka.TLSConfig{}):
		return c.doc.Fault(kafkaKey+"tls", "its settings have no effect without enabled: true")
	case tls.CertFile != "" && tls.KeyFile == "":
		return c.doc.Fault(kafkaKey+"tls.cert_file", "expected key_file too")
	case tls.KeyFile != "" && tls.CertFile == "":
		return c.doc.Fault(kafkaKey+"tls.key_file", "expected cert_file too")
	case sasl.Mechanism == "" && c.doc.Has(kafkaKey+"sasl"):
		return c.doc.Fault(kafkaKey+"sasl", "its settings have no effect without mechanism")
	case sasl.Mechanism != "" && sasl.Username == "":
		return c.doc.Fault(kafkaKey+"sasl.username", "expected a user, since mechanism is %s", sasl.Mechanism)
	case sasl.Mechanism != "" && sasl.Password == "" && sasl.PasswordFile == "":
		return c.doc.Fault(kafkaKey+"sasl.password", "expected a password, or password_file, since mechanism is %s",
			sasl.Mechanism)
	case k.Partitions != 0 && !c.doc.Has(kafkaKey+"create_topic"):
		return c.doc.Fault(kafkaKey+"partitions", "it has no effect without create_topic: true")
	case k.ReplicationFactor != 0 && !c.doc.Has(kafkaKey+"create_topic"):
		return c.doc.Fault(kafkaKey+"replication_factor", "it has no effect without create_topic: true")
	case k.Timeout != 0 && k.Linger >= k.Timeout:
		return c.doc.Fault(kafkaKey+"linger_ms", "expected less than delivery_timeout_sec")
	case c.doc.Has(kafkaKey+"key") && len(c.Key) == 0:
		return c.doc.Fault(kafkaKey+"key", "expected none, or a list of columns; leave the key out for the primary key")
	}
	return nil
}

func (c *Config) settling() error {
	loop := c.Loop.WithDefaults()
	switch {
	case c.Settle.Sequence != "" && c.Settle.UnsafeDelay != 0:
		return c.doc.Fault(sourceKey+"settle", "expected sequence or unsafe_delay_sec, not both")
	case c.doc.Has(sourceKey+"settle") && c.Settle.Sequence == "" && c.Settle.UnsafeDelay == 0:
		return c.doc.Fault(sourceKey+"settle", "expected sequence or unsafe_delay_sec")
	case loop.AuditInterval > loop.AuditKeep:
		return c.doc.Fault(sourceKey+"audit",
			"expected keep_sec to be at least interval_sec, or a gap is forgotten before it is looked up")
	}
	return nil
}
