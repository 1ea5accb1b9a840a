// Package terminal knows whether somebody looks: colour, progress and questions are for a terminal alone.
package terminal

import (
	"fmt"
	"io"
	"os"
	"time"
)

// Is reports whether w, or a reader, is a terminal.
func Is(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull
}

// Colour is what a text is painted with.
type Colour string

// The colours, by what they mean.
const (
	Good    Colour = "\x1b[32m"
	Warning Colour = "\x1b[33m"
	Bad     Colour = "\x1b[31m"
	Faint   Colour = "\x1b[2m"
)

// Paint paints a text where w is a terminal and NO_COLOR is not set.
func Paint(w io.Writer, c Colour, text string) string {
	if !Is(w) || os.Getenv("NO_COLOR") != "" {
		return text
	}
	return string(c) + text + "\x1b[0m"
}

// progressPause is the shortest time between two lines of progress.
const progressPause = 200 * time.Millisecond

// Progress is a line that is written over again on a terminal, and nothing elsewhere.
type Progress struct {
	w     io.Writer
	on    bool
	shown time.Time
}

// NewProgress returns a line of progress on w.
func NewProgress(w io.Writer) *Progress { return &Progress{w: w, on: Is(w)} }

// Say replaces the line, unless that was done just now.
func (p *Progress) Say(format string, args ...any) {
	if !p.on || time.Since(p.shown) < progressPause {
		return
	}
	p.shown = time.Now()
	fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
}

// End removes the line.
func (p *Progress) End() {
	if p.on && !p.shown.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
