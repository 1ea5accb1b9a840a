package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	_ "golang.org/x/crypto/x509roots/fallback" // certificate authorities, for images without any

	"github.com/repliqate/repliqate/internal/buildinfo"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop"
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
	binary := filepath.Base(os.Args[0])
	if rest, ok := offsetArguments(args); ok {
		return runOffset(ctx, p, binary, rest, stdout, stderr)
	}
	f, err := parseFlags(args)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, binary+":", err)
		return exitUsage
	case f.isHelp:
		fmt.Fprintf(stdout, help, binary, p.Table.Name, path.Base(p.Table.Name), p.Table.KeyColumn)
		return exitOK
	case f.showVersion:
		fmt.Fprintf(stdout, "%s %s, table %s, schema %s, engine %s, format %d\n", binary, buildinfo.Version(), p.Table.Name,
			p.Table.Fingerprint, p.Engine, p.Table.Format)
		return exitOK
	}
	c, log, err := configure(f, describe(p.Table), stderr)
	if err != nil {
		log.log.Error(err.Error())
		return exitUsage
	}
	parts, closeAll, err := parts(p, c, f, log, stdout)
	defer closeAll()
	if err != nil {
		log.log.Error(c.place(err).Error())
		return exitUsage
	}
	replicator, err := loop.New(parts)
	if err != nil {
		log.log.Error(c.place(err).Error())
		return exitUsage
	}
	log.starting(c, f, describe(p.Table), p.Table.Fingerprint)
	return status(replicator.Run(ctx), log)
}

// configure reads the configuration, which must agree with the generated code, and makes the log that it
// asks for. What it warns of is logged in that, and an error in the log as it is without a configuration.
func configure(f flags, g generated, stderr io.Writer) (*Config, *logger, error) {
	var warnings []string
	c, err := readConfig(f.config, func(msg string) { warnings = append(warnings, msg) })
	log := newLogger(stderr, "auto", f.verbosity, "")
	if err == nil {
		log = newLogger(stderr, c.LogFormat, f.verbosity, c.Name)
		err = c.agree(g)
	}
	for _, w := range warnings {
		log.warn(w)
	}
	return c, log, err
}

// status turns the end of a run into an exit status.
func status(err error, log *logger) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, replicate.ErrOnceGaveUp):
		log.log.Error(oneLine(err))
		return exitGaveUp
	}
	log.log.Error(oneLine(err))
	return exitFailed
}

// oneLine is the text of an error that may be several joined.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
