package config

import (
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/keys"
	"github.com/repliqate/repliqate/replicate/loop/loopconfig"
	"github.com/repliqate/repliqate/replicate/offset/file"
	"github.com/repliqate/repliqate/replicate/offset/redis"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// binding says where a key's value goes, and what the part that gets it calls the setting in its errors.
type binding struct {
	key    string
	target any // nil: a group, which has a name alone
	names  []replicate.Setting
}

func bind(key string, target any, names ...replicate.Setting) binding {
	return binding{key, target, names}
}

// targets returns where the values of all keys go.
func targets(c *Config) keys.Targets {
	out := keys.Targets{}
	for _, b := range bindings(c) {
		if b.target != nil {
			out[b.key] = b.target
		}
	}
	return out
}

// bindings has a line for each key of the table.
func bindings(c *Config) []binding {
	out := []binding{
		bind("name", &c.Name),
		bind("statsd_addr", &c.StatsdAddr),
		bind("http_addr", &c.HTTP.Addr, SettingHTTPAddr),
		bind("http_token_file", &c.HTTP.TokenFile, SettingHTTPToken),
		bind("http_pprof", &c.HTTP.Pprof),
		bind("http_ready_sec", &c.HTTP.Ready),
		bind("once_wait_sec", &c.Loop.OnceWait, loopconfig.SettingOnceWait),
		bind("drain_timeout_sec", &c.Loop.DrainTimeout),
		bind("stuck_after_sec", &c.Loop.StuckAfter),
		bind("log.format", &c.LogFormat),
		bind("redis_addr", &c.Redis.Addr, redis.SettingAddr),
		bind("redis.username", &c.Redis.Username, redis.SettingUsername),
		bind("redis.password", &c.Redis.Password, redis.SettingPassword),
		bind("redis.password_file", &c.Redis.PasswordFile, redis.SettingPasswordFile),
		bind("redis.tls", &c.Redis.TLS, redis.SettingTLS),
		bind("redis.ca_file", &c.Redis.CAFile, redis.SettingCAFile),
		bind("redis.db", &c.Redis.DB, redis.SettingDB),
		bind("offset_file", &c.OffsetFile, file.SettingPath),
		bind("lease.mode", &c.Lease),
		bind("lease.ttl_sec", &c.Loop.LeaseTTL),
		bind("replication.poll_interval_sec", &c.Loop.PollInterval),
	}
	return append(append(out, sourceBindings(c)...), targetBindings(c)...)
}

func sourceBindings(c *Config) []binding {
	return []binding{
		bind(sourceKey+"uri", &c.URI, replicate.SettingURI),
		bind(sourceKey+"uri_file", &c.URIFile),
		bind(sourceKey+"table", &c.Table),
		bind(sourceKey+"primary_key", &c.PrimaryKey),
		bind(sourceKey+"fields", &c.Fields),
		bind(sourceKey+"limit", &c.Loop.PageRows),
		bind(sourceKey+"batch_bytes", &c.Loop.PageBytes),
		bind(sourceKey+"settle", nil, replicate.SettingSettle),
		bind(sourceKey+"settle.sequence", &c.Settle.Sequence, replicate.SettingSettleSequence),
		bind(sourceKey+"settle.unsafe_delay_sec", &c.Settle.UnsafeDelay, replicate.SettingSettleDelay),
		bind(sourceKey+"audit.mode", &c.Audit),
		bind(sourceKey+"audit.keep_sec", &c.Loop.AuditKeep),
		bind(sourceKey+"audit.keys", &c.Loop.AuditKeys),
		bind(sourceKey+"audit.interval_sec", &c.Loop.AuditInterval),
	}
}

func targetBindings(c *Config) []binding {
	k := &c.Kafka
	return []binding{
		bind("replication.kafka_target", nil, kafka.SettingConfig),
		bind(kafkaKey+"topic", &k.Topic, kafka.SettingTopic),
		bind(kafkaKey+"brokers", &k.Brokers, kafka.SettingBrokers),
		bind(kafkaKey+"key", &c.Key, kafka.SettingNoKey),
		bind(kafkaKey+"row_key_header", &k.RowKeyHeader),
		bind(kafkaKey+"create_topic", &k.CreateTopic, kafka.SettingCreateTopic),
		bind(kafkaKey+"partitions", &k.Partitions, kafka.SettingPartitions),
		bind(kafkaKey+"replication_factor", &k.ReplicationFactor, kafka.SettingReplicationFactor),
		bind(kafkaKey+"tls", nil, kafka.SettingTLS),
		bind(kafkaKey+"tls.enabled", &k.TLS.Enabled, kafka.SettingTLSEnabled),
		bind(kafkaKey+"tls.ca_file", &k.TLS.CAFile, kafka.SettingTLSCAFile),
		bind(kafkaKey+"tls.cert_file", &k.TLS.CertFile, kafka.SettingTLSCertFile),
		bind(kafkaKey+"tls.key_file", &k.TLS.KeyFile, kafka.SettingTLSKeyFile),
		bind(kafkaKey+"tls.server_name", &k.TLS.ServerName, kafka.SettingTLSServerName),
		bind(kafkaKey+"sasl", nil, kafka.SettingSASL),
		bind(kafkaKey+"sasl.mechanism", &k.SASL.Mechanism, kafka.SettingSASLMechanism),
		bind(kafkaKey+"sasl.username", &k.SASL.Username),
		bind(kafkaKey+"sasl.password", &k.SASL.Password),
		bind(kafkaKey+"sasl.password_file", &k.SASL.PasswordFile, kafka.SettingSASLPasswordFile),
		bind(kafkaKey+"linger_ms", &k.Linger),
		bind(kafkaKey+"compression", &k.Compression, kafka.SettingCompression),
		bind(kafkaKey+"buffered_bytes", &k.BufferedBytes, kafka.SettingBufferedBytes, replicate.SettingMaxMessageBytes),
		bind(kafkaKey+"delivery_timeout_sec", &k.Timeout),
		bind(kafkaKey+"on_bad_row", &c.OnBadRow, replicate.SettingDeadLetters),
		bind(kafkaKey+"dead_letter_topic", &k.DeadLetterTopic),
	}
}
