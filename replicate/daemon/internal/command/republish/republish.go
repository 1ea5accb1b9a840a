// Package republish is the command that publishes rows again, beside the running job. The offset is not touched.
package republish

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/job"
	"github.com/repliqate/repliqate/replicate/daemon/internal/topic"
)

// Usage is the command's arguments, for the program's help.
const Usage = "KEY..KEY ..."

// Help is what --help prints: %[1]s is the program, %[2]s its table.
const Help = `%[1]s republish publishes rows of table %[2]s again, in key order, beside the running job.

Usage: %[1]s republish KEY..KEY [--config PATH] [options]
       %[1]s republish --from-file FILE ...

Only rows up to the job's offset are published, as they are now. The offset is not touched. Each message has the
header ` + topic.RepublishedHeader + `.

Options:
  --config PATH     configuration file (default config.yaml)
  --from-file FILE  a key or KEY..KEY per line, ascending, as verify --keys writes
  --rate N          rows a second at most (default 1000)
  --dry-run         count the rows, and publish nothing
  --help            print this, and exit

Exit statuses:
  0   published, or counted
  1   a server did not answer: the message says after which key
  2   wrong options or configuration
`

type flags struct {
	command.Options
	file   string
	rate   int
	dryRun bool
	words  []string
}

// pageBytes and timeout bound one page.
const (
	pageBytes = 4 << 20
	timeout   = time.Minute
)

// Run runs the command and returns its exit status.
func Run[R any, K replicate.Key](ctx context.Context, p job.Program[R, K], call command.Call) int {
	f := flags{Options: command.Defaults(), rate: 1000}
	var err error
	f.words, err = f.Parse("republish", call.Args, []command.Flag{
		{Name: "--from-file", Set: func(v string) error { f.file = v; return nil }},
		{Name: "--rate", Set: command.Number(&f.rate)},
		{Name: "--dry-run", On: &f.dryRun},
	})
	if err == nil && f.IsHelp {
		fmt.Fprintf(call.Stdout, Help, call.Binary, p.Table.Name)
		return command.OK
	}
	var ranges []command.KeyRange[K]
	if err == nil {
		ranges, err = parse[K](f)
	}
	if err != nil {
		call.Complain(err)
		return command.Usage
	}
	c, log, err := command.Configure(f.Options, config.Describe(p.Table), call.Stderr)
	if err != nil {
		return call.Exit(&command.StatusError{Err: err, Status: command.Usage})
	}
	w := worker[K]{flags: f, config: c}
	c.Kafka.Mark = topic.RepublishedHeader
	if w.source, err = job.NewSource(p, c, log); err != nil {
		return call.Exit(&command.StatusError{Err: c.Place(err), Status: command.Usage})
	}
	defer w.source.Close() // it was only read
	err = w.run(ctx, ranges)
	done := "published again"
	if f.dryRun {
		done = "would be published again"
	}
	fmt.Fprintf(call.Stdout, "%d rows %s\n", w.rows, done)
	if err != nil && w.last != "" {
		err = fmt.Errorf("%w; the last row that was published again has key %s", err, w.last)
	}
	return call.Exit(err)
}

// parse reads the ranges of the command line or of the file.
func parse[K replicate.Key](f flags) (all []command.KeyRange[K], err error) {
	if (len(f.words) == 0) == (f.file == "") {
		return nil, errors.New("republish: expected KEY..KEY or --from-file FILE; see republish --help")
	}
	for _, word := range f.words {
		if all, err = add(all, word); err != nil {
			return nil, err
		}
	}
	if f.file == "" {
		return all, nil
	}
	file, err := os.Open(f.file)
	if err != nil {
		return nil, fmt.Errorf("--from-file: %w", err)
	}
	defer file.Close() // it was only read
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if all, err = add(all, strings.TrimSpace(lines.Text())); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", f.file, n, err)
		}
	}
	return all, lines.Err()
}

// add adds a range. One that goes on where the last ends is joined with it.
func add[K replicate.Key](all []command.KeyRange[K], text string) ([]command.KeyRange[K], error) {
	r, err := command.ParseKeys[K](text)
	switch n := len(all); {
	case err != nil:
		return nil, err
	case n > 0 && r.From <= all[n-1].To:
		return nil, fmt.Errorf("%.40q: expected keys in ascending order", text)
	case n > 0 && r.From == all[n-1].To+1:
		all[n-1].To = r.To
		return all, nil
	}
	return append(all, r), nil
}

// worker publishes ranges.
type worker[K replicate.Key] struct {
	flags  flags
	config *config.Config
	source replicate.Source[K]
	sink   replicate.Sink
	page   replicate.Page[K]
	most   int // bytes of a message
	rows   int
	last   string
}

func (w *worker[K]) run(ctx context.Context, ranges []command.KeyRange[K]) error {
	offset, err := w.offset(ctx)
	if err != nil {
		return err
	}
	if err := w.source.Open(ctx, replicate.Offset{}); err != nil {
		return err
	}
	if !w.flags.dryRun {
		sink, err := job.NewSink(w.config)
		if err != nil {
			return err
		}
		defer sink.Close() // every page was acknowledged
		info, err := sink.Open(ctx)
		if err != nil {
			return err
		}
		w.sink, w.most = sink, info.MaxMessageBytes
	}
	for _, r := range ranges {
		if err := w.publish(ctx, command.KeyRange[K]{From: r.From, To: min(r.To, offset)}); err != nil {
			return err
		}
	}
	return nil
}

// offset is the job's: rows above it are the job's to publish, once they are settled.
func (w *worker[K]) offset(ctx context.Context) (key K, err error) {
	store, err := job.NewStore(w.config)
	if err != nil {
		return key, w.config.Place(err)
	}
	defer store.Close() // it was only read
	o, err := store.Offsets.Load(ctx)
	if err == nil && o.IsZero() {
		err = errors.New("the job has no offset, so there is nothing to publish again")
	}
	if err != nil {
		return key, err
	}
	return replicate.ParseKey[K](o.Key)
}

// publish publishes a range page by page, each acknowledged before the next is read.
func (w *worker[K]) publish(ctx context.Context, r command.KeyRange[K]) error {
	req := replicate.PollRequest[K]{After: r.From - 1, HasAfter: r.From != command.SmallestKey[K](),
		MaxRows: w.flags.rate, MaxBytes: pageBytes, MaxMessageBytes: w.most,
		OnFence: func(replicate.Fence[K]) replicate.Bound[K] {
			return replicate.Bound[K]{Key: r.To, Kind: replicate.BoundUpTo}
		}}
	for more := r.From <= r.To; more; {
		result, err := w.source.Poll(ctx, req, &w.page)
		if err != nil {
			return err
		}
		more = result.More
		if w.page.Len() == 0 {
			return nil
		}
		pause := time.Duration(w.page.Len()) * time.Second / time.Duration(w.flags.rate)
		if err := w.send(ctx); err != nil {
			return err
		}
		w.rows, req.After, req.HasAfter = w.rows+w.page.Len(), w.page.Last, true
		if w.flags.dryRun {
			continue
		}
		w.last = replicate.KeyText(w.page.Last)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil
}

func (w *worker[K]) send(ctx context.Context) error {
	if w.flags.dryRun {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	done := make(chan error, 1)
	w.sink.Publish(ctx, &w.page.Batch, func(err error) { done <- err })
	return <-done
}
