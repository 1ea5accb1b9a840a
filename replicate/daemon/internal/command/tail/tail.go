package tail

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/job"
	"github.com/repliqate/repliqate/replicate/daemon/internal/topic"
)

// damaged is the exit status if a message was not as it was written.
const damaged = command.Failed

// message is a record of the topic, and what it turned out to be.
type message struct {
	partition int32
	offset    int64
	at        time.Time
	value     []byte
	topic.Message
}

// viewer is one call of the command.
type viewer[K replicate.Key] struct {
	flags  flags[K]
	topic  *topic.Topic
	format *topic.Format
	out    *bufio.Writer
	print  func(*message) error
	last   []message // the last ones so far, with --last, until all were read

	wrong, foreign int
}

// Run runs the command and returns its exit status.
func Run[R any, K replicate.Key](ctx context.Context, p job.Program[R, K], call command.Call) int {
	f, err := parse[K](call.Args, time.Now())
	switch {
	case err != nil:
		call.Complain(err)
		return command.Usage
	case f.IsHelp:
		fmt.Fprintf(call.Stdout, Help, call.Binary, p.Table.Name)
		return command.OK
	}
	v, err := newViewer(p, f, call)
	if err != nil {
		return call.Exit(&command.StatusError{Err: err, Status: command.Usage})
	}
	defer v.topic.Close()
	err = errors.Join(v.run(ctx), v.out.Flush())
	if v.foreign > 0 {
		fmt.Fprintf(call.Stderr, "%s: %d messages of other jobs or tables are left out\n", call.Binary, v.foreign)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		err = errors.New("interrupted")
		fallthrough
	case err != nil:
		return call.Exit(&command.StatusError{Err: err, Status: command.GaveUp})
	case v.wrong > 0:
		return damaged
	}
	return command.OK
}

// newViewer reads the configuration. It connects to nothing yet.
func newViewer[R any, K replicate.Key](p job.Program[R, K], f flags[K], call command.Call) (*viewer[K], error) {
	c, _, err := command.Configure(f.Options, config.Describe(p.Table), call.Stderr)
	if err != nil {
		return nil, err
	}
	v := &viewer[K]{flags: f, out: bufio.NewWriter(call.Stdout)}
	v.format, err = topic.NewFormat(c, p.Table.KeyColumn, p.Table.Fields)
	if err != nil && len(f.keys) > 0 { // without KEY, no row needs to be told
		return nil, fmt.Errorf("%s: %w", c.File(), err)
	}
	if v.topic, err = topic.Open(c.Kafka); err != nil {
		return nil, c.Place(err)
	}
	v.print = v.printer(call.Stdout)
	return v, nil
}

// run shows what there is, and then what comes.
func (v *viewer[K]) run(ctx context.Context) error {
	parts, err := v.topic.Partitions(ctx, v.flags.since)
	if err != nil {
		return err
	}
	spans, ends := map[int32][]topic.Span{}, map[int32]int64{}
	for _, p := range parts {
		from := p.Since // that of --from, or the start
		if v.flags.last > 0 && len(v.flags.keys) == 0 {
			from = max(p.Start, p.End-int64(v.flags.last))
		}
		spans[p.Number], ends[p.Number] = []topic.Span{{From: from, To: p.End}}, p.End
	}
	if err := v.topic.Read(ctx, spans, v.take); err != nil {
		return err
	}
	slices.SortStableFunc(v.last, byTime)
	most := len(v.last)
	if v.flags.last > 0 {
		most = min(most, v.flags.last)
	}
	for _, m := range v.last[len(v.last)-most:] {
		if err := v.show(&m); err != nil {
			return err
		}
	}
	v.last, v.flags.last = nil, 0
	if err := v.out.Flush(); err != nil || !v.flags.follow {
		return err
	}
	return v.topic.Follow(ctx, ends, v.take)
}

// take parses a partition's next records. With --last they are kept until it is known which are the last.
func (v *viewer[K]) take(partition int32, records []*kgo.Record) error {
	for _, r := range records {
		m := message{partition, r.Offset, r.Timestamp, r.Value, v.format.Parse(r)}
		switch {
		case m.State == topic.Foreign:
			v.foreign++
			continue
		case !v.flags.wants(m.RowKey):
			continue
		case v.flags.last > 0:
			v.keep(m)
			continue
		}
		if err := v.show(&m); err != nil {
			return err
		}
	}
	return v.out.Flush()
}

// keep remembers a message with --last. What can't be among the last any more is dropped now and then.
func (v *viewer[K]) keep(m message) {
	m.value, m.Data = bytes.Clone(m.value), bytes.Clone(m.Data)
	if v.last = append(v.last, m); len(v.last) >= 2*v.flags.last+1000 {
		slices.SortStableFunc(v.last, byTime)
		v.last = slices.Delete(v.last, 0, len(v.last)-v.flags.last)
	}
}

func byTime(a, b message) int { return a.at.Compare(b.at) }

// show prints a message, and notes what is wrong with it.
func (v *viewer[K]) show(m *message) error {
	if m.State == topic.Damaged {
		v.wrong++
	}
	return v.print(m)
}
