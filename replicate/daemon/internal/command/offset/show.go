package offset

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
)

// line prints a label and its text, aligned.
func (o *operator[K]) line(label, text string) { fmt.Fprintf(o.out, "%-9s%s\n", label, text) }

// standing is where the job is, as far as the servers answered.
type standing[K replicate.Key] struct {
	offset, witness       replicate.Offset
	holder                string
	extent                replicate.Extent[K]
	storeErr, witnessErr  error
	holderErr, sourceErr  error
	beyond                int
	isCounted, isMismatch bool // isMismatch: the stored offset is no key of this table
}

// effective is where the job would go on: the store's offset, or the witness where that has none.
func (s *standing[K]) effective() replicate.Offset {
	if s.offset.IsZero() {
		return s.witness
	}
	return s.offset
}

// ask asks all servers at the same time, so that one that is away delays the answer but once.
func (o *operator[K]) ask(ctx context.Context) *standing[K] {
	s := &standing[K]{}
	var all sync.WaitGroup
	all.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		s.offset, s.storeErr = o.store.Load(ctx)
		s.holder, s.holderErr = o.store.Holder(ctx)
	})
	all.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		if o.witness != nil {
			s.witness, s.witnessErr = o.witness.Load(ctx)
		}
	})
	all.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, countTimeout)
		defer cancel()
		// Without the offset: the row at it may be just what is wrong, and why the operator is here.
		if s.sourceErr = o.source.Open(ctx, replicate.Offset{}); s.sourceErr == nil {
			s.extent, s.sourceErr = o.counter.Extent(ctx)
		}
	})
	all.Wait()
	return s
}

// show prints where the job is. A server that does not answer is named, and what the others say is shown.
func (o *operator[K]) show(ctx context.Context) error {
	s := o.ask(ctx)
	known := s.storeErr == nil && (!s.offset.IsZero() || s.witnessErr == nil)
	if known && s.sourceErr == nil {
		o.countBeyond(ctx, s)
	}
	o.line("job", o.name+", table "+o.table)
	o.line("offset", o.offsetText(s))
	o.line("", "in "+o.store.Where())
	if o.witness != nil {
		o.line("witness", witnessText(s))
		o.line("", "in "+o.witness.Where())
	}
	o.line("lease", o.leaseText(s))
	o.line("table", tableText(s))
	var missing []string
	for _, m := range []struct {
		what string
		err  error
	}{
		{"the offset store", s.storeErr}, {"the lease", s.holderErr}, {"Kafka", s.witnessErr},
		{"the database", s.sourceErr},
	} {
		if m.err != nil && !(m.what == "the lease" && s.storeErr != nil) {
			missing = append(missing, "no answer from "+m.what+": "+config.Explain(m.err))
		}
	}
	if len(missing) > 0 {
		return errors.New(strings.Join(missing, "; "))
	}
	return nil
}

const noAnswer = "unknown: no answer"

func (o *operator[K]) offsetText(s *standing[K]) string {
	switch {
	case s.storeErr != nil:
		return noAnswer
	case !s.offset.IsZero() && s.offset.Checksum != "":
		return s.offset.Key + ", the checksum of its row is known"
	case !s.offset.IsZero():
		return s.offset.Key + ", the checksum of its row is unknown"
	case s.witnessErr != nil:
		return "none"
	case !s.witness.IsZero():
		return "none: the job would continue from the witness"
	}
	return "none: the job would start at the first row"
}

func witnessText[K replicate.Key](s *standing[K]) string {
	switch {
	case s.witnessErr != nil:
		return noAnswer
	case s.witness.IsZero():
		return "none"
	case !s.offset.IsZero() && replicate.CompareKeys(s.witness.Key, s.offset.Key) > 0:
		return s.witness.Key + ", ahead of the offset until the job starts"
	}
	return s.witness.Key
}

func (o *operator[K]) leaseText(s *standing[K]) string {
	switch {
	case o.lease == nil:
		return "off"
	case s.holderErr != nil:
		return noAnswer
	case s.holder != "":
		return "held by " + s.holder
	}
	return "free"
}

func tableText[K replicate.Key](s *standing[K]) string {
	var text string
	switch {
	case s.sourceErr != nil:
		return noAnswer
	case s.extent.HasHighest:
		text = "highest key " + replicate.KeyText(s.extent.Highest)
	default:
		text = "empty"
	}
	if s.extent.HasDrawn && (!s.extent.HasHighest || s.extent.Drawn != s.extent.Highest) {
		text += ", keys drawn up to " + replicate.KeyText(s.extent.Drawn)
	}
	switch {
	case s.isMismatch:
		text += "; the offset is not a key of this table"
	case s.isCounted:
		text += ", " + rowsText(s.beyond) + " beyond the offset"
	}
	return text
}

// countBeyond counts the rows that are not published yet.
func (o *operator[K]) countBeyond(ctx context.Context, s *standing[K]) {
	r, err := rangeOf[K](s.effective(), replicate.Offset{})
	if err != nil {
		s.isMismatch = true
		return
	}
	s.beyond, s.sourceErr = o.count(ctx, r)
	s.isCounted = s.sourceErr == nil
}

// count counts rows up to countMax; one more means more.
func (o *operator[K]) count(ctx context.Context, r replicate.KeyRange[K]) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	return o.counter.CountRows(ctx, r, countMax+1)
}

// rangeOf is the keys above one offset and up to another; a zero offset is no end.
func rangeOf[K replicate.Key](after, upTo replicate.Offset) (r replicate.KeyRange[K], err error) {
	if !after.IsZero() {
		r.HasAfter = true
		if r.After, err = replicate.ParseKey[K](after.Key); err != nil {
			return r, err
		}
	}
	if !upTo.IsZero() {
		r.HasUpTo = true
		r.UpTo, err = replicate.ParseKey[K](upTo.Key)
	}
	return r, err
}

// rowsText is a number of rows with commas, as far as they were counted.
func rowsText(n int) string {
	switch {
	case n == 1:
		return "1 row"
	case n > countMax:
		return "more than " + grouped(countMax) + " rows"
	}
	return grouped(n) + " rows"
}

func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
