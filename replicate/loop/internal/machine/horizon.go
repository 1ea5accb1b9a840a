package machine

import (
	"maps"
	"slices"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// EpochsMax bounds the horizon's queue. Beyond it neighbours merge, which only delays settling.
const EpochsMax = 64

// Horizon decides which keys are settled: drawn by transactions that have all ended, so that no row
// can appear at or below them any more. The algorithm is written down in docs/delivery.md.
//
// Each fence is an epoch: a highest key H, and the holders that may have drawn a key up to H and not
// yet ended. A later fence strikes from every epoch the holders that are gone; an epoch without
// holders makes its H settled. Holders that come later don't matter to an earlier epoch, so a busy
// table does not starve it.
type Horizon[K replicate.Key] struct {
	Epochs  []epoch[K] // ascending High
	Settled replicate.Bound[K]
	from    Position[K]        // where the page begins
	last    replicate.Fence[K] // the last fence, without its holders
	begun   bool               // the next fence has to continue it
	Doubt   string             // why the source has to be opened anew: a fence did not continue the one before it
	Delay   time.Duration      // how long an epoch waits besides its holders; settle.unsafe_delay_sec
}

type epoch[K replicate.Key] struct {
	High    K
	Holders map[string]struct{}
	readAt  time.Time
}

// Names are the holders in order: a map has none, and a run must replay exactly.
func (e epoch[K]) Names() []string { return slices.Sorted(maps.Keys(e.Holders)) }

// reset forgets everything, since after a reconnect holders may have other identities and the database
// may even be an older copy of itself. The first fence then begins anew, at the cost of one poll.
func (h *Horizon[K]) reset() {
	h.Epochs, h.Settled, h.begun, h.Doubt = h.Epochs[:0], replicate.Bound[K]{}, false, ""
}

// discontinuity says why a fence does not continue the one before it, or nothing.
func (h *Horizon[K]) discontinuity(f replicate.Fence[K]) string {
	was, known := h.last.High, h.begun && h.last.HasHigh
	if from := h.from; !from.Offset.IsZero() && (!known || was < from.Key) {
		was, known = from.Key, true // it was drawn, for it was published
	}
	switch {
	case h.begun && f.Incarnation != h.last.Incarnation:
		return "the database server was restarted, or is another one"
	case !f.Counter || !known || f.HasHigh && f.High >= was:
		return ""
	case f.HasHigh:
		return "the sequence fell from " + replicate.KeyText(was) + " to " + replicate.KeyText(f.High) +
			": keys may be used again"
	}
	return "the sequence fell from " + replicate.KeyText(was) + " to its start: keys may be used again"
}

// Observe takes a fence that was read at now and returns the bound for a page that is read in a newer
// snapshot.
func (h *Horizon[K]) Observe(f replicate.Fence[K], now time.Time) replicate.Bound[K] {
	why := ""
	if !f.Exact {
		why = h.discontinuity(f)
	}
	h.last = replicate.Fence[K]{High: f.High, HasHigh: f.HasHigh, Incarnation: f.Incarnation}
	if f.Exact {
		return replicate.Bound[K]{Kind: replicate.BoundUnlimited}
	}
	if why != "" {
		// What was settled may not be any more, and the offset may lie beyond keys that are still to come
		// (Promise 5): nothing is used until the source has verified it anew.
		h.reset()
		h.Doubt = why
	}
	if h.Doubt != "" {
		return replicate.Bound[K]{}
	}
	if f.HasHigh && h.Settled.Kind == replicate.BoundUpTo && f.High < h.Settled.Key {
		h.reset()
	}
	h.begun = true
	present := make(map[string]struct{}, len(f.Holders))
	for _, id := range f.Holders {
		present[id] = struct{}{}
	}
	h.strike(present)
	if f.HasHigh {
		h.push(epoch[K]{High: f.High, Holders: present, readAt: now})
	}
	h.settle(now)
	return h.Settled
}

// strike removes from every epoch the holders that are gone.
func (h *Horizon[K]) strike(present map[string]struct{}) {
	for _, e := range h.Epochs {
		for id := range e.Holders {
			if _, still := present[id]; !still {
				delete(e.Holders, id)
			}
		}
	}
}

// push appends an epoch. Its holders are copied, since strike changes them.
func (h *Horizon[K]) push(e epoch[K]) {
	if h.Settled.Kind == replicate.BoundUpTo && h.Settled.Key >= e.High {
		return
	}
	if n := len(h.Epochs); n > 0 && h.Epochs[n-1].High >= e.High {
		// No key was drawn since the last fence. The older epoch has the same keys and no more
		// holders, and it settles first: a new one would add nothing.
		return
	}
	own := make(map[string]struct{}, len(e.Holders))
	for id := range e.Holders {
		own[id] = struct{}{}
	}
	e.Holders = own
	h.Epochs = append(h.Epochs, e)
	if len(h.Epochs) > EpochsMax {
		h.mergeNewest()
	}
}

// mergeNewest merges the two newest epochs to the larger high and the union of the holders, which
// can only delay settling (Promise 7 without cost to Promise 1).
func (h *Horizon[K]) mergeNewest() {
	n := len(h.Epochs)
	older, newer := h.Epochs[n-2], h.Epochs[n-1]
	for id := range older.Holders {
		newer.Holders[id] = struct{}{}
	}
	h.Epochs = append(h.Epochs[:n-2], newer)
}

// settle drops the leading epochs that have no holders left and have waited the delay.
func (h *Horizon[K]) settle(now time.Time) {
	done := 0
	for i, e := range h.Epochs {
		// An epoch without holders settles every epoch before it: its high is larger, and whoever had
		// drawn a smaller key by then is gone.
		if len(e.Holders) == 0 && now.Sub(e.readAt) >= h.Delay {
			done = i + 1
			h.Settled = replicate.Bound[K]{Key: e.High, Kind: replicate.BoundUpTo}
		}
	}
	if done > 0 {
		h.Epochs = append(h.Epochs[:0], h.Epochs[done:]...)
	}
}

// Oldest returns the epoch that holds the horizon back longest, where there is one.
func (h *Horizon[K]) Oldest() (epoch[K], bool) {
	if len(h.Epochs) == 0 {
		return epoch[K]{}, false
	}
	return h.Epochs[0], true
}
