package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/repliqate/repliqate/examples/demo/clock"
	"github.com/repliqate/repliqate/internal/gobuild"
)

// build is one go build of several programs into dir.
type build struct {
	clock      *clock.Clock
	dir        string
	background bool // it leaves the processor to others, and says nothing before show

	mu       sync.Mutex
	begin    time.Time
	packages int    // that were compiled, or are being
	now      string // what it is doing
	shown    bool
}

// run builds the programs. Its error has what the compiler said.
func (b *build) run(ctx context.Context, programs ...string) error {
	b.begin, b.shown = time.Now(), !b.background
	cmd := gobuild.Command(ctx, append([]string{"build", "-v", "-ldflags=-s -w", "-o", b.dir + "/"}, programs...)...)
	if nice, err := exec.LookPath("nice"); err == nil && b.background {
		cmd.Args = append([]string{"nice", "-n", "10", cmd.Path}, cmd.Args[1:]...)
		cmd.Path = nice
	}
	said, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("build %s: %w", strings.Join(programs, ", "), err)
	}
	var problems []string
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if line := lines.Text(); !b.note(line) {
			problems = append(problems, line)
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", strings.Join(programs, ", "), errors.Join(ctx.Err(), err),
			strings.Join(problems, "\n"))
	}
	return nil
}

// note takes a line that go build -v prints: the name of a package that it compiles, or of a module that it
// downloads. It reports whether the line was one of these.
func (b *build) note(line string) bool {
	module, downloading := strings.CutPrefix(line, "go: downloading ")
	if !downloading && strings.ContainsAny(line, " :") {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if downloading {
		b.now = "downloading " + module
	} else {
		b.packages++
		b.now = "compiling " + line
	}
	b.print()
	return true
}

// show says from now on what is being built.
func (b *build) show() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown = true
	b.print()
}

func (b *build) print() {
	if b.shown && b.now != "" {
		b.clock.Progress("packages compiled: %d, now %s", b.packages, b.now)
	}
}

// did says what was built.
func (b *build) did() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.packages == 0 {
		return "nothing, as all of it is cached"
	}
	return fmt.Sprintf("packages: %d, in %.0f s", b.packages, time.Since(b.begin).Seconds())
}
