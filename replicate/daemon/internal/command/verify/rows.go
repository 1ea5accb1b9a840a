package verify

import (
	"context"
	"errors"
	"slices"
	"sort"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/topic"
)

// What bounds memory: rows of a pass, if --at-once does not say, and what one poll brings.
const (
	passRows  = 2_000_000
	pageRows  = 5000
	pageBytes = 4 << 20
	strataMax = 400
)

// mark is what the topic has shown of a row.
type mark uint8

const (
	seen     mark = 1 << iota // a message of it was there
	right                     // the last of them has the row's values
	wasWrong                  // one of them had other values, or was damaged
	excused                   // the row can't be published itself: it is a dead letter
)

// interval is the keys from low up to and including high.
type interval[K replicate.Key] struct{ low, high K }

// rows are the rows of a pass.
type rows[K replicate.Key] struct {
	keys      []K
	digests   []uint64
	marks     []mark
	intervals []interval[K] // what they are all rows of, ascending
	hint      int           // where the last key was found
}

func (r *rows[K]) reset() {
	r.keys, r.digests, r.marks, r.intervals = r.keys[:0], r.digests[:0], r.marks[:0], r.intervals[:0]
	r.hint = 0
}

// covers reports whether a key belongs to the pass.
func (r *rows[K]) covers(key K) bool {
	i := sort.Search(len(r.intervals), func(i int) bool { return r.intervals[i].high >= key })
	return i < len(r.intervals) && r.intervals[i].low <= key
}

// find returns the index of a key's row. Keys mostly come in order.
func (r *rows[K]) find(key K) (int, bool) {
	if next := r.hint + 1; next < len(r.keys) && r.keys[next] == key {
		r.hint = next
		return next, true
	}
	i, found := slices.BinarySearch(r.keys, key)
	if found {
		r.hint = i
	}
	return i, found
}

// add adds a page.
func (r *rows[K]) add(page *replicate.Page[K], most int) {
	messages := page.Messages()
	for i, key := range page.Keys[:min(len(page.Keys), most)] {
		m := mark(0)
		if messages[i].DeadLetter {
			m = excused
		}
		r.keys = append(r.keys, key)
		r.digests = append(r.digests, topic.Digest(messages[i].Value))
		r.marks = append(r.marks, m)
	}
}

// reader reads rows of the table in key order.
type reader[K replicate.Key] struct {
	source     replicate.Source[K]
	page       replicate.Page[K]
	unreadable []string // why rows could not be turned into messages, the first few
}

// read adds rows above after, or from the first on, up to and including upTo, and most of them at most. done is set
// where there are no more.
func (d *reader[K]) read(ctx context.Context, r *rows[K], after K, hasAfter bool, upTo K, most int) (
	done bool, err error,
) {
	bound := replicate.Bound[K]{Key: upTo, Kind: replicate.BoundUpTo}
	req := replicate.PollRequest[K]{After: after, HasAfter: hasAfter, MaxBytes: pageBytes,
		OnFence: func(replicate.Fence[K]) replicate.Bound[K] { return bound }}
	for most > 0 {
		req.MaxRows = min(pageRows, most)
		result, err := d.source.Poll(ctx, req, &d.page)
		var bad *replicate.RowError
		if err != nil && !errors.As(err, &bad) {
			return false, err
		}
		r.add(&d.page, most)
		most -= d.page.Len()
		if d.page.Len() > 0 {
			req.After, req.HasAfter = d.page.Last, true
		}
		if bad != nil {
			key, parseErr := replicate.ParseKey[K](bad.Key)
			if parseErr != nil || len(d.unreadable) >= unreadableMax {
				return false, err
			}
			d.unreadable = append(d.unreadable, config.Explain(err))
			req.After, req.HasAfter = key, true
			continue
		}
		if !result.More {
			return true, nil
		}
	}
	return false, nil
}

// unreadableMax is how many rows may be no messages before the comparison is given up.
const unreadableMax = 100

// next fills the pass with the next rows of a range. done is set after the last.
func (d *reader[K]) next(ctx context.Context, r *rows[K], from interval[K], isFirst bool, most int) (
	done bool, err error,
) {
	r.reset()
	after, hasAfter := from.low-1, true
	if isFirst {
		hasAfter = false
	}
	if done, err = d.read(ctx, r, after, hasAfter, from.high, most); err != nil {
		return false, err
	}
	high := from.high
	if !done && len(r.keys) > 0 {
		high = r.keys[len(r.keys)-1]
	}
	r.intervals = append(r.intervals, interval[K]{from.low, high})
	return done || high >= from.high, nil
}

// sample fills the pass with about n rows: runs of rows, each from a place of its own in the range.
func (d *reader[K]) sample(ctx context.Context, r *rows[K], from interval[K], n int, random func(K) K) error {
	r.reset()
	strata := min(strataMax, max(1, n/50))
	width := (from.high - from.low) / K(strata)
	run := max(1, n/strata)
	low := from.low
	for i := range strata {
		end := from.low + width*K(i+1)
		if i == strata-1 {
			end = from.high
		}
		if end < low {
			continue
		}
		start := low + random(end-low+1)
		begin := len(r.keys)
		done, err := d.read(ctx, r, start-1, true, end, run)
		if err != nil {
			return err
		}
		high := end
		if !done && len(r.keys) > begin {
			high = r.keys[len(r.keys)-1]
		}
		r.intervals = append(r.intervals, interval[K]{start, high})
		low = end + 1
	}
	return nil
}
