// Package clock prints what the demo does, each line with the time since its begin.
package clock

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// Clock counts from the begin of the demo.
type Clock struct {
	begin time.Time
	live  bool // standard output is a terminal, where a line can be written over

	mu      sync.Mutex
	pending bool      // the last line is to be written over
	last    time.Time // of the last line of Progress
}

// every is how often progress is printed where lines can't be written over.
const every = 5 * time.Second

// New is a clock that began at a time.
func New(begin time.Time) *Clock {
	info, err := os.Stdout.Stat()
	return &Clock{begin: begin, live: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// Begin is when the demo began.
func (c *Clock) Begin() time.Time { return c.begin }

// Step prints a line that stays.
func (c *Clock) Step(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print(fmt.Sprintf(format, args...))
	fmt.Println()
	c.pending = false
}

// Progress prints a line that the next one replaces on a terminal. Elsewhere it is printed every few seconds.
func (c *Clock) Progress(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live {
		c.print("  " + fmt.Sprintf(format, args...))
		c.pending = true
	} else if time.Since(c.last) >= every {
		c.print("  " + fmt.Sprintf(format, args...))
		fmt.Println()
		c.last = time.Now()
	}
}

func (c *Clock) print(text string) {
	if c.pending {
		fmt.Print("\r\x1b[K")
	}
	fmt.Printf("%6.1f s  %s", time.Since(c.begin).Seconds(), text)
}
