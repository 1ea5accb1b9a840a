package daemon

import (
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	_ "golang.org/x/crypto/x509roots/fallback" // certificate authorities, for images without any

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command/check"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command/manual"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command/offset"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command/republish"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command/run"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command/status"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command/tail"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command/verify"
	"github.com/repliqate/repliqate/replicate/daemon/internal/job"
)

// Program is what a generated main hands over.
type Program[R any, K replicate.Key] struct {
	Engine    string
	Table     *replicate.Table[R, K]
	NewSource func(b *replicate.Builder[R, K], c replicate.SourceConfig) (replicate.Source[K], error)
}

// commands are the program's commands. A new one is a package below internal/command and a line here.
func commands[R any, K replicate.Key]() []command.Command[R, K] {
	all := []command.Command[R, K]{
		{Name: "check", Usage: check.Usage, Help: check.Help, Run: check.Run[R, K]},
		{Name: "offset", Usage: offset.Usage, Help: offset.Help, Run: offset.Run[R, K]},
		{Name: "republish", Usage: republish.Usage, Help: republish.Help, Run: republish.Run[R, K]},
		{Name: "status", Usage: status.Usage, Help: status.Help, Run: status.Run[R, K]},
		{Name: "tail", Usage: tail.Usage, Help: tail.Help, Run: tail.Run[R, K]},
		{Name: "verify", Usage: verify.Usage, Help: verify.Help, Run: verify.Run[R, K]},
	}
	return append(all, manual.Commands(all, help[R, K])...)
}

// help is the program's own.
func help[R any, K replicate.Key](p job.Program[R, K], binary string, all []command.Command[R, K]) string {
	return run.Help(binary, p.Table.Name, p.Table.KeyColumn, run.Summaries(all))
}

// Main runs the program and exits. The first SIGTERM or SIGINT stops it gracefully, the second at once.
func Main[R any, K replicate.Key](p Program[R, K]) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		cancel()
		if second := <-signals; second == syscall.SIGINT {
			os.Exit(130)
		}
		os.Exit(143)
	}()
	os.Exit(Run(ctx, p, os.Args[1:], os.Stdout, os.Stderr))
}

// Run runs the program until ctx is cancelled or an error ends it, and returns its exit status.
func Run[R any, K replicate.Key](ctx context.Context, p Program[R, K], args []string, stdout, stderr io.Writer) int {
	call := command.Call{Binary: filepath.Base(os.Args[0]), Args: args, Stdin: os.Stdin, Stdout: stdout, Stderr: stderr}
	program := job.Program[R, K](p)
	all := commands[R, K]()
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.Name
	}
	name, rest, found := command.Cut(args, names)
	if !found {
		return run.Run(ctx, program, call, run.Summaries(all))
	}
	call.Args = rest
	for _, c := range all {
		if c.Name == name {
			return c.Run(ctx, program, call)
		}
	}
	return command.Usage
}
