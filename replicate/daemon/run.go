package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	_ "golang.org/x/crypto/x509roots/fallback" // certificate authorities, for images without any

	"github.com/repliqate/repliqate/replicate"
)

// Program is what a generated main hands over.
type Program[R any, K replicate.Key] struct {
	Engine    string
	Table     *replicate.Table[R, K]
	NewSource func(b *replicate.Builder[R, K], c replicate.SourceConfig) (replicate.Source[K], error)
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
	binary := "repliqate-" + filepath.Base(p.Table.Name)
	if rest, ok := offsetArguments(args); ok {
		return runOffset(ctx, p, binary, rest, stdout, stderr)
	}
	f, err := parseFlags(args)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, binary+":", err)
		return exitUsage
	case f.isHelp:
		fmt.Fprintf(stdout, help, binary, p.Table.Name)
		return exitOK
	case f.showVersion:
		fmt.Fprintf(stdout, "%s %s, table %s, schema %s, engine %s, format %d\n", binary, version(), p.Table.Name,
			p.Table.Fingerprint, p.Engine, p.Table.Format)
		return exitOK
	}
	early := newLogger(stderr, "auto", f.verbosity, "")
	c, err := readConfig(f.config, early.warn)
	if err != nil {
		early.log.Error(err.Error())
		return exitUsage
	}
	log := newLogger(stderr, c.LogFormat, f.verbosity, c.Name)
	parts, closeAll, err := parts(p, c, f, f.config, log, stdout)
	if err != nil {
		log.log.Error(err.Error())
		return exitUsage
	}
	defer closeAll()
	if c.Settle.UnsafeDelay > 0 {
		log.warn("settle.unsafe_delay_sec is set: rows of transactions that stay open for longer than " +
			c.Settle.UnsafeDelay.String() + " are lost without a trace")
	}
	replicator, err := replicate.New(parts)
	if err != nil {
		log.log.Error(f.config + ": " + err.Error())
		return exitUsage
	}
	return status(replicator.Run(ctx), log)
}

// status turns the end of a run into an exit status.
func status(err error, log *logger) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, replicate.ErrOnceGaveUp):
		log.log.Error(err.Error() + "; what was settled is published and committed")
		return exitGaveUp
	}
	log.log.Error(err.Error())
	return exitFailed
}

// version is that of the replicate module.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Path == modulePath && info.Main.Version != "" {
		return info.Main.Version
	}
	for _, m := range info.Deps {
		if m.Path == modulePath {
			return m.Version
		}
	}
	return "(devel)"
}

const modulePath = "github.com/repliqate/repliqate"
