// Command gotest runs go test with the arguments that it is given, prints a line for each package, what failed
// in full, and at the end what was left out, why, and how much passed. On CI a test that is left out fails the run,
// unless it belongs to the long form that make soak runs.
//
//	main.go     running go test
//	report.go   from its events to lines
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	begin := time.Now()
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r := newReport(out)
	read := r.read(json.NewDecoder(events))
	err = errors.Join(read, cmd.Wait())
	r.summary(time.Since(begin))
	if err == nil && os.Getenv("CI") != "" {
		err = r.strict()
	}
	return err
}
