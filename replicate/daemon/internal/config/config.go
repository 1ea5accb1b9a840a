package config

import (
	"os"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/keys"
	"github.com/repliqate/repliqate/replicate/loop"
	"github.com/repliqate/repliqate/replicate/offset/redis"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// Config holds the values of a configuration file. What each means is in the table of keys; bind.go says which key a
// field belongs to.
type Config struct {
	Name       string
	StatsdAddr string
	LogFormat  string
	HTTP       HTTP

	OffsetFile string
	Lease      string // empty: the file does not say
	Redis      redis.Config
	Loop       loop.Config

	URI        string
	URIFile    string // where it was read, if it was not in the configuration
	Table      string
	PrimaryKey string
	Fields     []string
	Settle     replicate.Settle
	Audit      string

	Kafka        kafka.Config
	WitnessGroup string // consumer group that holds the witness of the offset
	Key          []string
	OnBadRow     string

	messageKey replicate.MessageKey // what Key means for the generated table
	doc        *keys.Document
}

// Read reads and checks the file. Every error names file, line and key.
func Read(name string, warn func(string)) (*Config, error) {
	doc := keys.New(name, os.LookupEnv, warn)
	return read(doc, doc.Open(), warn)
}

// read reads a document's keys.
func read(doc *keys.Document, root *yaml.Node, warn func(string)) (*Config, error) {
	c := &Config{doc: doc}
	if err := doc.Read(root, targets(c)); err != nil {
		return nil, err
	}
	if err := c.check(warn); err != nil {
		return nil, err
	}
	c.complete()
	return c, nil
}

// leastPoll is what a poll interval of 0 means, which the Python daemon allowed.
const leastPoll = time.Millisecond

// complete fills in what follows from several keys.
func (c *Config) complete() {
	if c.OnBadRow == "stop" {
		c.Kafka.DeadLetterTopic = ""
	}
	if !c.Kafka.TLS.Enabled {
		c.Kafka.TLS = kafka.TLSConfig{}
	}
	c.Loop.PollInterval = max(c.Loop.PollInterval, leastPoll)
	c.Loop.SettleDelay = c.Settle.UnsafeDelay
	c.Loop.LeaseStrict = c.Lease == "strict"
	// The loop's own bound is for a client that does not keep to its timeout.
	c.Loop.AckTimeout = max(c.Loop.WithDefaults().AckTimeout, 2*c.Kafka.Timeout)
	c.Loop.AuditOff, c.Loop.AuditPublish = c.Audit == "off", c.Audit == "publish"
	c.Redis.Job, c.Redis.Table, c.Redis.Topic = c.Name, c.Table, c.Kafka.Topic
	c.Redis.Lease, c.Redis.LeaseTTL = c.Lease != "off", c.Loop.LeaseTTL
	c.WitnessGroup = "repliqate." + c.Name + "." + c.Table
}

// File is the configuration's file.
func (c *Config) File() string { return c.doc.Name() }

// HasStore reports whether the offset is kept anywhere but in memory.
func (c *Config) HasStore() bool { return c.Redis.Addr != "" || c.OffsetFile != "" }

// HasLease reports whether only one of several instances publishes at a time.
func (c *Config) HasLease() bool { return c.HasStore() && c.Lease != "off" }

// LeaseMode is on, off or strict.
func (c *Config) LeaseMode() string {
	switch {
	case !c.HasLease():
		return "off"
	case c.Lease == "":
		return "on"
	}
	return c.Lease
}

// MessageKey says what the message key is, once Agree has found its columns.
func (c *Config) MessageKey() replicate.MessageKey { return c.messageKey }
