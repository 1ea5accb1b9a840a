// Package gobuild runs the go command in the one flavour in which this repository builds programs: without cgo
// and with trimmed paths, as releases and the generated Dockerfile do. A package that was compiled in another
// flavour is compiled again, so a second one would double the minutes of a first build.
package gobuild

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Env is the environment of a build: this process's, with the flavour. Later settings override earlier ones.
func Env(settings ...string) []string {
	flags := strings.TrimSpace(os.Getenv("GOFLAGS") + " -trimpath")
	return append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="+flags), settings...)
}

// Command is the go command with these arguments, ready to be started.
func Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = Env()
	return cmd
}

// Run runs the go command in a folder. Its error has what the command printed.
func Run(ctx context.Context, dir string, args ...string) error {
	cmd := Command(ctx, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
