package daemon

import (
	"io"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
	"github.com/repliqate/repliqate/replicate/metrics/statsd"
	"github.com/repliqate/repliqate/replicate/offset/file"
	"github.com/repliqate/repliqate/replicate/offset/memory"
	"github.com/repliqate/repliqate/replicate/offset/redis"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
	"github.com/repliqate/repliqate/replicate/sink/stdout"
)

// parts puts a replicator's parts together. close ends what the replicator does not close itself.
func parts[R any, K replicate.Key](p Program[R, K], c *Config, f flags, name string, log *logger, out io.Writer) (parts replicate.Parts[K], closeAll func(), err error) {
	closeAll = func() {}
	columns := make([]string, len(p.Table.Columns))
	for i, column := range p.Table.Columns {
		columns[i] = column.Name
	}
	err = c.agree(name, generated{table: p.Table.Name, key: p.Table.KeyColumn, regenerate: p.Table.Regenerate,
		fields: p.Table.Fields, columns: columns})
	if err != nil {
		return parts, closeAll, err
	}
	key, err := c.messageKey(name, columns)
	if err != nil {
		return parts, closeAll, err
	}
	parts.Config = c.Loop
	parts.Config.Once = f.once
	builder := replicate.NewBuilder(p.Table, json.New(c.Name, c.Table, p.Table.AppendJSON), key, c.Kafka.DeadLetterTopic != "")
	parts.Source, err = p.NewSource(builder, replicate.SourceConfig{URI: c.URI, Job: c.Name, Settle: c.Settle, Warn: log.warn})
	if err != nil {
		return parts, closeAll, err
	}
	parts.Hooks = log.hooks()
	if c.StatsdAddr != "" {
		client := statsd.New(statsd.Config{Addr: c.StatsdAddr, Job: c.Name, Version: version(), Table: c.Table,
			Topic: c.Kafka.Topic, UnsafeDelay: c.Settle.UnsafeDelay})
		closeAll = func() { _ = client.Close() } // metrics that can't be sent are lost by design
		parts.Hooks = merge(parts.Hooks, statsd.Hooks(client))
	}
	if f.stdout {
		parts.Sink, parts.Store = stdout.New(out), memory.New()
		return parts, closeAll, nil
	}
	sink, err := kafka.New(c.Kafka)
	if err != nil {
		return parts, closeAll, err
	}
	parts.Sink = sink
	return parts, closeAll, stores(&parts, c, sink, log)
}

// stores chooses where the offset is kept.
func stores[K replicate.Key](parts *replicate.Parts[K], c *Config, sink *kafka.Sink, log *logger) error {
	switch {
	case c.Redis.Addr != "":
		store, err := redis.New(c.Redis)
		if err != nil {
			return err
		}
		parts.Store, parts.Witness = store, sink
		if c.Lease != "off" {
			parts.Lease = store
		}
	case c.OffsetFile != "":
		store := file.New(c.OffsetFile)
		parts.Store = store
		if c.Lease != "off" {
			parts.Lease = store
		}
	default:
		log.warn("the offset is kept in memory alone, so each start publishes the table from its first row: set redis_addr or offset_file")
		parts.Store = memory.New()
	}
	return nil
}
