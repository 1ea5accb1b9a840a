package job

import (
	"context"
	"errors"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/joblog"
	"github.com/repliqate/repliqate/replicate/offset/file"
	"github.com/repliqate/repliqate/replicate/offset/redis"
	"github.com/repliqate/repliqate/replicate/offset/witness"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// NewSource returns the source of the job's rows. It connects when it is opened.
func NewSource[R any, K replicate.Key](p Program[R, K], c *config.Config, log *joblog.Logger) (
	replicate.Source[K], error,
) {
	codec := json.New(c.Name, c.Table, p.Table.AppendJSON)
	builder := replicate.NewBuilder(p.Table, codec, c.MessageKey(), c.Kafka.DeadLetterTopic != "")
	builder.ExplainWith(config.Explain)
	return p.NewSource(builder, replicate.SourceConfig{URI: c.URI, ReadURI: c.ReadURI(), Job: c.Name,
		Settle: c.Settle, Warn: log.Warn})
}

// NewSink returns the sink. It connects when it is opened.
func NewSink(c *config.Config) (*kafka.Sink, error) { return kafka.New(c.Kafka) }

// NewWitness returns the second copy of the offset. It connects when it is first used.
func NewWitness(c *config.Config) (*witness.Store, error) {
	return witness.New(witness.Config{Kafka: c.Kafka, Group: c.WitnessGroup})
}

// OffsetStore is an offset store that an operator can look into and change.
type OffsetStore interface {
	replicate.OffsetStore
	Force(ctx context.Context, o replicate.Offset) error
	Holder(ctx context.Context) (string, error)
	Where() string
}

// Store is where a job keeps its offset.
type Store struct {
	Offsets      OffsetStore
	Lease        replicate.Lease // nil: the lease is off
	NeedsWitness bool            // it can lose its data, so a second copy is kept
	Close        func() error
}

// ErrNoStore says that the configuration names no store.
var ErrNoStore = errors.New("neither redis_addr nor offset_file is set")

// NewStore returns the store that the configuration names, or ErrNoStore.
func NewStore(c *config.Config) (s Store, err error) {
	switch {
	case c.Redis.Addr != "":
		store, err := redis.New(c.Redis)
		if err != nil {
			return s, err
		}
		s = Store{Offsets: store, Lease: store, NeedsWitness: true, Close: store.Close}
	case c.OffsetFile != "":
		store := file.New(c.OffsetFile)
		s = Store{Offsets: store, Lease: store, Close: func() error { return nil }}
	default:
		return s, ErrNoStore
	}
	if !c.HasLease() {
		s.Lease = nil
	}
	return s, nil
}
