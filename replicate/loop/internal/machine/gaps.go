package machine

import (
	"slices"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// gaps is the memory of the late-row audit: keys that were missing when the rows around them were published. A row
// that turns up there later was inserted with an explicit key after the loop had gone past it. The memory holds at
// most max keys; beyond that, the oldest are forgotten.
type gaps[K replicate.Key] struct {
	keys []gap[K] // the ones to look up next come first
	max  int
	keep time.Duration

	upTo      K // gaps up to this key have been noted
	started   bool
	forgotten int64 // keys that were forgotten before they were looked up
}

type gap[K replicate.Key] struct {
	key    K
	until  time.Time // forgotten at the first lookup after it
	looked bool
}

// reset forgets everything, at the end of a tenure of the lease.
func (w *gaps[K]) reset() { w.keys, w.started, w.forgotten = nil, false, 0 }

// back forgets what lies beyond a position that was set back: it will be read, and noted, again.
func (w *gaps[K]) back(to Position[K]) {
	if w.started && (to.Offset.IsZero() || to.Key < w.upTo) {
		w.started, w.upTo = !to.Offset.IsZero(), to.Key
		w.keys = slices.DeleteFunc(w.keys, func(k gap[K]) bool { return to.Before(k.key) })
	}
}

// note remembers the gaps between after and the keys of a page, which are ascending. Keys that a job publishes a
// second time were noted the first time.
func (w *gaps[K]) note(after Position[K], keys []K, now time.Time) {
	if w.max == 0 || len(keys) == 0 {
		return
	}
	if !w.started {
		w.started = true
		w.upTo = keys[0]
		if !after.Offset.IsZero() {
			w.upTo = after.Key
		}
	}
	first, last := keys[0], keys[len(keys)-1]
	if last <= w.upTo {
		return
	}
	if first == w.upTo+1 && uint64(last)-uint64(first) == uint64(len(keys)-1) {
		w.upTo = last // the common case: no gap
		return
	}
	for _, k := range keys {
		if k <= w.upTo {
			continue
		}
		w.gap(w.upTo, k, now)
		w.upTo = k
	}
	w.trim(w.max)
}

// gap remembers the keys between two published ones. If the gap is wider than the whole memory, only its end is
// kept.
func (w *gaps[K]) gap(from, to K, now time.Time) {
	width := uint64(to) - uint64(from) - 1
	if width > uint64(w.max) {
		w.forgotten += int64(min(width-uint64(w.max), 1<<62))
		from = to - 1 - K(w.max)
	}
	for k := from + 1; k < to; k++ {
		w.keys = append(w.keys, gap[K]{key: k, until: now.Add(w.keep)})
	}
	if len(w.keys) > 2*w.max {
		w.trim(w.max)
	}
}

// trim forgets the oldest keys beyond limit.
func (w *gaps[K]) trim(limit int) {
	if over := len(w.keys) - limit; over > 0 {
		for _, k := range w.keys[:over] {
			if !k.looked {
				w.forgotten++
			}
		}
		w.keys = append(w.keys[:0], w.keys[over:]...)
	}
}

// take removes the n keys to look up next.
func (w *gaps[K]) take(n int) []gap[K] {
	n = min(n, len(w.keys))
	taken := append([]gap[K](nil), w.keys[:n]...)
	w.keys = append(w.keys[:0], w.keys[n:]...)
	return taken
}

// missing puts back keys that were looked up and not found, until their time has passed.
func (w *gaps[K]) missing(keys []gap[K], now time.Time) {
	for _, k := range keys {
		if now.Before(k.until) && len(w.keys) < w.max {
			k.looked = true
			w.keys = append(w.keys, k)
		}
	}
}

// requeue puts back keys that could not be looked up, or were found and could not be published. They come first,
// and the oldest of the others make room for them (Promise 7).
func (w *gaps[K]) requeue(keys []gap[K]) {
	if len(keys) > 0 {
		w.trim(max(0, w.max-len(keys)))
		w.keys = append(append(make([]gap[K], 0, len(w.keys)+len(keys)), keys...), w.keys...)
	}
}
