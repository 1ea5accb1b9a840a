// Command recording runs a command in a terminal and writes what it prints as an animated SVG, which needs no script
// and no player, follows the reader's light or dark theme, and ends as a picture of the last screen where nothing
// moves. make recording makes docs/demo.svg of the demo with it.
//
//	go run ./internal/recording -out docs/demo.svg make demo
//
// The terminal comes from util-linux's script. Times between lines are real, but a pause is cut to a second and a half.
//
//	main.go    running the command
//	screen.go  what is on the screen, and for how long
//	svg.go     the picture
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"
)

func main() {
	out := flag.String("out", "", "the file to write")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "recording:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string, command []string) error {
	if out == "" || len(command) == 0 {
		return errors.New("expected -out FILE and a command")
	}
	line := strings.Join(command, " ")
	s, err := record(ctx, line)
	if err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	return os.WriteFile(out, s.svg(), 0o644)
}

// record runs a command line in a terminal and returns all that was on its screen.
func record(ctx context.Context, line string) (*screen, error) {
	cmd := exec.CommandContext(ctx, "script", "--quiet", "--flush", "--return", "--command", line, os.DevNull)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w: the recording needs script, of util-linux", err)
	}
	s := newScreen()
	s.print(0, "$ "+line+"\n")
	begin, buffer := time.Now(), make([]byte, 4096)
	for {
		n, err := output.Read(buffer)
		s.print(time.Since(begin), string(buffer[:n]))
		if err != nil {
			break // the end: Wait says whether it is a good one
		}
	}
	return s, cmd.Wait()
}
