// Package terminal knows whether somebody looks: colour, progress and questions are for a terminal alone.
//
//	terminal.go       whether it is one, colour, and lines that are written over again
//	ask.go            a question before something is changed
//	width_unix.go     how wide it is
//	width_other.go    where that can't be asked
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
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

// defaultWidth is what a terminal has that does not say.
const defaultWidth = 80

// Width is how many columns the terminal w has.
func Width(w any) int {
	f, ok := w.(*os.File)
	if !ok {
		return defaultWidth
	}
	if n := width(f); n > 0 {
		return n
	}
	return defaultWidth
}

// Redraw shows a text in place of the one before, from the terminal's first line on. Each line is cleared behind its
// end, so that nothing flickers.
func Redraw(w io.Writer, text string) error {
	_, err := fmt.Fprintf(w, "\x1b[H%s\x1b[J", strings.ReplaceAll(text, "\n", "\x1b[K\n"))
	return err
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

// barWidth is how many characters a bar has.
const barWidth = 30

// Bar replaces the line with a bar that is filled as far as done is of total, and a text behind it.
func (p *Progress) Bar(done, total int64, format string, args ...any) {
	if total <= 0 {
		return
	}
	filled := int(min(done, total) * barWidth / total)
	bar := strings.Repeat("#", filled) + strings.Repeat("-", barWidth-filled)
	p.Say("[%s] %3d %%  %s", bar, 100*min(done, total)/total, fmt.Sprintf(format, args...))
}

// Say replaces the line, unless that was done just now. What is wider than the terminal is cut off.
func (p *Progress) Say(format string, args ...any) {
	if !p.on || time.Since(p.shown) < progressPause {
		return
	}
	p.shown = time.Now()
	line := []rune(fmt.Sprintf(format, args...))
	fmt.Fprint(p.w, "\r\x1b[K"+string(line[:min(len(line), Width(p.w)-1)]))
}

// End removes the line.
func (p *Progress) End() {
	if p.on && !p.shown.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
