package offset

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
	"github.com/repliqate/repliqate/replicate/daemon/internal/terminal"
	"github.com/repliqate/repliqate/replicate/loop"
	"github.com/repliqate/repliqate/replicate/offset/witness"
)

// move is a change of the offset, and what it means.
type move struct {
	from, to replicate.Offset
	skips    bool // the rows between are not published; otherwise they are published again
	rows     int  // between the two, as far as they were counted
}

// change sets the offset, or says with --dry-run what that would mean.
func (o *operator[K]) change(ctx context.Context) error {
	ctx, giveBack, err := o.takeLease(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	s := o.ask(ctx)
	if err := unanswered(ctx, s); err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	m, err := o.plan(ctx, s)
	if err != nil {
		return err
	}
	o.explain(s, m)
	settled := m.to == s.offset && (o.witness == nil || m.to == s.witness && s.witnessErr == nil)
	needsLeave := m.skips && m.rows > 0 && !m.from.IsZero() && !o.flags.allowSkip
	switch {
	case o.flags.dryRun && needsLeave:
		o.line("dry run", "nothing was changed; the change needs --allow-skip")
		return nil
	case o.flags.dryRun:
		o.line("dry run", "nothing was changed")
		return nil
	case settled:
		o.line("done", "there was nothing to change")
		return nil
	case needsLeave:
		return fmt.Errorf("%s would be skipped and never published: give --allow-skip if that is meant; nothing was changed",
			rowsText(m.rows))
	case !o.confirmed(ctx):
		return errors.New("not confirmed; nothing was changed")
	}
	if err := o.write(ctx, s, m.to); err != nil {
		return err
	}
	o.line("done", "the job has "+offsetName(m.to))
	return nil
}

// confirmed asks whoever sits at the terminal. A script is not asked, and has said all with its options.
func (o *operator[K]) confirmed(ctx context.Context) bool {
	if o.flags.yes || !terminal.Is(o.in) || !terminal.Is(o.out) {
		return true
	}
	return terminal.Confirm(ctx, o.in, o.out, "Change it?")
}

// unanswered is the first thing that must be known for a change and is not. What another program wrote in the
// witness's place is known well enough to be replaced.
func unanswered[K replicate.Key](ctx context.Context, s *standing[K]) error {
	if err := interrupted(ctx); err != nil {
		return err
	}
	switch {
	case s.storeErr != nil:
		return s.storeErr
	case s.witnessErr != nil && !errors.Is(s.witnessErr, witness.ErrForeign):
		return s.witnessErr
	}
	return s.sourceErr
}

// plan decides the new offset and counts the rows between the old one and it.
func (o *operator[K]) plan(ctx context.Context, s *standing[K]) (m move, err error) {
	m.from = s.effective()
	if o.flags.verb == "start-at" && o.flags.key == "now" {
		m.to, err = o.settled(ctx)
	} else {
		m.to, err = o.target(s)
	}
	if err != nil {
		return m, err
	}
	for _, known := range []replicate.Offset{s.witness, s.offset} {
		if known.Key == m.to.Key {
			m.to.Checksum = known.Checksum
		}
	}
	lower, upper := m.to, m.from
	if m.skips = isBeyond(m.to, m.from); m.skips {
		lower, upper = m.from, m.to
		// A row that is not committed yet would be skipped without having been counted.
		if o.flags.key != "now" {
			if _, err := o.settled(ctx); err != nil {
				return m, err
			}
		}
	}
	if lower.Key == upper.Key {
		return m, nil
	}
	r, err := rangeOf[K](lower, upper)
	if err != nil {
		return m, nil // the old offset is no key of this table: no row lies there
	}
	if m.rows, err = o.count(ctx, r); err != nil {
		return m, fmt.Errorf("%w; nothing was changed", err)
	}
	return m, nil
}

// isBeyond reports whether a job that goes on from a leaves out keys that it would publish from b.
func isBeyond(a, b replicate.Offset) bool {
	return !a.IsZero() && (b.IsZero() || replicate.CompareKeys(a.Key, b.Key) > 0)
}

// settled waits for the transactions that are open now, and returns the offset behind them.
func (o *operator[K]) settled(ctx context.Context) (replicate.Offset, error) {
	high, drawn, holders, err := loop.AwaitSettled(ctx, o.source, o.loop)
	switch {
	case ctx.Err() != nil:
		return replicate.Offset{}, fmt.Errorf("%w; nothing was changed", interrupted(ctx))
	case errors.Is(err, replicate.ErrOnceGaveUp):
		who := ""
		if len(holders) > 0 {
			who = ": " + strings.Join(holders, "; ")
		}
		return replicate.Offset{}, &command.StatusError{Err: fmt.Errorf("transactions that were open are still open "+
			"after %s%s; "+
			"nothing was changed", o.loop.OnceWait, who), Status: command.GaveUp}
	case err != nil:
		return replicate.Offset{}, fmt.Errorf("%w; nothing was changed", err)
	case !drawn:
		return replicate.Offset{}, nil
	}
	return replicate.Offset{Key: replicate.KeyText(high)}, nil
}

// target is the offset that was asked for by its key.
func (o *operator[K]) target(s *standing[K]) (replicate.Offset, error) {
	if o.flags.verb == "reset" {
		return replicate.Offset{}, nil
	}
	key, err := o.parseKey(o.flags.key)
	if err != nil {
		return replicate.Offset{}, err
	}
	first := o.flags.verb == "start-at" // the offset is then the key before
	if first {
		if key == smallest[K]() {
			return replicate.Offset{}, nil
		}
		key--
	}
	switch {
	case !s.extent.HasDrawn:
		return replicate.Offset{}, usage("%s %s: no key of table %s has been drawn yet, so no row can be skipped; "+
			"nothing was changed", o.flags.verb, o.flags.key, o.table)
	case key > s.extent.Drawn:
		return replicate.Offset{}, usage("%s %s: beyond the sequence of table %s, whose highest key so far is %s; "+
			"nothing was changed", o.flags.verb, o.flags.key, o.table, replicate.KeyText(s.extent.Drawn))
	}
	return replicate.Offset{Key: replicate.KeyText(key)}, nil
}

// narrow are the key types that hold less than an int64.
var narrow = map[string]int64{"smallint": math.MaxInt16, "integer": math.MaxInt32}

func (o *operator[K]) parseKey(text string) (K, error) {
	if !replicate.IsKeyText(text) {
		return 0, usage("%s %.40q: expected a key in decimal; nothing was changed", o.flags.verb, text)
	}
	key, err := replicate.ParseKey[K](text)
	low, high := replicate.KeyText(smallest[K]()), replicate.KeyText(largest[K]())
	if most, ok := narrow[o.key.Type]; ok {
		low, high = replicate.KeyText(-most-1), replicate.KeyText(most)
	}
	if err != nil || replicate.CompareKeys(text, low) < 0 || replicate.CompareKeys(text, high) > 0 {
		return 0, usage("%s %s: beyond the range of column %s, %s to %s; nothing was changed",
			o.flags.verb, text, o.key.Name, low, high)
	}
	return key, nil
}

func smallest[K replicate.Key]() K {
	var zero K
	if zero-1 > 0 {
		return zero
	}
	least := int64(math.MinInt64)
	return K(least)
}

func largest[K replicate.Key]() K { return smallest[K]() - 1 }

// explain prints what is, what will be, and what that means.
func (o *operator[K]) explain(s *standing[K], m move) {
	switch {
	case o.lease == nil:
		o.line("lease", "off: make sure that no instance of this job runs")
	case o.flags.dryRun && s.holder != "":
		o.line("lease", "held by "+s.holder+": stop it before the change")
	}
	o.line("now", offsetName(m.from))
	o.line("new", offsetName(m.to))
	o.line("means", o.meaning(m))
}

func offsetName(o replicate.Offset) string {
	if o.IsZero() {
		return "no offset: the first row is published next"
	}
	return "offset " + o.Key + ": rows with greater keys are published next"
}

func (o *operator[K]) meaning(m move) string {
	is := "are"
	if m.rows == 1 {
		is = "is"
	}
	switch {
	case m.from.Key == m.to.Key:
		return "the same rows are published next as now"
	case m.skips && m.rows > 0:
		return rowsText(m.rows) + " " + is + " skipped and never published"
	case m.skips:
		return "no row is skipped"
	case m.rows == 0:
		return "no row is published again"
	}
	return rowsText(m.rows) + " " + is + " published again"
}
