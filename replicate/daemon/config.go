package daemon

import (
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop"
	"github.com/repliqate/repliqate/replicate/offset/redis"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// Config is the configuration file, with the original's keys where it had them. docs/configure.md has
// the same list for operators.
type Config struct {
	Name       string // repliqate.name: the job; required
	StatsdAddr string // statsd_addr: host:port; default none
	LogFormat  string // log.format: auto, text or json; default auto: text on a terminal

	OffsetFile string // offset_file: keeps the offset where there is no Redis
	Lease      string // lease: on, off or strict; default on where there is a store
	Redis      redis.Config
	Loop       loop.Config

	URI        string   // replication.sql_source.uri; required
	Table      string   // table; required, as generated
	PrimaryKey string   // primary_key; required, as generated
	Fields     []string // fields: published columns, as generated; default all
	Settle     replicate.Settle
	Audit      string // audit: report, publish or off; default report

	Kafka        kafka.Config
	WitnessGroup string   // consumer group that holds the witness of the offset
	Key          []string // kafka_target.key: none, or columns; default the primary key
	OnBadRow     string   // on_bad_row: stop or dead_letter; default stop

	messageKey replicate.MessageKey // what Key means for the generated table
	file       string
	vars       map[string]bool // the keys whose value came out of a variable
	lines      map[string]int  // where each key stands that the file has, by its full name
}

// readConfig reads and checks the file. Every error names file, line and key.
func readConfig(name string, warn func(string)) (*Config, error) {
	d := newDocument(name, warn)
	return d.config(d.open())
}

// config reads the document's keys.
func (d *document) config(root *yaml.Node) (*Config, error) {
	if d.err != nil {
		return nil, d.err
	}
	c := &Config{LogFormat: "auto", OnBadRow: "stop", Audit: "report", file: d.name, lines: d.lines, vars: d.vars}
	c.keys().read(d, "", root)
	if d.err == nil {
		d.err = c.check(d.warn)
	}
	if d.err != nil {
		return nil, d.err
	}
	c.complete()
	return c, nil
}

// The least and the most of numbers, where a key has no reason for others of its own. Below a millisecond
// a time would mean its default; a year stands for "never".
const (
	leastTime = time.Millisecond
	mostTime  = 366 * 24 * time.Hour
	mostBytes = 1 << 30
	mostRows  = 1<<31 - 1
)

// keys are all the keys that there are, and how each is read. Where the original had a level, it ignored
// what it did not know there.
func (c *Config) keys() keys {
	job := keys{original: true, secret: true, known: map[string]reader{
		"name":              text(&c.Name),
		"statsd_addr":       text(&c.StatsdAddr),
		"redis_addr":        secret(&c.Redis.Addr), // a URL may hold a password
		"redis":             c.redisKeys(),
		"offset_file":       text(&c.OffsetFile),
		"lease":             c.leaseKeys(),
		"once_wait_sec":     seconds(&c.Loop.OnceWait, leastTime, mostTime),
		"drain_timeout_sec": seconds(&c.Loop.DrainTimeout, leastTime, mostTime),
		"stuck_after_sec":   seconds(&c.Loop.StuckAfter, leastTime, mostTime),
		"log":               keys{known: map[string]reader{"format": choice(&c.LogFormat, "auto", "text", "json")}},
		"replication": keys{original: true, known: map[string]reader{
			"poll_interval_sec": pollInterval(&c.Loop.PollInterval),
			"sql_source":        c.sourceKeys(),
			"kafka_target":      c.kafkaKeys(),
		}},
	}}
	return keys{original: true, known: map[string]reader{"repliqate": job}}
}

func (c *Config) redisKeys() keys {
	return keys{secret: true, known: map[string]reader{
		"username": text(&c.Redis.Username),
		"password": secret(&c.Redis.Password),
		"tls":      boolean(&c.Redis.TLS),
		"ca_file":  text(&c.Redis.CAFile),
		"db":       integer(&c.Redis.DB, 0, 1<<31-1),
	}}
}

// leaseKeys take a word, or keys for more.
func (c *Config) leaseKeys() keys {
	mode := choice(&c.Lease, "on", "off", "strict")
	return keys{word: mode, known: map[string]reader{
		"mode":    mode,
		"ttl_sec": seconds(&c.Loop.LeaseTTL, leaseLeast, mostTime),
	}}
}

// leaseLeast leaves a renewal, which is tried each third of the time to live, time for its answer.
const leaseLeast = 2 * time.Second

func (c *Config) auditKeys() keys {
	mode := choice(&c.Audit, "report", "publish", "off")
	return keys{word: mode, known: map[string]reader{
		"mode":         mode,
		"keep_sec":     seconds(&c.Loop.AuditKeep, leastTime, mostTime),
		"keys":         integer(&c.Loop.AuditKeys, 1, 10_000_000),
		"interval_sec": seconds(&c.Loop.AuditInterval, leastTime, mostTime),
	}}
}

func (c *Config) sourceKeys() keys {
	return keys{original: true, secret: true, known: map[string]reader{
		"uri":         secret(&c.URI),
		"table":       text(&c.Table),
		"primary_key": text(&c.PrimaryKey),
		"fields":      list(&c.Fields, false),
		"limit":       integer(&c.Loop.BatchRows, 1, mostRows),
		"batch_bytes": integer(&c.Loop.BatchBytes, 1024, mostBytes),
		"settle": keys{known: map[string]reader{
			"sequence":         text(&c.Settle.Sequence),
			"unsafe_delay_sec": seconds(&c.Settle.UnsafeDelay, leastTime, mostTime),
		}},
		"audit": c.auditKeys(),
	}}
}

func (c *Config) kafkaKeys() keys {
	k := &c.Kafka
	return keys{original: true, known: map[string]reader{
		"topic":                text(&k.Topic),
		"brokers":              list(&k.Brokers, true),
		"key":                  list(&c.Key, false),
		"row_key_header":       text(&k.RowKeyHeader),
		"create_topic":         boolean(&k.CreateTopic),
		"partitions":           integer(&k.Partitions, 1, 1_000_000),
		"replication_factor":   integer(&k.ReplicationFactor, 1, 1<<15-1),
		"linger_ms":            milliseconds(&k.Linger, 0, time.Minute),
		"compression":          choice(&k.Compression, "none", "gzip", "snappy", "lz4", "zstd"),
		"buffered_bytes":       integer(&k.BufferedBytes, 1<<20, mostBytes),
		"delivery_timeout_sec": seconds(&k.Timeout, time.Second, mostTime),
		"on_bad_row":           choice(&c.OnBadRow, "stop", "dead_letter"),
		"dead_letter_topic":    text(&k.DeadLetterTopic),
		"tls": keys{known: map[string]reader{
			"enabled":     boolean(&k.TLS.Enabled),
			"ca_file":     text(&k.TLS.CAFile),
			"cert_file":   text(&k.TLS.CertFile),
			"key_file":    text(&k.TLS.KeyFile),
			"server_name": text(&k.TLS.ServerName),
		}},
		"sasl": keys{secret: true, known: map[string]reader{
			"mechanism": choice(&k.SASL.Mechanism, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"),
			"username":  text(&k.SASL.Username),
			"password":  secret(&k.SASL.Password),
		}},
	}}
}

// complete fills in what follows from several keys.
func (c *Config) complete() {
	if c.OnBadRow == "stop" {
		c.Kafka.DeadLetterTopic = ""
	}
	if !c.Kafka.TLS.Enabled {
		c.Kafka.TLS = kafka.TLSConfig{}
	}
	c.Loop.SettleDelay = c.Settle.UnsafeDelay
	c.Loop.LeaseStrict = c.Lease == "strict"
	// The loop's own bound is for a client that does not keep to its timeout.
	c.Loop.AckTimeout = max(c.Loop.WithDefaults().AckTimeout, 2*c.Kafka.Timeout)
	c.Loop.AuditOff, c.Loop.AuditPublish = c.Audit == "off", c.Audit == "publish"
	c.Redis.Job, c.Redis.Table, c.Redis.Topic = c.Name, c.Table, c.Kafka.Topic
	c.Redis.Lease, c.Redis.LeaseTTL = c.Lease != "off", c.Loop.LeaseTTL
	c.WitnessGroup = "repliqate." + c.Name + "." + c.Table
}
