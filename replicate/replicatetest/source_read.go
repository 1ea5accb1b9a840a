package replicatetest

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

func sourceOrder(t *testing.T, h SourceHarness) {
	r := newReader(t, h, false)
	r.reads(unlimited)
	h.Insert(Row{ID: 7, Text: "c"}, Row{ID: -3, Text: "a"}, Row{ID: 2, Text: "b"})
	r.reads(unlimited, -3, 2, 7)
	if got := r.texts(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("the texts are %q", got)
	}
	r.reads(after(-4), -3, 2, 7)
	r.reads(after(-3), 2, 7)
	r.reads(after(2), 7)
	r.reads(after(5), 7)
	if result := r.reads(after(7)); result != (replicate.PollResult{}) {
		t.Errorf("a poll that found nothing says %+v", result)
	}
	h.Insert(Row{ID: 8, Text: "d"})
	r.reads(after(7), 8)
}

func sourceExtremes(t *testing.T, h SourceHarness) {
	h.Insert(Row{ID: math.MinInt64, Text: "lowest"}, Row{ID: 0, Text: "zero"}, Row{ID: math.MaxInt64, Text: "highest"})
	r := newReader(t, h, false)
	r.reads(unlimited, math.MinInt64, 0, math.MaxInt64)
	r.reads(after(math.MinInt64), 0, math.MaxInt64)
	r.reads(after(math.MaxInt64))
}

// all polls on from row to row until there is no more, and returns the keys and the sizes of the pages.
func (r *reader) all(req replicate.PollRequest[int64]) (keys []int64, sizes []int) {
	r.t.Helper()
	for range 10_000 {
		result, err := r.poll(req, everything)
		if err != nil {
			r.t.Fatalf("Poll: %v", err)
		}
		r.has(r.page.Keys...)
		keys, sizes = append(keys, r.page.Keys...), append(sizes, r.page.Len())
		if !result.More {
			return keys, sizes
		}
		if r.page.Len() == 0 {
			r.t.Fatal("an empty page says that there is more")
		}
		req.After, req.HasAfter = r.page.Last, true
	}
	r.t.Fatal("there is no end to the pages")
	return nil, nil
}

func sourceLimit(t *testing.T, h SourceHarness) {
	h.Insert(rowsFrom(1, 1000, "row")...)
	r := newReader(t, h, false)
	for _, limit := range []int{1, 7, 300, 999, 1000, 1001} {
		req := unlimited
		req.MaxRows = limit
		keys, sizes := r.all(req)
		if len(keys) != 1000 || !slices.IsSorted(keys) || slices.Max(sizes) > limit {
			t.Errorf("with a limit of %d: %d rows in pages of %v", limit, len(keys), sizes)
		}
	}
}

func sourceMaxBytes(t *testing.T, h SourceHarness) {
	const large = 50_000
	h.Insert(rowsFrom(1, 40, strings.Repeat("x", large))...)
	h.Insert(rowsFrom(41, 400, "small")...)
	r := newReader(t, h, false)
	for _, limit := range []int{1, large, 4 * large, 1 << 30} {
		req := unlimited
		req.MaxBytes = limit
		for {
			result, err := r.poll(req, everything)
			if err != nil {
				t.Fatal(err)
			}
			if bytes := r.page.Bytes(); bytes > limit+large+1000 {
				t.Fatalf("a page has %d bytes, the limit is %d and a row has %d", bytes, limit, large)
			}
			if !result.More {
				break
			}
			if r.page.Len() < 1 {
				t.Fatal("a page without a row says that there is more")
			}
			req.After, req.HasAfter = r.page.Last, true
		}
		if r.page.Len() > 0 && r.page.Last != 440 {
			t.Errorf("with a limit of %d bytes the last row is %d, want 440", limit, r.page.Last)
		}
	}
}

func sourceMaxMessageBytes(t *testing.T, h SourceHarness) {
	h.Insert(Row{ID: 1, Text: "a"}, Row{ID: 2, Text: strings.Repeat("x", 5000)}, Row{ID: 3, Text: "c"})
	req := unlimited
	req.MaxMessageBytes = 1000
	r := newReader(t, h, false)
	_, err := r.poll(req, everything)
	r.isRowError(err, 2)
	r.has(1)
	r = newReader(t, h, true)
	r.reads(req, 1, 2, 3)
	if m := r.page.Messages(); m[0].DeadLetter || !m[1].DeadLetter || m[2].DeadLetter || len(m[1].Value) > 1000 {
		t.Error("the row in the middle, and only that, must be a dead letter that fits")
	}
}

func sourceFence(t *testing.T, h SourceHarness) {
	r := newReader(t, h, false)
	r.reads(unlimited) // poll checks how often and when
	if r.fence.HasHigh {
		t.Errorf("the highest key of a table that never had one is %d", r.fence.High)
	}
	h.Insert(Row{ID: 4, Text: "a"}, Row{ID: 9, Text: "b"})
	r.reads(unlimited, 4, 9)
	if !r.fence.HasHigh || r.fence.High < 9 {
		t.Errorf("the fence is %+v, the highest key is 9", r.fence)
	}
	if !r.fence.Exact && r.fence.Incarnation == "" {
		t.Error("the fence does not say when its holders lose their meaning")
	}
}

func sourceBound(t *testing.T, h SourceHarness) {
	h.Insert(Row{ID: -5, Text: "a"}, Row{ID: 1, Text: "b"}, Row{ID: 5, Text: "c"}, Row{ID: 9, Text: "d"})
	r := newReader(t, h, false)
	for _, c := range []struct {
		bound     replicate.Bound[int64]
		limit     int
		keys      []int64
		unsettled bool
	}{
		{replicate.Bound[int64]{Key: 99}, 10, nil, true}, // BoundNothing
		{replicate.Bound[int64]{Kind: replicate.BoundUpTo, Key: -6}, 10, nil, true},
		{replicate.Bound[int64]{Kind: replicate.BoundUpTo, Key: 1}, 10, []int64{-5, 1}, true},
		{replicate.Bound[int64]{Kind: replicate.BoundUpTo, Key: 8}, 10, []int64{-5, 1, 5}, true},
		{replicate.Bound[int64]{Kind: replicate.BoundUpTo, Key: 9}, 10, []int64{-5, 1, 5, 9}, false},
		{replicate.Bound[int64]{Kind: replicate.BoundUpTo, Key: 9}, 2, []int64{-5, 1}, false},
		{everything, 10, []int64{-5, 1, 5, 9}, false},
	} {
		req := unlimited
		req.MaxRows = c.limit
		result, err := r.poll(req, c.bound)
		if err != nil {
			t.Fatal(err)
		}
		r.has(c.keys...)
		if result.Unsettled != c.unsettled || result.More != (len(c.keys) == c.limit) {
			t.Errorf("bound %+v, limit %d: %+v", c.bound, c.limit, result)
		}
	}
}

func sourceIdle(t *testing.T, h SourceHarness) {
	r := newReader(t, h, false)
	idle := func(key int64) replicate.PollRequest[int64] {
		req := after(key)
		req.Idle = true
		return req
	}
	h.Insert(Row{ID: 1, Text: "a"})
	r.reads(idle(0), 1) // the source has seen nothing yet
	for range 3 {
		r.reads(idle(1))
	}
	h.Insert(Row{ID: 2, Text: "b"})
	r.reads(idle(1), 2)
	r.reads(idle(2))
	if err := r.open(replicate.Offset{}); err != nil {
		t.Fatal(err)
	}
	r.reads(idle(1), 2)
	r.reads(idle(2))
	if h.Begin == nil {
		return
	}
	commit := h.Begin()
	req := idle(2)
	req.Idle = r.reads(req).Unchanged // a fence that has seen the transaction is one that waits for it
	commit()
	if _, err := r.poll(req, everything); err != nil || r.page.Len() != 1 {
		t.Fatalf("after the commit: %d rows, %v", r.page.Len(), err)
	}
}

func sourceHolders(t *testing.T, h SourceHarness) {
	r := newReader(t, h, false)
	if h.Begin == nil {
		r.reads(unlimited)
		if !r.fence.Exact {
			t.Error("where writers take turns, the fence must be exact")
		}
		return
	}
	commit := h.Begin()
	r.reads(unlimited)
	holders := r.fence.Holders
	if len(holders) == 0 || r.fence.Exact {
		t.Fatalf("the fence is %+v while a transaction has drawn a key", r.fence)
	}
	r.reads(unlimited)
	if !slices.Equal(r.fence.Holders, holders) {
		t.Errorf("the same transaction was called %q and is now %q", holders, r.fence.Holders)
	}
	if d, ok := r.source.(replicate.HolderDescriber); ok {
		lines, err := d.DescribeHolders(t.Context(), holders)
		if err != nil || len(lines) != len(holders) {
			t.Errorf("DescribeHolders: %q, %v", lines, err)
		}
	}
	commit()
	result, err := r.poll(unlimited, everything)
	if err != nil || r.page.Len() != 1 || result.Unsettled {
		t.Fatalf("after the commit: %d rows, %+v, %v", r.page.Len(), result, err)
	}
	if len(r.fence.Holders) != 0 {
		t.Errorf("%q still hold keys after they have ended", r.fence.Holders)
	}
}
