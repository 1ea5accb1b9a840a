package offset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/job"
	"github.com/repliqate/repliqate/replicate/loop"
	"github.com/repliqate/repliqate/replicate/offset/witness"
)

// Bounds of single questions to the servers. Counting a million rows may take a while.
const (
	answerTimeout = 15 * time.Second
	countTimeout  = 2 * time.Minute
)

// countMax is how many rows are counted at most.
const countMax = 1_000_000

// operator is what the offset command works on.
type operator[K replicate.Key] struct {
	in      io.Reader
	out     io.Writer
	flags   flags
	loop    loop.Config
	name    string // the job's
	table   string
	key     replicate.Column
	source  replicate.Source[K]
	counter replicate.Counter[K]
	store   job.OffsetStore
	lease   replicate.Lease // nil: the lease is off
	witness *witness.Store  // nil: the store has no second copy
	closers []func() error
}

// usage is an error of what the operator has asked for.
func usage(format string, args ...any) error {
	return &command.StatusError{Err: fmt.Errorf(format, args...), Status: command.Usage}
}

// Usage is the command's arguments, for the program's help.
const Usage = "show|set|reset|start-at ..."

// Run runs the command and returns its exit status.
func Run[R any, K replicate.Key](ctx context.Context, p job.Program[R, K], call command.Call) int {
	f, err := parse(call.Args)
	if err != nil {
		call.Complain(err)
		return command.Usage
	}
	if f.IsHelp {
		fmt.Fprintf(call.Stdout, Help, call.Binary, p.Table.Name)
		return command.OK
	}
	o, err := newOperator(p, f, call)
	if err != nil {
		return call.Exit(&command.StatusError{Err: err, Status: command.Usage})
	}
	defer o.close()
	if f.verb == "show" {
		return call.Exit(o.show(ctx))
	}
	return call.Exit(o.change(ctx))
}

// newOperator reads the configuration as a job would. It connects to nothing yet.
func newOperator[R any, K replicate.Key](p job.Program[R, K], f flags, call command.Call) (*operator[K], error) {
	c, log, err := command.Configure(f.Options, config.Describe(p.Table), call.Stderr)
	if err != nil {
		return nil, err
	}
	o := &operator[K]{in: call.Stdin, out: call.Stdout, flags: f, loop: c.Loop.WithDefaults(), name: c.Name,
		table: p.Table.Name}
	i := slices.IndexFunc(p.Table.Columns, func(c replicate.Column) bool { return c.Name == p.Table.KeyColumn })
	if i >= 0 {
		o.key = p.Table.Columns[i]
	}
	if o.source, err = job.NewSource(p, c, log); err != nil {
		return nil, c.Place(err)
	}
	o.closers = append(o.closers, o.source.Close)
	if err := o.connect(c); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

// connect makes what the command works on, beside the source.
func (o *operator[K]) connect(c *config.Config) error {
	store, err := job.NewStore(c)
	switch {
	case errors.Is(err, job.ErrNoStore):
		return fmt.Errorf("%s: this job keeps its offset only in memory, so there is nothing to show or move: "+
			"set redis_addr or offset_file", c.File())
	case err != nil:
		return c.Place(err)
	}
	o.store, o.lease = store.Offsets, store.Lease
	o.closers = append(o.closers, store.Close)
	var canCount bool
	if o.counter, canCount = o.source.(replicate.Counter[K]); !canCount {
		return errors.New("rows of this table can't be counted: upgrade the replicate module and regenerate")
	}
	if !store.NeedsWitness {
		return nil
	}
	if o.witness, err = job.NewWitness(c); err != nil {
		return c.Place(err)
	}
	o.closers = append(o.closers, o.witness.Close)
	return nil
}

// close ends all connections.
func (o *operator[K]) close() {
	for _, end := range o.closers {
		_ = end() // nothing of it is used any more
	}
}
