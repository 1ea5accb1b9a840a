package job

import (
	"errors"
	"io"
	"os"

	"github.com/repliqate/repliqate/internal/buildinfo"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/joblog"
	"github.com/repliqate/repliqate/replicate/loop"
	"github.com/repliqate/repliqate/replicate/metrics/statsd"
	"github.com/repliqate/repliqate/replicate/offset/memory"
	"github.com/repliqate/repliqate/replicate/sink/stdout"
)

// Program is what a generated main hands over, as daemon.Program has it.
type Program[R any, K replicate.Key] struct {
	Engine    string
	Table     *replicate.Table[R, K]
	NewSource func(b *replicate.Builder[R, K], c replicate.SourceConfig) (replicate.Source[K], error)
}

// Options are what the command line says of a job.
type Options struct {
	Once  bool
	Print bool      // print messages to Out, and touch neither Kafka nor the offset
	Out   io.Writer // standard output
}

// Job is a replicator's parts, and what has to be closed after it.
type Job[K replicate.Key] struct {
	Parts   loop.Parts[K]
	closers []func() error
}

// New puts a job together. Nothing is connected yet.
func New[R any, K replicate.Key](p Program[R, K], c *config.Config, log *joblog.Logger, o Options) (*Job[K], error) {
	j := &Job[K]{}
	j.Parts.Config = c.Loop
	j.Parts.Config.Once = o.Once
	if err := assemble(j, p, c, log, o); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

// assemble makes the parts one after the other.
func assemble[R any, K replicate.Key](
	j *Job[K], p Program[R, K], c *config.Config, log *joblog.Logger, o Options,
) (err error) {
	if j.Parts.Source, err = NewSource(p, c, log); err != nil {
		return err
	}
	j.Parts.Hooks = log.Hooks()
	if c.StatsdAddr != "" {
		j.addStatsd(c)
	}
	if c.HTTP.Addr != "" && !o.Print {
		if err := addPage(j, p, c, log); err != nil {
			return err
		}
	}
	if o.Print {
		j.Parts.Sink, j.Parts.Store = stdout.New(o.Out), memory.New()
		return nil
	}
	sink, err := NewSink(c)
	if err != nil {
		return err
	}
	j.Parts.Sink = sink
	store, err := NewStore(c)
	switch {
	case errors.Is(err, ErrNoStore):
		log.Warn("the offset is kept only in memory, so each start publishes the table from its first row: " +
			"set redis_addr or offset_file")
		j.Parts.Store = memory.New()
		return nil
	case err != nil:
		return err
	}
	j.closers = append(j.closers, store.Close)
	j.Parts.Store, j.Parts.Lease = store.Offsets, store.Lease
	if !store.NeedsWitness {
		return nil
	}
	witness, err := NewWitness(c)
	if err != nil {
		return err
	}
	j.closers = append(j.closers, witness.Close)
	j.Parts.Witness = witness
	return nil
}

func (j *Job[K]) addStatsd(c *config.Config) {
	host, _ := os.Hostname() // a tag: the job runs without it
	client := statsd.New(statsd.Config{Addr: c.StatsdAddr, Job: c.Name, Version: buildinfo.Version(), Table: c.Table,
		Topic: c.Kafka.Topic, Host: host, UnsafeDelay: c.Settle.UnsafeDelay})
	j.closers = append(j.closers, client.Close)
	j.Parts.Hooks = replicate.MergeHooks(j.Parts.Hooks, statsd.Hooks(client))
}

// Close ends what the replicator does not close itself.
func (j *Job[K]) Close() {
	for _, end := range j.closers {
		_ = end() // the job has ended: a connection that can't be closed loses nothing
	}
}
