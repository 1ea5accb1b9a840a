// Package status is the command that says where a job is, from its store and its source, so also while it is down.
package status

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/job"
)

// Usage is the command's arguments, for the program's help.
const Usage = "[--json]"

// Help is what --help prints: %[1]s is the program, %[2]s its table.
const Help = `%[1]s status says where the job of table %[2]s is. It need not run.

Usage: %[1]s status [--config PATH] [--json]

Options:
  --config PATH   configuration file (default config.yaml)
  --json          print it as JSON (docs/commands.md)
  --help          print this, and exit

Exit statuses:
  0   shown
  1   a server did not answer; what the others say is shown
  2   wrong options or configuration
`

// Bounds of the questions to one server, and of counting.
const (
	timeout  = 20 * time.Second
	countMax = 1_000_000
)

// Report is the form of --json.
type Report struct {
	Version    int      `json:"version"`
	Job        string   `json:"job"`
	Table      string   `json:"table"`
	Offset     string   `json:"offset,omitempty"`
	Holder     string   `json:"lease_holder,omitempty"`
	NewestKey  string   `json:"newest_key,omitempty"`
	DrawnKey   string   `json:"drawn_key,omitempty"`
	Behind     *int     `json:"rows_behind,omitempty"` // missing if it is not known
	BehindMore bool     `json:"rows_behind_more,omitempty"`
	Holders    []string `json:"horizon_holders,omitempty"` // transactions that hold rows back now
	Errors     []string `json:"errors,omitempty"`
}

// Run runs the command and returns its exit status.
func Run[R any, K replicate.Key](ctx context.Context, p job.Program[R, K], call command.Call) int {
	o, asJSON := command.Defaults(), false
	words, err := o.Parse("status", call.Args, []command.Flag{{Name: "--json", On: &asJSON}})
	if err == nil && !o.IsHelp {
		err = command.NoWords("status", words)
	}
	switch {
	case err != nil:
		call.Complain(err)
		return command.Usage
	case o.IsHelp:
		fmt.Fprintf(call.Stdout, Help, call.Binary, p.Table.Name)
		return command.OK
	}
	c, log, err := command.Configure(o, config.Describe(p.Table), call.Stderr)
	if err != nil {
		return call.Exit(&command.StatusError{Err: err, Status: command.Usage})
	}
	source, err := job.NewSource(p, c, log)
	if err != nil {
		return call.Exit(&command.StatusError{Err: c.Place(err), Status: command.Usage})
	}
	defer source.Close() // it was only read
	r := Report{Version: 1, Job: c.Name, Table: p.Table.Name}
	r.ask(ctx, c, func(ctx context.Context) error { return look(ctx, source, &r) })
	if len(r.Errors) == 0 {
		within, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		r.failed(count(within, source, &r))
	}
	return r.print(call, asJSON)
}

func (r *Report) failed(err error) {
	if err != nil {
		r.Errors = append(r.Errors, config.Explain(err))
	}
}

// ask asks store and source at the same time.
func (r *Report) ask(ctx context.Context, c *config.Config, look func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var all sync.WaitGroup
	var sourceErr error
	all.Go(func() { sourceErr = look(ctx) })
	r.failed(r.askStore(ctx, c))
	all.Wait()
	r.failed(sourceErr)
}

func (r *Report) askStore(ctx context.Context, c *config.Config) error {
	s, err := job.NewStore(c)
	if err != nil {
		return c.Place(err)
	}
	defer s.Close() // it was only read
	o, err := s.Offsets.Load(ctx)
	if err != nil {
		return err
	}
	r.Offset = o.Key
	r.Holder, err = s.Offsets.Holder(ctx)
	return err
}

// look reads the newest keys, and who holds the horizon back.
func look[K replicate.Key](ctx context.Context, source replicate.Source[K], r *Report) error {
	if err := source.Open(ctx, replicate.Offset{}); err != nil {
		return err
	}
	var page replicate.Page[K]
	var holders []string
	_, err := source.Poll(ctx, replicate.PollRequest[K]{MaxRows: 1, MaxBytes: 1,
		OnFence: func(f replicate.Fence[K]) replicate.Bound[K] {
			holders = append(holders, f.Holders...)
			return replicate.Bound[K]{} // no row is used
		}}, &page)
	if err != nil {
		return err
	}
	r.Holders = holders
	if d, ok := source.(replicate.HolderDescriber); ok && len(holders) > 0 {
		if lines, err := d.DescribeHolders(ctx, holders); err == nil && len(lines) > 0 {
			r.Holders = lines
		}
	}
	counter, ok := source.(replicate.Counter[K])
	if !ok {
		return nil
	}
	e, err := counter.Extent(ctx)
	if e.HasHighest {
		r.NewestKey = replicate.KeyText(e.Highest)
	}
	if e.HasDrawn {
		r.DrawnKey = replicate.KeyText(e.Drawn)
	}
	return err
}

// count counts the rows beyond the offset.
func count[K replicate.Key](ctx context.Context, source replicate.Source[K], r *Report) (err error) {
	counter, ok := source.(replicate.Counter[K])
	if !ok {
		return nil
	}
	var beyond replicate.KeyRange[K]
	if r.Offset != "" {
		beyond.HasAfter = true
		if beyond.After, err = replicate.ParseKey[K](r.Offset); err != nil {
			return fmt.Errorf("the offset %.40q is no key of this table", r.Offset)
		}
	}
	n, err := counter.CountRows(ctx, beyond, countMax+1)
	if err != nil {
		return err
	}
	r.BehindMore, n = n > countMax, min(n, countMax)
	r.Behind = &n
	return nil
}

// print writes the report and returns the exit status.
func (r *Report) print(call command.Call, asJSON bool) int {
	status := command.OK
	if len(r.Errors) > 0 {
		status = command.Failed
	}
	if asJSON {
		encoder := json.NewEncoder(call.Stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(r); err != nil {
			return call.Exit(err)
		}
		return status
	}
	line := func(label, text string) {
		if text == "" {
			text = "none, or not known"
		}
		fmt.Fprintf(call.Stdout, "%-9s%s\n", label, text)
	}
	line("job", r.Job+", table "+r.Table)
	line("offset", r.Offset)
	line("newest", r.NewestKey)
	line("drawn", r.DrawnKey)
	behind := "not known"
	if r.Behind != nil {
		behind = strconv.Itoa(*r.Behind) + " rows"
		if r.BehindMore {
			behind = "more than " + behind
		}
	}
	line("behind", behind)
	line("lease", r.Holder)
	for _, h := range r.Holders {
		line("held by", h)
	}
	for _, e := range r.Errors {
		line("error", e)
	}
	return status
}
