package replicatetest

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

func sourceBadRow(t *testing.T, h SourceHarness) {
	h.Insert(rowsFrom(1, 5, "row")...)
	h.Corrupt(4)
	r := newReader(t, h, false)
	_, err := r.poll(unlimited, everything)
	r.isRowError(err, 4)
	r.has(1, 2, 3)
	_, err = r.poll(after(3), everything)
	r.isRowError(err, 4)
	r.has()
	r.reads(after(4), 5)
}

func sourceDeadLetter(t *testing.T, h SourceHarness) {
	h.Insert(rowsFrom(1, 5, "row")...)
	h.Corrupt(4)
	r := newReader(t, h, true)
	r.reads(unlimited, 1, 2, 3, 4, 5)
	for i, m := range r.page.Messages() {
		if m.DeadLetter != (i == 3) {
			t.Errorf("the message of row %d: dead letter is %t", i+1, m.DeadLetter)
		}
	}
	if r.page.BadRows != 1 {
		t.Errorf("%d bad rows were counted, want 1", r.page.BadRows)
	}
}

// sourceViews has texts of many lengths, so that memory that is used again would show.
func sourceViews(t *testing.T, h SourceHarness) {
	var rows []Row
	for i := range 300 {
		rows = append(rows, Row{ID: int64(i), Text: strings.Repeat(strconv.Itoa(i)+" ", i%97*20)})
	}
	h.Insert(rows...)
	r := newReader(t, h, false)
	req := unlimited
	for read := 0; read < len(rows); {
		if _, err := r.poll(req, everything); err != nil {
			t.Fatal(err)
		}
		for i, text := range r.texts() {
			if want := rows[read+i].Text; text != want {
				t.Fatalf("the text of row %d is %q, want %q", read+i, text, want)
			}
		}
		if r.page.Len() == 0 {
			t.Fatalf("only %d rows were read", read)
		}
		read += r.page.Len()
		req = after(r.page.Last)
	}
}

func sourcePages(t *testing.T, h SourceHarness) {
	h.Insert(rowsFrom(1, 10, "first")...)
	h.Insert(rowsFrom(11, 10, "second")...)
	r := newReader(t, h, false)
	req := unlimited
	req.MaxRows = 10
	r.reads(req, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	first := r.page
	var copies [][]byte
	for _, m := range first.Messages() {
		copies = append(copies, bytes.Clone(m.Value))
	}
	r.page = replicate.Page[int64]{}
	r.reads(after(10), 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
	for i, m := range first.Messages() {
		if !bytes.Equal(m.Value, copies[i]) {
			t.Fatal("a poll into another page has changed a message of the first")
		}
	}
}

func sourceReopen(t *testing.T, h SourceHarness) {
	h.Insert(rowsFrom(1, 3, "row")...)
	fresh := h.New(false)
	for range 2 {
		if err := fresh.Close(); err != nil {
			t.Fatalf("Close before Open: %v", err)
		}
	}
	r := newReader(t, h, false)
	r.reads(unlimited, 1, 2, 3)
	if err := r.open(replicate.Offset{}); err != nil {
		t.Fatalf("Open again: %v", err)
	}
	r.reads(after(1), 2, 3)
	for range 3 {
		if err := r.source.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	h.Remove()
	for range 2 {
		if err := r.open(replicate.Offset{}); !replicate.IsStop(err) {
			t.Fatalf("Open without the table: %v, want an error that stops the job", err)
		}
	}
	h.Restore()
	if err := r.open(replicate.Offset{}); err != nil {
		t.Fatalf("Open after a failure: %v", err)
	}
	r.reads(unlimited, 1, 2, 3)
}

func sourceBreak(t *testing.T, h SourceHarness) {
	if h.Break == nil {
		return
	}
	h.Insert(rowsFrom(1, 3, "row")...)
	r := newReader(t, h, false)
	r.reads(unlimited, 1, 2, 3)
	h.Break()
	if _, err := r.poll(unlimited, everything); err == nil || replicate.IsStop(err) {
		t.Fatalf("Poll on a connection that was cut: %v, want an error that is retried", err)
	}
	if err := r.open(replicate.Offset{}); err != nil {
		t.Fatalf("Open after that: %v", err)
	}
	r.reads(unlimited, 1, 2, 3)
}

func sourceCancelled(t *testing.T, h SourceHarness) {
	h.Insert(rowsFrom(1, 3, "row")...)
	r := newReader(t, h, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req := unlimited
	req.OnFence = func(replicate.Fence[int64]) replicate.Bound[int64] { return everything }
	if _, err := r.source.Poll(ctx, req, &r.page); err == nil || replicate.IsStop(err) {
		t.Fatalf("Poll when its time is over: %v, want an error that is retried", err)
	}
	if err := r.source.Open(ctx, replicate.Offset{}); err == nil || replicate.IsStop(err) {
		t.Fatalf("Open when its time is over: %v, want an error that is retried", err)
	}
	if err := r.open(replicate.Offset{}); err != nil {
		t.Fatalf("Open after that: %v", err)
	}
	r.reads(unlimited, 1, 2, 3)
}

func sourceOffset(t *testing.T, h SourceHarness) {
	h.Insert(rowsFrom(1, 3, "row")...)
	r := newReader(t, h, false)
	req := unlimited
	req.MaxRows = 2
	r.reads(req, 1, 2)
	at := replicate.Offset{Key: "2", Checksum: r.page.LastChecksum.String()}
	opens := func(what string, at replicate.Offset, fails bool) {
		t.Helper()
		err := r.open(at)
		if !fails && err != nil || fails && !replicate.IsStop(err) {
			t.Fatalf("Open at %+v %s: %v", at, what, err)
		}
	}
	opens("with the row as it was published", at, false)
	opens("without a checksum", replicate.Offset{Key: "2"}, false)
	opens("with the checksum of another row", replicate.Offset{Key: "3", Checksum: at.Checksum}, true)
	opens("that is no key", replicate.Offset{Key: "two", Checksum: at.Checksum}, true)
	opens("that is no key, without a checksum", replicate.Offset{Key: "9223372036854775808"}, true)
	h.Change(2, "other")
	opens("with the row changed", at, true)
	opens("with the row changed, without a checksum", replicate.Offset{Key: "2"}, false)
	h.Delete(2)
	opens("with the row deleted", at, false)
	r.reads(after(2), 3)
}

func sourceReused(t *testing.T, h SourceHarness) {
	h.Insert(rowsFrom(1, 3, "row")...)
	r := newReader(t, h, false)
	for _, at := range []replicate.Offset{{Key: "4"}, {Key: "4", Checksum: sumA}, {Key: "9000"}} {
		if err := r.open(at); !replicate.IsStop(err) {
			t.Errorf("Open at %+v, beyond every key that was ever drawn: %v", at, err)
		}
	}
}

// lookup looks up keys where the source can.
func (r *reader) lookup(req replicate.PollRequest[int64], keys ...int64) (more, can bool, err error) {
	auditor, ok := r.source.(replicate.Auditor[int64])
	if !ok {
		return false, false, nil
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), wait)
	defer cancel()
	r.page.Reset()
	more, err = auditor.Lookup(ctx, keys, req, &r.page)
	return more, true, err
}

func sourceLookup(t *testing.T, h SourceHarness) {
	h.Insert(Row{ID: -7, Text: "a"}, Row{ID: 2, Text: "b"}, Row{ID: 3, Text: "c"}, Row{ID: 90, Text: "d"})
	r := newReader(t, h, false)
	for _, c := range []struct{ asked, found []int64 }{
		{[]int64{-7, 2, 3, 90}, []int64{-7, 2, 3, 90}},
		{[]int64{-8, -7, 0, 1, 3, 4}, []int64{-7, 3}},
		{[]int64{4, 5, 6}, nil},
		{nil, nil},
	} {
		more, can, err := r.lookup(unlimited, c.asked...)
		if !can {
			return
		}
		if err != nil || more {
			t.Fatalf("Lookup of %v: %t, %v", c.asked, more, err)
		}
		r.has(c.found...)
	}
	r.reads(after(2), 3, 90) // a poll goes on where it was
}

func sourceLookupMore(t *testing.T, h SourceHarness) {
	h.Insert(rowsFrom(1, 20, "row")...)
	r := newReader(t, h, false)
	req := unlimited
	req.MaxRows = 6
	var keys, found []int64
	for k := range int64(30) {
		keys = append(keys, k)
	}
	for range 10 {
		more, can, err := r.lookup(req, keys...)
		if !can {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		r.has(r.page.Keys...)
		found = append(found, r.page.Keys...)
		if !more {
			break
		}
		if r.page.Len() > req.MaxRows {
			t.Fatalf("a page has %d rows, the limit is %d", r.page.Len(), req.MaxRows)
		}
		keys = slices.DeleteFunc(keys, func(k int64) bool { return k <= r.page.Last })
	}
	if len(found) != 20 || !slices.IsSorted(found) {
		t.Errorf("found %v, want the 20 rows in order", found)
	}
}

func sourceLookupBad(t *testing.T, h SourceHarness) {
	h.Insert(rowsFrom(1, 4, "row")...)
	h.Corrupt(3)
	r := newReader(t, h, false)
	_, can, err := r.lookup(unlimited, 1, 2, 3, 4)
	if !can {
		return
	}
	r.isRowError(err, 3)
	r.has(1, 2)
	if _, _, err = r.lookup(unlimited, 4); err != nil {
		t.Fatalf("Lookup after that: %v", err)
	}
	r.has(4)
}
