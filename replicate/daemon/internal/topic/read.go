package topic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// Bounds of waiting, and of memory.
const (
	answerTimeout = 15 * time.Second
	stallTimeout  = time.Minute
	fetchBytes    = 8 << 20
	partBytes     = 1 << 20
)

// Span is a range of a partition's offsets: from From up to and without To.
type Span struct{ From, To int64 }

// Partition is what is known of a partition.
type Partition struct {
	Number     int32
	Start, End int64 // of what the brokers have
	Since      int64 // the first message of the time that was asked for; Start where none was
}

// Topic is a topic to read.
type Topic struct {
	name    string
	options []kgo.Opt
	client  *kgo.Client
}

// Open returns the topic of a job. It connects when it is first asked.
func Open(c kafka.Config) (*Topic, error) {
	options, err := c.ClientOptions()
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	return &Topic{name: c.Topic, options: options, client: client}, nil
}

// Close ends the connections.
func (t *Topic) Close() { t.client.Close() }

// Admin asks the brokers what is not about messages.
func (t *Topic) Admin() *kadm.Client { return kadm.NewClient(t.client) }

// Name is the topic's name.
func (t *Topic) Name() string { return t.name }

// Partitions asks for the partitions' offsets; since may be zero.
func (t *Topic) Partitions(ctx context.Context, since time.Time) ([]Partition, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	what := "read the offsets of topic " + t.name
	admin := t.Admin()
	ends, err := admin.ListEndOffsets(ctx, t.name)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, kafka.Classify(what, err)
	}
	starts, err := admin.ListStartOffsets(ctx, t.name)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, kafka.Classify(what, err)
	}
	after := starts
	if !since.IsZero() {
		after, err = admin.ListOffsetsAfterMilli(ctx, since.UnixMilli(), t.name)
		if err == nil {
			err = after.Error()
		}
		if err != nil {
			return nil, kafka.Classify(what, err)
		}
	}
	var found []Partition
	ends.Each(func(o kadm.ListedOffset) {
		p := Partition{Number: o.Partition, End: o.Offset, Since: o.Offset}
		if start, ok := starts.Lookup(t.name, o.Partition); ok {
			p.Start = start.Offset
		}
		if first, ok := after.Lookup(t.name, o.Partition); ok && first.Offset >= 0 {
			p.Since = min(max(first.Offset, p.Start), p.End)
		}
		found = append(found, p)
	})
	slices.SortFunc(found, func(a, b Partition) int { return int(a.Number - b.Number) })
	return found, nil
}

// reading is one call of Read.
type reading struct {
	topic  *Topic
	client *kgo.Client
	left   map[int32][]Span
}

// Read reads spans of several partitions at once, and hands over what came of one partition at a time, in order. The
// records' memory must not be kept.
func (t *Topic) Read(ctx context.Context, spans map[int32][]Span, use func(int32, []*kgo.Record) error) error {
	r := &reading{topic: t, left: map[int32][]Span{}}
	offsets := map[int32]kgo.Offset{}
	for p, all := range spans {
		all = slices.DeleteFunc(slices.Clone(all), func(s Span) bool { return s.From >= s.To })
		if len(all) > 0 {
			r.left[p], offsets[p] = all, kgo.NewOffset().At(all[0].From)
		}
	}
	if len(offsets) == 0 {
		return nil
	}
	client, err := t.consume(offsets)
	if err != nil {
		return err
	}
	defer client.Close()
	r.client = client
	for len(r.left) > 0 {
		if err := r.poll(ctx, use); err != nil {
			return err
		}
	}
	return nil
}

// consume returns a client that reads partitions from these offsets on.
func (t *Topic) consume(offsets map[int32]kgo.Offset) (*kgo.Client, error) {
	return kgo.NewClient(append(slices.Clone(t.options), kgo.FetchMaxBytes(fetchBytes),
		kgo.FetchMaxPartitionBytes(partBytes), kgo.KeepControlRecords(), kgo.FetchMaxWait(500*time.Millisecond),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{t.name: offsets}))...)
}

// Follow hands over what comes to the partitions from these offsets on, until ctx ends, which is no error. It waits for
// brokers that are away.
func (t *Topic) Follow(ctx context.Context, from map[int32]int64, use func(int32, []*kgo.Record) error) error {
	offsets := map[int32]kgo.Offset{}
	for p, at := range from {
		offsets[p] = kgo.NewOffset().At(at)
	}
	client, err := t.consume(offsets)
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		for _, e := range fetches.Errors() {
			return kafka.Classify("read topic "+t.name, e.Err)
		}
		var failed error
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if failed == nil {
				failed = use(p.Partition, slices.DeleteFunc(p.Records, isControl))
			}
		})
		if failed != nil {
			return failed
		}
	}
}

func isControl(r *kgo.Record) bool { return r.Attrs.IsControl() }

// poll waits for the next records.
func (r *reading) poll(ctx context.Context, use func(int32, []*kgo.Record) error) error {
	wait, cancel := context.WithTimeout(ctx, stallTimeout)
	defer cancel()
	fetches := r.client.PollFetches(wait)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case wait.Err() != nil:
		return fmt.Errorf("read topic %s: nothing came for %v", r.topic.name, stallTimeout)
	}
	for _, e := range fetches.Errors() {
		if e.Err != nil && !errors.Is(e.Err, context.Canceled) {
			return kafka.Classify("read topic "+r.topic.name, e.Err)
		}
	}
	var failed error
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if failed == nil {
			failed = r.take(p.Partition, p.Records, use)
		}
	})
	return failed
}

// take uses what belongs to a partition's span, and goes on to its next where it has ended.
func (r *reading) take(p int32, records []*kgo.Record, use func(int32, []*kgo.Record) error) error {
	all := r.left[p]
	if len(records) == 0 || len(all) == 0 {
		return nil
	}
	end := all[0].To
	last := records[len(records)-1].Offset
	in := slices.DeleteFunc(records, func(k *kgo.Record) bool { return k.Offset >= end || isControl(k) })
	if err := use(p, in); err != nil {
		return err
	}
	if last < end-1 {
		return nil
	}
	name := r.topic.name
	r.client.RemoveConsumePartitions(map[string][]int32{name: {p}})
	if len(all) == 1 {
		delete(r.left, p)
		return nil
	}
	r.left[p] = all[1:]
	next := map[int32]kgo.Offset{p: kgo.NewOffset().At(all[1].From)}
	r.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{name: next})
	return nil
}
