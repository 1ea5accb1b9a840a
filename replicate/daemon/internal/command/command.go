package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/job"
	"github.com/repliqate/repliqate/replicate/daemon/internal/joblog"
)

// Exit statuses, as --help documents them.
const (
	OK     = 0
	Failed = 1
	Usage  = 2
	GaveUp = 3
)

// Call is how the program was called.
type Call struct {
	Binary         string   // the program's name
	Args           []string // without the name of the command
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Complain writes an error to standard error.
func (c Call) Complain(err error) { fmt.Fprintln(c.Stderr, c.Binary+":", config.Explain(err)) }

// Command is one of the program's commands.
type Command[R any, K replicate.Key] struct {
	Name  string
	Usage string // its arguments, for the program's --help
	Help  string // what its own --help prints; %[1]s is the program, %[2]s its table
	Run   func(ctx context.Context, p job.Program[R, K], call Call) (status int)
}

// Cut finds the first argument that is the name of a command and returns the other arguments.
func Cut(args, names []string) (name string, rest []string, found bool) {
	for i, arg := range args {
		isPath := i > 0 && strings.TrimLeft(args[i-1], "-") == "config"
		if slices.Contains(names, arg) && !isPath {
			return arg, slices.Concat(args[:i], args[i+1:]), true
		}
	}
	return "", args, false
}

// StatusError ends a command with an exit status of its own.
type StatusError struct {
	Err    error
	Status int
}

func (e *StatusError) Error() string { return e.Err.Error() }

func (e *StatusError) Unwrap() error { return e.Err }

// Exit writes a command's error, if there is one, and returns its exit status.
func (c Call) Exit(err error) int {
	if err == nil {
		return OK
	}
	c.Complain(err)
	var own *StatusError
	if errors.As(err, &own) {
		return own.Status
	}
	return Failed
}

// Configure reads the configuration, which must agree with the generated code, and makes the log that it asks for.
// Its warnings are logged. If it can't be read, the log is the one of no configuration.
func Configure(o Options, g config.Generated, stderr io.Writer) (*config.Config, *joblog.Logger, error) {
	var warnings []string
	c, err := config.Read(o.Config, func(msg string) { warnings = append(warnings, msg) })
	log := joblog.New(stderr, "auto", o.Verbosity, "")
	if err == nil {
		log = joblog.New(stderr, c.LogFormat, o.Verbosity, c.Name)
		err = c.Agree(g)
	}
	for _, w := range warnings {
		log.Warn(w)
	}
	return c, log, err
}
