package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/repliqate/repliqate/internal/buildinfo"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/job"
	"github.com/repliqate/repliqate/replicate/daemon/internal/joblog"
	"github.com/repliqate/repliqate/replicate/loop"
)

// Summary is what --help says of a command.
type Summary struct{ Name, Usage string }

// Summaries are those of all commands.
func Summaries[R any, K replicate.Key](all []command.Command[R, K]) []Summary {
	out := make([]Summary, len(all))
	for i, c := range all {
		out[i] = Summary{Name: c.Name, Usage: c.Usage}
	}
	return out
}

// Run runs the job until ctx is cancelled or an error ends it, and returns the exit status.
func Run[R any, K replicate.Key](ctx context.Context, p job.Program[R, K], call command.Call, commands []Summary) int {
	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = c.Name
	}
	f, err := parse(call.Args, names)
	table := p.Table
	switch {
	case err != nil:
		call.Complain(err)
		return command.Usage
	case f.IsHelp:
		fmt.Fprint(call.Stdout, Help(call.Binary, table.Name, table.KeyColumn, commands))
		return command.OK
	case f.showVersion:
		fmt.Fprintf(call.Stdout, "%s %s, table %s, schema %s, engine %s, format %d\n", call.Binary, buildinfo.Version(),
			table.Name, table.Fingerprint, p.Engine, table.Format)
		return command.OK
	}
	generated := config.Describe(table)
	c, log, err := command.Configure(f.Options, generated, call.Stderr)
	if err != nil {
		log.Error(err)
		return command.Usage
	}
	return status(replicateTable(ctx, p, c, f, log, call), log)
}

// configured is an error of the configuration, which no run has begun with.
type configured struct{ error }

func (e configured) Unwrap() error { return e.error }

// replicateTable puts the job together and runs it.
func replicateTable[R any, K replicate.Key](
	ctx context.Context, p job.Program[R, K], c *config.Config, f flags, log *joblog.Logger, call command.Call,
) error {
	j, err := job.New(p, c, log, job.Options{Once: f.once, Print: f.stdout, Out: call.Stdout})
	if err != nil {
		return configured{c.Place(err)}
	}
	defer j.Close()
	replicator, err := loop.New(j.Parts)
	if err != nil {
		return configured{c.Place(err)}
	}
	log.Begin(c, joblog.Start{Table: p.Table.Name, Fingerprint: p.Table.Fingerprint, Once: f.once, Print: f.stdout})
	watched, end := context.WithCancel(ctx)
	defer end()
	reload := &reloader{file: f.Config, generated: config.Describe(p.Table), current: c, log: log,
		retune: replicator.Retune}
	reload.watch(watched)
	return replicator.Run(ctx)
}

// status turns the end of a run into an exit status.
func status(err error, log *joblog.Logger) int {
	var wrong configured
	switch {
	case err == nil:
		return command.OK
	case errors.As(err, &wrong):
		log.Error(err)
		return command.Usage
	case errors.Is(err, replicate.ErrOnceGaveUp):
		log.Error(err)
		return command.GaveUp
	}
	log.Error(err)
	return command.Failed
}
