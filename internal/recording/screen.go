package main

import (
	"regexp"
	"strings"
	"time"
)

const (
	pauseMax = 1500 * time.Millisecond // longer ones are cut
	holdEnd  = 6 * time.Second         // for how long the last screen stays
	liveStep = 200 * time.Millisecond  // how often a line may change in the picture
)

// screen is everything that a command has printed: each line with each of its texts.
type screen struct {
	lines    [][]text
	real     time.Duration // of the last output
	shown    time.Duration // the same, without what was cut of pauses
	overdraw bool          // the next text replaces the last line
}

// text is a line's content from a time on, until the next one.
type text struct {
	from  time.Duration
	chars string
}

func newScreen() *screen { return &screen{lines: [][]text{nil}} }

// Sequences that a terminal takes for itself. Only that a line is cleared matters, and it is always written over.
var control = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// print takes what the command has written at a time.
func (s *screen) print(at time.Duration, output string) {
	s.shown += min(at-s.real, pauseMax)
	s.real = at
	output = strings.ReplaceAll(control.ReplaceAllString(output, ""), "\r\n", "\n")
	for output != "" {
		i := strings.IndexAny(output, "\r\n")
		if i < 0 {
			s.write(output)
			return
		}
		s.write(output[:i])
		if output[i] == '\n' {
			s.lines = append(s.lines, nil)
		}
		s.overdraw = output[i] == '\r'
		output = output[i+1:]
	}
}

// write puts characters at the end of the last line, or in place of it.
func (s *screen) write(chars string) {
	if chars == "" {
		return
	}
	line := &s.lines[len(s.lines)-1]
	n := len(*line)
	switch {
	case n == 0:
		*line = append(*line, text{s.shown, chars})
	case !s.overdraw && (*line)[n-1].from == s.shown:
		(*line)[n-1].chars += chars
	case !s.overdraw:
		*line = append(*line, text{s.shown, (*line)[n-1].chars + chars})
	case s.shown-(*line)[n-1].from < liveStep && n > 1:
		(*line)[n-1].chars = chars // too fast for an eye
	default:
		*line = append(*line, text{s.shown, chars})
	}
	s.overdraw = false
}

// end is when the picture begins again.
func (s *screen) end() time.Duration { return s.shown + holdEnd }
