package daemon

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/repliqate/repliqate/replicate"
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
	Loop       replicate.Config

	URI        string   // replication.sql_source.uri; required
	Table      string   // table; required, as generated
	PrimaryKey string   // primary_key; required, as generated
	Fields     []string // fields: published columns, as generated; default all
	Settle     replicate.Settle

	Kafka     kafka.Config
	Key       []string // kafka_target.key: none, or columns; default the primary key
	OnBadRow  string   // on_bad_row: stop or dead_letter; default stop
	positions map[string]int
}

// readConfig reads and checks the file. Every error names file, line and key.
func readConfig(name string, warn func(string)) (*Config, error) {
	d := &document{name: name, warn: warn, env: os.LookupEnv}
	root := d.open()
	if d.err != nil {
		return nil, d.err
	}
	return d.read(root)
}

func (d *document) read(root *yaml.Node) (*Config, error) {
	c := &Config{LogFormat: "auto", OnBadRow: "stop", positions: map[string]int{}}
	d.mapping("", root, false, keys{"repliqate": func(path string, n *yaml.Node) {
		c.positions[path] = n.Line
		d.mapping(path, n, true, keys{
			"name":              d.text(&c.Name),
			"statsd_addr":       d.text(&c.StatsdAddr),
			"redis_addr":        d.text(&c.Redis.Addr),
			"redis":             d.redis(c),
			"offset_file":       d.text(&c.OffsetFile),
			"lease":             d.lease(c),
			"once_wait_sec":     d.seconds(&c.Loop.OnceWait),
			"drain_timeout_sec": d.seconds(&c.Loop.DrainTimeout),
			"stuck_after_sec":   d.seconds(&c.Loop.StuckAfter),
			"log": func(path string, n *yaml.Node) {
				d.mapping(path, n, false, keys{"format": d.choice(&c.LogFormat, "auto", "text", "json")})
			},
			"replication": d.replication(c),
		})
	}})
	if d.err == nil {
		d.err = c.check(d.name)
	}
	return c, d.err
}

func (d *document) redis(c *Config) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		d.mapping(path, n, false, keys{"username": d.text(&c.Redis.Username), "password": d.text(&c.Redis.Password),
			"tls": d.boolean(&c.Redis.TLS), "ca_file": d.text(&c.Redis.CAFile), "db": d.integer(&c.Redis.DB, 0)})
	}
}

// lease takes a word, or keys for more.
func (d *document) lease(c *Config) func(string, *yaml.Node) {
	mode := d.choice(&c.Lease, "on", "off", "strict")
	return func(path string, n *yaml.Node) {
		if n.Kind == yaml.MappingNode {
			d.mapping(path, n, false, keys{"mode": mode, "ttl_sec": d.seconds(&c.Loop.LeaseTTL)})
			return
		}
		mode(path, n)
	}
}

func (d *document) replication(c *Config) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		d.mapping(path, n, true, keys{
			"poll_interval_sec": d.seconds(&c.Loop.PollInterval),
			"sql_source": func(path string, n *yaml.Node) {
				d.mapping(path, n, true, keys{
					"uri": d.text(&c.URI), "table": d.text(&c.Table), "primary_key": d.text(&c.PrimaryKey),
					"fields": d.list(&c.Fields), "limit": d.integer(&c.Loop.BatchRows, 1), "batch_bytes": d.integer(&c.Loop.BatchBytes, 1024),
					"settle": func(path string, n *yaml.Node) {
						d.mapping(path, n, false, keys{"sequence": d.text(&c.Settle.Sequence),
							"unsafe_delay_sec": d.seconds(&c.Settle.UnsafeDelay)})
					},
				})
			},
			"kafka_target": d.kafka(c),
		})
	}
}

func (d *document) kafka(c *Config) func(string, *yaml.Node) {
	k := &c.Kafka
	return func(path string, n *yaml.Node) {
		d.mapping(path, n, true, keys{
			"topic": d.text(&k.Topic), "brokers": d.list(&k.Brokers), "key": d.list(&c.Key),
			"row_key_header": d.text(&k.RowKeyHeader), "create_topic": d.boolean(&k.CreateTopic),
			"partitions": d.integer(&k.Partitions, 1), "replication_factor": d.integer(&k.ReplicationFactor, 1),
			"linger_ms": d.milliseconds(&k.Linger), "compression": d.choice(&k.Compression, "none", "gzip", "snappy", "lz4", "zstd"),
			"buffered_bytes": d.integer(&k.BufferedBytes, 1<<20), "delivery_timeout_sec": d.seconds(&k.Timeout),
			"on_bad_row": d.choice(&c.OnBadRow, "stop", "dead_letter"), "dead_letter_topic": d.text(&k.DeadLetterTopic),
			"tls": func(path string, n *yaml.Node) {
				d.mapping(path, n, false, keys{"enabled": d.boolean(&k.TLS.Enabled), "ca_file": d.text(&k.TLS.CAFile),
					"cert_file": d.text(&k.TLS.CertFile), "key_file": d.text(&k.TLS.KeyFile), "server_name": d.text(&k.TLS.ServerName)})
			},
			"sasl": func(path string, n *yaml.Node) {
				d.mapping(path, n, false, keys{"mechanism": d.choice(&k.SASL.Mechanism, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"),
					"username": d.text(&k.SASL.Username), "password": d.text(&k.SASL.Password)})
			},
		})
	}
}

// check reports what is missing or contradicts itself.
func (c *Config) check(file string) error {
	missing := func(key, what string) error {
		return fmt.Errorf("%s:%d: repliqate.%s is missing: expected %s", file, max(c.positions["repliqate"], 1), key, what)
	}
	switch {
	case c.Name == "":
		return missing("name", "the name of the job")
	case c.Loop.PollInterval == 0:
		return missing("replication.poll_interval_sec", "a number of seconds above 0")
	case c.URI == "":
		return missing("replication.sql_source.uri", "the database, as postgresql://user:password@host/database or sqlite:////path")
	case c.Table == "":
		return missing("replication.sql_source.table", "the table's name")
	case c.PrimaryKey == "":
		return missing("replication.sql_source.primary_key", "the table's integer key")
	case c.Kafka.Topic == "":
		return missing("replication.kafka_target.topic", "the topic's name")
	case c.OnBadRow == "dead_letter" && c.Kafka.DeadLetterTopic == "":
		return missing("replication.kafka_target.dead_letter_topic", "a topic, since on_bad_row is dead_letter")
	case c.OffsetFile != "" && c.Redis.Addr != "":
		return fmt.Errorf("%s: repliqate.offset_file and redis_addr: expected one of them", file)
	}
	if c.OnBadRow == "stop" {
		c.Kafka.DeadLetterTopic = ""
	}
	c.Loop.SettleDelay = c.Settle.UnsafeDelay
	c.Loop.LeaseStrict = c.Lease == "strict"
	// The loop's own bound is for a client that does not keep to its timeout.
	c.Loop.AckTimeout = max(c.Loop.WithDefaults().AckTimeout, 2*c.Kafka.Timeout)
	c.Redis.Job, c.Redis.Table, c.Redis.Topic = c.Name, c.Table, c.Kafka.Topic
	c.Redis.Lease, c.Redis.LeaseTTL = c.Lease != "off", c.Loop.LeaseTTL
	c.Kafka.Group = "repliqate." + c.Name + "." + c.Table
	return nil
}

// generated is what the configuration must agree with.
type generated struct {
	table, key, regenerate string
	fields, columns        []string
}

// agree compares the configuration with the generated code.
func (c *Config) agree(file string, g generated) error {
	table := strings.TrimPrefix(strings.ReplaceAll(c.Table, `"`, ""), "public.")
	const prefix = "repliqate.replication.sql_source."
	switch {
	case table != g.table:
		return fmt.Errorf("%s: %stable is %q, this program was generated for %s; run the one for your table, or generate it: repliqate-gen --config %s --schema FILE",
			file, prefix, c.Table, g.table, file)
	case c.PrimaryKey != g.key:
		return fmt.Errorf("%s: %sprimary_key is %q, this program was generated for %s; regenerate: %s --primary-key %s",
			file, prefix, c.PrimaryKey, g.key, g.regenerate, c.PrimaryKey)
	case len(c.Fields) > 0 && !sameSet(c.Fields, g.fields):
		return fmt.Errorf("%s: %sfields are %s, this program was generated for %s; regenerate: %s --fields %s",
			file, prefix, strings.Join(c.Fields, ", "), strings.Join(g.fields, ", "), g.regenerate, strings.Join(c.Fields, ","))
	case len(c.Fields) == 0 && len(g.fields) < len(g.columns):
		return fmt.Errorf("%s: %sfields are all columns, this program was generated for %s; regenerate: %s",
			file, prefix, strings.Join(g.fields, ", "), strings.Split(g.regenerate, " --fields")[0])
	}
	return nil
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// messageKey finds the columns of the message key.
func (c *Config) messageKey(file string, columns []string) (replicate.MessageKey, error) {
	if len(c.Key) == 1 && c.Key[0] == "none" {
		return replicate.MessageKey{None: true}, nil
	}
	var key replicate.MessageKey
	for _, name := range c.Key {
		i := slices.Index(columns, name)
		if i < 0 {
			return key, fmt.Errorf("%s: repliqate.replication.kafka_target.key: table %s has no column %q: the nearest is %s",
				file, c.Table, name, nearest(name, columns))
		}
		key.Columns = append(key.Columns, i)
	}
	if len(key.Columns) == 1 && columns[key.Columns[0]] == c.PrimaryKey {
		key.Columns = nil
	}
	return key, nil
}
