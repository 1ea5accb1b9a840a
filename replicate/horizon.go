package replicate

import (
	"maps"
	"slices"
	"time"
)

// epochsMax bounds the horizon's queue. Beyond it neighbours merge, which only delays settling.
const epochsMax = 64

// horizon decides which keys are settled: drawn by transactions that have all ended, so that no row
// can appear at or below them any more. The algorithm is written down in docs/delivery.md.
//
// Each fence is an epoch: a highest key H, and the holders that may have drawn a key up to H and not
// yet ended. A later fence strikes from every epoch the holders that are gone; an epoch without
// holders makes its H settled. Holders that come later don't matter to an earlier epoch, so a busy
// table does not starve it.
type horizon[K Key] struct {
	epochs  []epoch[K] // ascending High
	settled Bound[K]
	from    position[K]   // where the page begins
	last    Fence[K]      // the last fence, without its holders
	begun   bool          // the next fence has to continue it
	doubt   string        // why the source has to be opened anew: a fence did not continue the one before it
	delay   time.Duration // how long an epoch waits besides its holders; settle.unsafe_delay_sec
}

type epoch[K Key] struct {
	high    K
	holders map[string]struct{}
	readAt  time.Time
}

// names are the holders in order: a map has none, and a run must replay exactly.
func (e epoch[K]) names() []string { return slices.Sorted(maps.Keys(e.holders)) }

// reset forgets everything, since after a reconnect holders may have other identities and the database
// may even be an older copy of itself. The first fence then begins anew, at the cost of one poll.
func (h *horizon[K]) reset() {
	h.epochs, h.settled, h.begun, h.doubt = h.epochs[:0], Bound[K]{}, false, ""
}

// discontinuity says why a fence does not continue the one before it, or nothing.
func (h *horizon[K]) discontinuity(f Fence[K]) string {
	was, known := h.last.High, h.begun && h.last.HasHigh
	if from := h.from; !from.offset.IsZero() && (!known || was < from.key) {
		was, known = from.key, true // it was drawn, for it was published
	}
	switch {
	case h.begun && f.Incarnation != h.last.Incarnation:
		return "the database server was restarted, or is another one"
	case !f.Counter || !known || f.HasHigh && f.High >= was:
		return ""
	case f.HasHigh:
		return "the sequence fell from " + KeyText(was) + " to " + KeyText(f.High) + ": keys may be used again"
	}
	return "the sequence fell from " + KeyText(was) + " to its start: keys may be used again"
}

// observe takes a fence that was read at now and returns the bound for a page that is read in a newer
// snapshot.
func (h *horizon[K]) observe(f Fence[K], now time.Time) Bound[K] {
	why := ""
	if !f.Exact {
		why = h.discontinuity(f)
	}
	h.last = Fence[K]{High: f.High, HasHigh: f.HasHigh, Incarnation: f.Incarnation}
	if f.Exact {
		return Bound[K]{Kind: BoundUnlimited}
	}
	if why != "" {
		// What was settled may not be any more, and the offset may lie beyond keys that are still to come
		// (Promise 5): nothing is used until the source has verified it anew.
		h.reset()
		h.doubt = why
	}
	if h.doubt != "" {
		return Bound[K]{}
	}
	if f.HasHigh && h.settled.Kind == BoundUpTo && f.High < h.settled.Key {
		h.reset()
	}
	h.begun = true
	present := make(map[string]struct{}, len(f.Holders))
	for _, id := range f.Holders {
		present[id] = struct{}{}
	}
	h.strike(present)
	if f.HasHigh {
		h.push(epoch[K]{high: f.High, holders: present, readAt: now})
	}
	h.settle(now)
	return h.settled
}

// strike removes from every epoch the holders that are gone.
func (h *horizon[K]) strike(present map[string]struct{}) {
	for _, e := range h.epochs {
		for id := range e.holders {
			if _, still := present[id]; !still {
				delete(e.holders, id)
			}
		}
	}
}

// push appends an epoch. Its holders are copied, since strike changes them.
func (h *horizon[K]) push(e epoch[K]) {
	if h.settled.Kind == BoundUpTo && h.settled.Key >= e.high {
		return
	}
	if n := len(h.epochs); n > 0 && h.epochs[n-1].high >= e.high {
		// No key was drawn since the last fence. The older epoch has the same keys and no more
		// holders, and it settles first: a new one would add nothing.
		return
	}
	own := make(map[string]struct{}, len(e.holders))
	for id := range e.holders {
		own[id] = struct{}{}
	}
	e.holders = own
	h.epochs = append(h.epochs, e)
	if len(h.epochs) > epochsMax {
		h.mergeNewest()
	}
}

// mergeNewest merges the two newest epochs to the larger high and the union of the holders, which
// can only delay settling (Promise 7 without cost to Promise 1).
func (h *horizon[K]) mergeNewest() {
	n := len(h.epochs)
	older, newer := h.epochs[n-2], h.epochs[n-1]
	for id := range older.holders {
		newer.holders[id] = struct{}{}
	}
	h.epochs = append(h.epochs[:n-2], newer)
}

// settle drops the leading epochs that have no holders left and have waited the delay.
func (h *horizon[K]) settle(now time.Time) {
	done := 0
	for i, e := range h.epochs {
		// An epoch without holders settles every epoch before it: its high is larger, and whoever had
		// drawn a smaller key by then is gone.
		if len(e.holders) == 0 && now.Sub(e.readAt) >= h.delay {
			done = i + 1
			h.settled = Bound[K]{Key: e.high, Kind: BoundUpTo}
		}
	}
	if done > 0 {
		h.epochs = append(h.epochs[:0], h.epochs[done:]...)
	}
}

// oldest returns the epoch that holds the horizon back longest, where there is one.
func (h *horizon[K]) oldest() (epoch[K], bool) {
	if len(h.epochs) == 0 {
		return epoch[K]{}, false
	}
	return h.epochs[0], true
}
