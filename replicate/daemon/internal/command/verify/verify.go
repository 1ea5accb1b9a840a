package verify

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/job"
	"github.com/repliqate/repliqate/replicate/daemon/internal/terminal"
	"github.com/repliqate/repliqate/replicate/daemon/internal/topic"
)

// Usage is the command's arguments, for the program's help.
const Usage = "[--since 1h] ..."

// differs is the exit status of a comparison that has found something; incomplete that of one without an end.
const (
	differs    = command.Failed
	incomplete = command.GaveUp
)

// memoryMax is what the garbage collector tries to stay below, since a pass is filled in place of another.
const memoryMax = 192 << 20

// storeTimeout bounds the question for the offset.
const storeTimeout = 15 * time.Second

// firstMessages is how many messages of a partition are looked at for the first of the job.
const firstMessages = 1000

// comparison is one call of the command.
type comparison[K replicate.Key] struct {
	call     command.Call
	flags    flags
	config   *config.Config
	reader   reader[K]
	rows     rows[K]
	topic    *topic.Topic
	parts    []topic.Partition
	index    index[K]
	judge    judge[K]
	result   Result
	keys     *bufio.Writer // of --keys, or nil
	progress *terminal.Progress
	whole    interval[K] // what is compared
	closers  []func() error
}

// Run runs the command and returns its exit status.
func Run[R any, K replicate.Key](ctx context.Context, p job.Program[R, K], call command.Call) int {
	f, err := parse(call.Args)
	switch {
	case err != nil:
		call.Complain(err)
		return command.Usage
	case f.IsHelp:
		fmt.Fprintf(call.Stdout, Help, call.Binary, p.Table.Name)
		return command.OK
	}
	debug.SetMemoryLimit(memoryMax)
	c, err := newComparison(p, f, call)
	if err != nil {
		return call.Exit(&command.StatusError{Err: err, Status: command.Usage})
	}
	defer c.close()
	err = c.run(ctx)
	c.progress.End()
	var own *command.StatusError
	if errors.As(err, &own) && own.Status == command.Usage {
		return call.Exit(err)
	}
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	c.result.Complete = err == nil
	if printErr := c.print(); printErr != nil {
		return call.Exit(printErr)
	}
	switch {
	case err != nil:
		if c.result.Next != "" {
			err = fmt.Errorf("%w; to go on, give --from %s", err, c.result.Next)
		}
		return call.Exit(&command.StatusError{Err: err, Status: incomplete})
	case !c.result.Same:
		return differs
	}
	return command.OK
}

// newComparison reads the configuration. It connects to nothing yet.
func newComparison[R any, K replicate.Key](p job.Program[R, K], f flags, call command.Call) (*comparison[K], error) {
	c, log, err := command.Configure(f.Options, config.Describe(p.Table), call.Stderr)
	if err != nil {
		return nil, err
	}
	format, err := topic.NewFormat(c, p.Table.KeyColumn, p.Table.Fields)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.File(), err)
	}
	v := &comparison[K]{call: call, flags: f, config: c, progress: terminal.NewProgress(call.Stderr)}
	v.result = Result{Version: 1, Job: c.Name, Table: p.Table.Name, Topic: c.Kafka.Topic, Sampled: f.sample > 0}
	v.index.segments = map[int32][]segment[K]{}
	v.judge = judge[K]{format: format, rows: &v.rows, index: &v.index, result: &v.result}
	source, err := job.NewSource(p, c, log)
	if err != nil {
		return nil, c.Place(err)
	}
	v.reader.source = source
	v.closers = append(v.closers, source.Close)
	if v.topic, err = topic.Open(c.Kafka); err != nil {
		v.close()
		return nil, c.Place(err)
	}
	v.closers = append(v.closers, func() error { v.topic.Close(); return nil })
	return v, nil
}

func (c *comparison[K]) close() {
	for _, end := range c.closers {
		_ = end() // nothing of it is used any more
	}
}

// run compares pass by pass. The offset is read before the ends of the partitions: what it covers is then in the
// topic, while the job goes on publishing.
func (c *comparison[K]) run(ctx context.Context) (err error) {
	if err := c.findRange(ctx); err != nil {
		return err
	}
	if c.parts, err = c.topic.Partitions(ctx, c.flags.since); err != nil {
		return err
	}
	c.result.Partitions = len(c.parts)
	some, err := c.narrow(ctx)
	if err != nil || !some {
		return err
	}
	if err := c.reader.source.Open(ctx, replicate.Offset{}); err != nil {
		return err
	}
	if c.flags.keys != "" {
		file, err := os.Create(c.flags.keys)
		if err != nil {
			return fmt.Errorf("--keys: %w", err)
		}
		c.keys = bufio.NewWriter(file)
		c.closers = append(c.closers, file.Close)
	}
	if c.flags.sample > 0 {
		err = c.sampled(ctx)
	} else {
		err = c.passes(ctx)
	}
	if err == nil && c.keys != nil {
		err = c.keys.Flush()
	}
	c.result.UnreadableRows = c.reader.unreadable
	return err
}

// findRange decides which keys are compared.
func (c *comparison[K]) findRange(ctx context.Context) (err error) {
	c.whole.low, c.whole.high = command.SmallestKey[K](), command.SmallestKey[K]()-1
	if c.flags.from != "" {
		if c.whole.low, err = replicate.ParseKey[K](c.flags.from); err != nil {
			return &command.StatusError{Err: fmt.Errorf("--from: %w", err), Status: command.Usage}
		}
	}
	if c.flags.to != "" {
		if c.whole.high, err = replicate.ParseKey[K](c.flags.to); err != nil {
			return &command.StatusError{Err: fmt.Errorf("--to: %w", err), Status: command.Usage}
		}
	}
	offset, err := c.offset(ctx)
	switch {
	case err != nil && c.flags.to != "":
		c.result.note("the offset is not known, so rows that are not published yet count as missing: " + config.Explain(err))
		return nil
	case err != nil:
		return fmt.Errorf("%w; give --to KEY to compare up to a key", err)
	}
	c.result.Offset = offset.Key
	key, err := replicate.ParseKey[K](offset.Key)
	if err != nil {
		return fmt.Errorf("the offset %.40q is no key of this table", offset.Key)
	}
	if c.flags.to != "" && c.whole.high > key {
		c.result.note("rows above the offset " + offset.Key + " are not published yet and were not compared")
	}
	c.whole.high = min(c.whole.high, key)
	return nil
}

// offset is the job's: up to it everything should be in the topic.
func (c *comparison[K]) offset(ctx context.Context) (o replicate.Offset, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	store, err := job.NewStore(c.config)
	if err != nil {
		return o, c.config.Place(err)
	}
	defer store.Close() // it was only read
	if o, err = store.Offsets.Load(ctx); err != nil {
		return o, err
	}
	if o.IsZero() && store.NeedsWitness {
		witness, err := job.NewWitness(c.config)
		if err != nil {
			return o, c.config.Place(err)
		}
		defer witness.Close() // it was only read
		if o, err = witness.Load(ctx); err != nil {
			return o, err
		}
	}
	if o.IsZero() {
		err = errors.New("the job has no offset, so it has published nothing as far as it knows")
	}
	return o, err
}

// narrow raises the lower end of the range for --since. It is false where there is nothing to compare.
func (c *comparison[K]) narrow(ctx context.Context) (some bool, err error) {
	if c.flags.since.IsZero() {
		return c.whole.low <= c.whole.high, nil
	}
	spans := map[int32][]topic.Span{}
	for _, p := range c.parts {
		spans[p.Number] = []topic.Span{{From: p.Since, To: min(p.End, p.Since+firstMessages)}}
	}
	first := map[int32]K{}
	err = c.topic.Read(ctx, spans, func(p int32, records []*kgo.Record) error {
		for _, r := range records {
			m := c.judge.parse(r)
			if _, has := first[p]; !has && m.State != topic.Foreign && m.hasKey && !m.Republished {
				first[p] = m.key
			}
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if len(first) == 0 {
		c.result.note("nothing was published since " + c.flags.since.UTC().Format(time.RFC3339))
		return false, nil
	}
	for _, key := range first {
		c.whole.low = max(c.whole.low, key)
	}
	return c.whole.low <= c.whole.high, nil
}

// passes compares the whole range.
func (c *comparison[K]) passes(ctx context.Context) error {
	rest, isFirst := c.whole, c.whole.low == command.SmallestKey[K]()
	c.result.To = replicate.KeyText(c.whole.high)
	if c.flags.from != "" || !c.flags.since.IsZero() {
		c.result.From = replicate.KeyText(c.whole.low)
	}
	for done := false; !done; isFirst = false {
		c.progress.Say("%s: reading rows from key %s", c.result.Table, replicate.KeyText(rest.low))
		var err error
		if done, err = c.reader.next(ctx, &c.rows, rest, isFirst, c.flags.atOnce); err != nil {
			return err
		}
		if err := c.pass(ctx); err != nil {
			return err
		}
		if !done {
			rest.low = c.rows.intervals[0].high + 1
			c.result.Next = replicate.KeyText(rest.low)
		}
	}
	c.result.Next = ""
	return nil
}

// sampled compares some rows.
func (c *comparison[K]) sampled(ctx context.Context) error {
	if c.whole.low == command.SmallestKey[K]() {
		if _, err := c.reader.read(ctx, &c.rows, 0, false, c.whole.high, 1); err != nil {
			return err
		}
		if len(c.rows.keys) == 0 {
			return nil
		}
		c.whole.low = c.rows.keys[0]
	}
	c.result.From, c.result.To = replicate.KeyText(c.whole.low), replicate.KeyText(c.whole.high)
	random := func(n K) K { return K(rand.Uint64N(max(uint64(n), 1))) }
	if err := c.reader.sample(ctx, &c.rows, c.whole, min(c.flags.sample, c.flags.atOnce), random); err != nil {
		return err
	}
	return c.pass(ctx)
}

// pass reads the messages of the rows at hand, and notes what differs.
func (c *comparison[K]) pass(ctx context.Context) error {
	c.judge.counts, c.judge.parts = !c.index.complete, map[int32]*order[K]{}
	spans, total, read := map[int32][]topic.Span{}, int64(0), int64(0)
	r := interval[K]{c.rows.intervals[0].low, c.rows.intervals[len(c.rows.intervals)-1].high}
	for _, p := range c.parts {
		o := &order[K]{}
		if spans[p.Number], o.above = c.index.spans(p, r); c.index.complete {
			o.first, o.hasFirst = firstOf(c.index.segments[p.Number])
		}
		c.judge.parts[p.Number] = o
		for _, s := range spans[p.Number] {
			total += s.To - s.From
		}
	}
	err := c.topic.Read(ctx, spans, func(p int32, records []*kgo.Record) error {
		read += int64(len(records))
		c.progress.Say("%s: %d %% of %d messages for keys up to %s", c.result.Table, 100*read/max(total, 1), total,
			replicate.KeyText(r.high))
		return c.judge.use(p, records)
	})
	if err != nil {
		return err
	}
	c.index.complete = true
	return c.collect(ctx)
}

// firstOf is the smallest key of a partition's first segment, from which on rows may be missed.
func firstOf[K replicate.Key](all []segment[K]) (key K, has bool) {
	if len(all) == 0 {
		return key, false
	}
	return all[0].keys.low, true
}

// expired is the key below which messages may be gone by retention; all is set where that may be any.
func (c *comparison[K]) expired() (below K, some, all bool) {
	for _, p := range c.parts {
		o := c.judge.parts[p.Number]
		switch {
		case p.Since > p.Start || p.Start == 0:
		case !o.hasFirst:
			return below, true, true
		case !some || o.first > below:
			below, some = o.first, true
		}
	}
	return below, some, false
}

// compacted reports whether the brokers may drop messages of other rows with the same message key.
func (c *comparison[K]) compacted(ctx context.Context) bool {
	if key := c.config.MessageKey(); !key.None && len(key.Columns) == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	found, err := c.topic.Admin().DescribeTopicConfigs(ctx, c.topic.Name())
	if err != nil {
		return false
	}
	for _, t := range found {
		for _, s := range t.Configs {
			if s.Key == "cleanup.policy" && strings.Contains(s.MaybeValue(), "compact") {
				return true
			}
		}
	}
	return false
}

// collect turns the marks of a pass into findings.
func (c *comparison[K]) collect(ctx context.Context) error {
	below, some, all := c.expired()
	all = all || c.compacted(ctx)
	c.result.Rows += len(c.rows.keys)
	var last mark
	wasUnknown := false
	for i, key := range c.rows.keys {
		m := c.rows.marks[i]
		is := verdict(m)
		joins := i > 0 && verdict(last) == is
		isUnknown := is == isMissing && (all || some && key < below)
		text := replicate.KeyText(key)
		switch {
		case is == isFine && m&wasWrong != 0:
			c.result.Repaired++
		case is == isFine && m&excused != 0:
			c.result.DeadLetters++
		case isUnknown:
			c.result.Unknown.add(text, joins && wasUnknown)
		case is == isMissing:
			c.result.Missing.add(text, joins && !wasUnknown)
		case is == isDifferent:
			c.result.Different.add(text, joins)
		}
		if c.keys != nil && is != isFine && !isUnknown {
			if _, err := c.keys.WriteString(text + "\n"); err != nil {
				return fmt.Errorf("--keys: %w", err)
			}
		}
		last, wasUnknown = m, isUnknown
	}
	if err := c.settleGhosts(ctx); err != nil {
		return err
	}
	c.judge.late.into(&c.result.OutOfOrder)
	return nil
}

// settleGhosts looks once more for the rows of messages without one: a row may have appeared since the table was read.
func (c *comparison[K]) settleGhosts(ctx context.Context) error {
	auditor, ok := c.reader.source.(replicate.Auditor[K])
	ghosts := &c.judge.ghosts
	if ok && ghosts.count > 0 && ghosts.count == len(ghosts.keys) {
		slices.Sort(ghosts.keys)
		ghosts.keys = slices.Compact(ghosts.keys)
		req := replicate.PollRequest[K]{MaxRows: len(ghosts.keys), MaxBytes: pageBytes}
		more, err := auditor.Lookup(ctx, ghosts.keys, req, &c.reader.page)
		var bad *replicate.RowError
		if err != nil && !errors.As(err, &bad) {
			return err
		}
		if err == nil && !more {
			ghosts.keys = slices.DeleteFunc(ghosts.keys, func(k K) bool {
				_, there := slices.BinarySearch(c.reader.page.Keys, k)
				return there
			})
		}
		ghosts.count = len(ghosts.keys)
	}
	ghosts.into(&c.result.Ghost)
	return nil
}

// The verdicts on a row.
const (
	isFine = iota
	isMissing
	isDifferent
)

func verdict(m mark) int {
	switch {
	case m&right != 0, m&excused != 0:
		return isFine
	case m&seen == 0:
		return isMissing
	}
	return isDifferent
}
