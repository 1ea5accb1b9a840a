package replicatetest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

// Published is a message as a consumer finds it.
type Published struct {
	Partition  int
	Key, Value []byte
}

// SinkHarness is a destination of its own for one subtest.
type SinkHarness struct {
	// New returns another sink that publishes to the destination, not yet open.
	New func() replicate.Sink
	// Read waits until n messages were published and returns all there are, those of a partition in
	// their order.
	Read func(n int) []Published
	// Stall makes the destination accept batches and acknowledge none. Nil where that can't happen.
	Stall func()
	// NoKeys is set where the destination has neither keys nor partitions.
	NoKeys bool
}

// ExerciseSink checks the contract of replicate.Sink.
func ExerciseSink(t *testing.T, factory func(t *testing.T) SinkHarness) {
	for name, test := range map[string]func(*testing.T, SinkHarness){
		"publishes every message in order":             sinkOrder,
		"needs the batch no longer than until done":    sinkReuse,
		"chooses the partition by the key alone":       sinkPartitions,
		"takes an empty batch":                         sinkEmpty,
		"begins again after Close":                     sinkReopen,
		"takes messages up to the limit that it names": sinkLimit,
		"calls done for all before Close returns":      sinkClose,
	} {
		t.Run(name, func(t *testing.T) { test(t, factory(t)) })
	}
}

// openSink opens a sink and closes it at the end of the test.
func openSink(t *testing.T, h SinkHarness) (replicate.Sink, replicate.SinkInfo) {
	t.Helper()
	s := h.New()
	info, err := s.Open(t.Context())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s, info
}

// publish hands pages over one after the other, without waiting, and then waits for all.
func publish(t *testing.T, s replicate.Sink, pages ...*replicate.Page[int64]) {
	t.Helper()
	a := newAcks(len(pages))
	for _, p := range pages {
		s.Publish(t.Context(), &p.Batch, a.done)
	}
	if err := a.await(t); err != nil {
		t.Fatalf("Publish: %v", err)
	}
}

// wanted are copies of the pages' messages in their order.
func wanted(pages ...*replicate.Page[int64]) []Published {
	var all []Published
	for _, p := range pages {
		for _, m := range p.Messages() {
			all = append(all, Published{Key: bytes.Clone(m.Key), Value: bytes.Clone(m.Value)})
		}
	}
	return all
}

// compare checks that got holds exactly the wanted messages, in their order within each partition.
func compare(t *testing.T, h SinkHarness, got, want []Published) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d messages were published, want %d", len(got), len(want))
	}
	at := map[string]int{}
	for i, m := range want {
		at[string(m.Value)] = i
	}
	last := map[int]int{}
	for _, m := range got {
		i, ok := at[string(m.Value)]
		switch {
		case !ok:
			t.Fatalf("a message was published that nobody has sent, or one twice: %.100q", m.Value)
		case !h.NoKeys && (!bytes.Equal(m.Key, want[i].Key) || (m.Key == nil) != (want[i].Key == nil)):
			t.Fatalf("message %d has key %q, want %q", i, m.Key, want[i].Key)
		case i < last[m.Partition]:
			t.Fatalf("partition %d: message %d comes after message %d", m.Partition, i, last[m.Partition])
		}
		last[m.Partition] = i
		delete(at, string(m.Value))
	}
}

func sinkOrder(t *testing.T, h SinkHarness) {
	s, _ := openSink(t, h)
	var pages []*replicate.Page[int64]
	for i := range int64(6) {
		pages = append(pages, NewPage(t, RowKeys, i*500-1000, 500))
	}
	want := wanted(pages...)
	publish(t, s, pages...)
	compare(t, h, h.Read(len(want)), want)
}

// sinkReuse overwrites each page as soon as it is done, as the loop does.
func sinkReuse(t *testing.T, h SinkHarness) {
	s, _ := openSink(t, h)
	var want []Published
	page := new(replicate.Page[int64])
	for i := range int64(20) {
		rows := make([]Row, 1+i*7%50)
		for j := range rows {
			rows[j] = Row{ID: i*100 + int64(j), Text: "reuse"}
		}
		Fill(t, page, ColumnKeys, rows...)
		want = append(want, wanted(page)...)
		publish(t, s, page)
	}
	compare(t, h, h.Read(len(want)), want)
}

func sinkPartitions(t *testing.T, h SinkHarness) {
	if h.NoKeys {
		return // without partitions the promise holds
	}
	const rows = 200
	for first, key := range map[int64]replicate.MessageKey{1: RowKeys, 1001: NoKeys} {
		for range 2 { // two instances, and one that publishes again what it did not see acknowledged
			s, _ := openSink(t, h)
			publish(t, s, NewPage(t, key, first, rows))
		}
	}
	places, used := map[string][]int{}, map[int]int{}
	for _, m := range h.Read(4 * rows) {
		row := rowOf(m.Value)
		places[row] = append(places[row], m.Partition)
		used[m.Partition]++
	}
	for row, partitions := range places {
		if len(partitions) != 2 || partitions[0] != partitions[1] {
			t.Fatalf("a row that was published twice is in the partitions %v: %s", partitions, row)
		}
	}
	if len(places) != 2*rows || len(used) < 2 {
		t.Fatalf("%d rows in %d partitions: expected %d rows over several", len(places), len(used), 2*rows)
	}
}

// rowOf cuts off the message's timestamp: what is left is the same whenever the row is published.
func rowOf(value []byte) string {
	_, data, _ := bytes.Cut(value, []byte(`, `))
	return string(data)
}

func sinkEmpty(t *testing.T, h SinkHarness) {
	s, _ := openSink(t, h)
	empty, one := new(replicate.Page[int64]), NewPage(t, RowKeys, 1, 1)
	want := wanted(one)
	publish(t, s, empty, one, empty)
	compare(t, h, h.Read(1), want)
}

func sinkReopen(t *testing.T, h SinkHarness) {
	s, _ := openSink(t, h)
	first, second := NewPage(t, RowKeys, 1, 10), NewPage(t, RowKeys, 11, 10)
	want := wanted(first, second)
	publish(t, s, first)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	if _, err := s.Open(t.Context()); err != nil {
		t.Fatalf("Open after Close: %v", err)
	}
	publish(t, s, second)
	compare(t, h, h.Read(len(want)), want)
}

func sinkLimit(t *testing.T, h SinkHarness) {
	s, info := openSink(t, h)
	size := info.MaxMessageBytes
	if size == 0 {
		size = 4 << 20 // no limit
	}
	largest, next := Sized(t, 1, size), NewPage(t, RowKeys, 2, 1)
	want := wanted(largest, next)
	publish(t, s, largest, next)
	compare(t, h, h.Read(len(want)), want)
	if info.MaxMessageBytes == 0 {
		return
	}
	// Far above the limit the sink itself must refuse the row, and name it.
	a := newAcks(1)
	s.Publish(t.Context(), &Sized(t, 77, 2*size).Batch, a.done)
	var row *replicate.RowError
	if err := a.await(t); !errors.As(err, &row) || row.Key != "77" || !replicate.IsStop(err) {
		t.Fatalf("a message of %d bytes, limit %d: got %v, want a RowError of key 77 that stops the job", 2*size, size, err)
	}
}

func sinkClose(t *testing.T, h SinkHarness) {
	if h.Stall == nil {
		return // every batch is done when Publish returns
	}
	s, _ := openSink(t, h)
	h.Stall()
	const batches = 5
	a := newAcks(batches)
	for i := range int64(batches) {
		s.Publish(t.Context(), &NewPage(t, RowKeys, i*100, 100).Batch, a.done)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if n := len(a.results); n != batches {
		t.Fatalf("when Close returned, done had been called for %d batches of %d", n, batches)
	}
	for range batches {
		if err := <-a.results; err == nil || replicate.IsStop(err) {
			t.Fatalf("a batch that Close gave up ended with %v, want an error that can be retried", err)
		}
	}
}
