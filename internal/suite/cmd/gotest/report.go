package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/repliqate/repliqate/internal/suite"
)

// event is one line of go test -json: see go doc test2json.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64 // seconds
}

// report collects the events of a run.
type report struct {
	out    io.Writer
	output map[string]*strings.Builder // by package and test, until it has ended
	passed map[string]bool             // tests; a test with subtests counts by these
	failed map[string]bool
	left   map[string][]string // tests that were left out, by reason
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: map[string]*strings.Builder{}, passed: map[string]bool{},
		failed: map[string]bool{}, left: map[string][]string{}}
}

func (r *report) read(events *json.Decoder) error {
	for {
		var e event
		if err := events.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read what go test prints: %w", err)
		}
		r.add(e)
	}
}

func (r *report) add(e event) {
	name := e.Package + e.ImportPath + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		if r.output[name] == nil {
			r.output[name] = &strings.Builder{}
		}
		r.output[name].WriteString(e.Output)
		return
	case "pass", "fail", "skip", "build-fail":
	default:
		return
	}
	said := ""
	if o := r.output[name]; o != nil {
		said = o.String()
		delete(r.output, name)
	}
	if e.Test == "" {
		r.endPackage(e, said)
		return
	}
	// A test whose subtests have ended is counted by them, unless it fails.
	switch _, parent := r.output[name+" has subtests"]; {
	case e.Action == "fail":
		r.failed[name] = true
		fmt.Fprint(r.out, said)
	case e.Action == "skip":
		r.left[reason(said)] = append(r.left[reason(said)], strings.TrimSpace(name))
	case !parent:
		r.passed[name] = true
	}
	if above := strings.LastIndex(e.Test, "/"); above >= 0 {
		r.output[e.Package+" "+e.Test[:above]+" has subtests"] = &strings.Builder{}
	}
}

// endPackage prints the line of a package, and everything that it has printed if it failed.
func (r *report) endPackage(e event, said string) {
	switch e.Action {
	case "build-fail":
		fmt.Fprintf(r.out, "FAIL %s does not build\n%s", e.ImportPath, said)
	case "fail":
		fmt.Fprintf(r.out, "FAIL %6.1f s  %s\n%s", e.Elapsed, e.Package, said)
	case "pass":
		note := ""
		if strings.Contains(said, "(cached)") {
			note = " (cached)"
		}
		fmt.Fprintf(r.out, "ok   %6.1f s  %s%s\n", e.Elapsed, e.Package, note)
	}
}

// reason is the text of the call to Skip: the last line that a test prints before it is left out is
// "    file.go:12: reason", and then "--- SKIP" follows.
func reason(said string) string {
	for _, line := range slices.Backward(strings.Split(said, "\n")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "===") {
			continue
		}
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			if _, text, ok := strings.Cut(text, ": "); ok {
				return text
			}
		}
		return line
	}
	return "no reason given"
}

// summary says what was left out, and counts. Its last line is read by machines too.
func (r *report) summary(took time.Duration) {
	skipped := 0
	if len(r.left) > 0 {
		fmt.Fprintln(r.out, "left out:")
	}
	for _, why := range slices.Sorted(maps.Keys(r.left)) {
		tests := r.left[why]
		skipped += len(tests)
		packages := map[string]bool{}
		for _, t := range tests {
			name, _, _ := strings.Cut(t, " ")
			packages[strings.TrimPrefix(name, "github.com/repliqate/repliqate/")] = true
		}
		fmt.Fprintf(r.out, "  %3d  %s: %s\n", len(tests), why,
			strings.Join(slices.Sorted(maps.Keys(packages)), ", "))
	}
	for why := range r.left {
		if strings.HasPrefix(why, suite.Unavailable) {
			fmt.Fprintf(r.out, "\n!!! %d TESTS DID NOT RUN, %s\n\n", len(r.left[why]), why)
		}
	}
	fmt.Fprintf(r.out, "in %.0f s:\n%d passed, %d failed, %d skipped\n", took.Seconds(), len(r.passed), len(r.failed),
		skipped)
}

// strict finds tests that were left out though they are not of the long form, and their server can be had.
func (r *report) strict() error {
	for why, tests := range r.left {
		if !strings.HasPrefix(why, suite.LongForm) && !strings.HasPrefix(why, suite.Unavailable) {
			return fmt.Errorf("CI runs every test, and these were left out (%s): %s", why, strings.Join(tests, ", "))
		}
	}
	return nil
}
