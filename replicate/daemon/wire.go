package daemon

import (
	"errors"
	"io"
	"os"

	"github.com/repliqate/repliqate/internal/buildinfo"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
	"github.com/repliqate/repliqate/replicate/loop"
	"github.com/repliqate/repliqate/replicate/metrics/statsd"
	"github.com/repliqate/repliqate/replicate/offset/file"
	"github.com/repliqate/repliqate/replicate/offset/memory"
	"github.com/repliqate/repliqate/replicate/offset/redis"
	"github.com/repliqate/repliqate/replicate/offset/witness"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
	"github.com/repliqate/repliqate/replicate/sink/stdout"
)

// parts puts a replicator's parts together. closeAll ends what the replicator does not close itself, and
// is never nil.
func parts[R any, K replicate.Key](p Program[R, K], c *Config, f flags, log *logger, out io.Writer) (
	parts loop.Parts[K], closeAll func(), err error,
) {
	var closers []func() error
	closeAll = func() {
		for _, end := range closers {
			_ = end() // the job has ended: a connection that can't be closed loses nothing
		}
	}
	parts.Config = c.Loop
	parts.Config.Once = f.once
	codec := json.New(c.Name, c.Table, p.Table.AppendJSON)
	builder := replicate.NewBuilder(p.Table, codec, c.messageKey, c.Kafka.DeadLetterTopic != "")
	source := replicate.SourceConfig{URI: c.URI, Job: c.Name, Settle: c.Settle, Warn: log.warn}
	parts.Source, err = p.NewSource(builder, source)
	if err != nil {
		return parts, closeAll, err
	}
	parts.Hooks = log.hooks()
	if c.StatsdAddr != "" {
		host, _ := os.Hostname() // a tag: the job runs without it
		client := statsd.New(statsd.Config{Addr: c.StatsdAddr, Job: c.Name, Version: buildinfo.Version(), Table: c.Table,
			Topic: c.Kafka.Topic, Host: host, UnsafeDelay: c.Settle.UnsafeDelay})
		closers = append(closers, client.Close)
		parts.Hooks = replicate.MergeHooks(parts.Hooks, statsd.Hooks(client))
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
	end, err := stores(&parts, c, log)
	closers = append(closers, end)
	return parts, closeAll, err
}

// stores chooses where the offset is kept. The function that it returns closes the store.
func stores[K replicate.Key](parts *loop.Parts[K], c *Config, log *logger) (
	end func() error, err error,
) {
	nothing := func() error { return nil }
	switch {
	case c.Redis.Addr != "":
		store, err := redis.New(c.Redis)
		if err != nil {
			return nothing, err
		}
		copied, err := witness.New(witness.Config{Kafka: c.Kafka, Group: c.WitnessGroup})
		if err != nil {
			return store.Close, err
		}
		parts.Store, parts.Witness = store, copied
		if c.Lease != "off" {
			parts.Lease = store
		}
		return func() error { return errors.Join(store.Close(), copied.Close()) }, nil
	case c.OffsetFile != "":
		store := file.New(c.OffsetFile)
		parts.Store = store
		if c.Lease != "off" {
			parts.Lease = store
		}
	default:
		log.warn("the offset is kept in memory alone, so each start publishes the table from its first row: " +
			"set redis_addr or offset_file")
		parts.Store = memory.New()
	}
	return nothing, nil
}
