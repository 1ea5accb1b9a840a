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
//
// It has one owner at a time: the machine, or the poll that it was lent to.
type Horizon[K replicate.Key] struct {
	epochs  []epoch[K] // ascending high
	settled replicate.Bound[K]
	from    Position[K]        // where the page begins
	last    replicate.Fence[K] // the last fence, without its holders
	begun   bool               // the next fence has to continue it
	doubt   string             // why the source must be opened again: a fence did not continue the one before it
	delay   time.Duration      // how long an epoch waits besides its holders

	quiet    bool               // the last fence left nothing that is not settled
	observed bool               // the poll under way, or the last one, has read its fence
	bound    replicate.Bound[K] // what it was answered
}

type epoch[K replicate.Key] struct {
	high    K
	holders map[string]struct{}
	readAt  time.Time
}

// NewHorizon returns a horizon that has seen no fence. delay is how long every key waits besides its holders.
func NewHorizon[K replicate.Key](delay time.Duration) *Horizon[K] { return &Horizon[K]{delay: delay} }

// names are the holders in order: a map has none, and a run must replay exactly.
func (e epoch[K]) names() []string { return slices.Sorted(maps.Keys(e.holders)) }

// reset forgets everything, since after a reconnect holders may have other identities and the database
// may even be an older copy of itself. The first fence then begins anew, at the cost of one poll.
func (h *Horizon[K]) reset() {
	h.epochs, h.settled, h.begun, h.quiet, h.doubt = h.epochs[:0], replicate.Bound[K]{}, false, false, ""
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

// begin says from where on the next page is read.
func (h *Horizon[K]) begin(from Position[K]) { h.from, h.observed = from, false }

// Observe takes a fence that was read at now and returns the bound for a page that is read in a newer snapshot.
func (h *Horizon[K]) Observe(f replicate.Fence[K], now time.Time) replicate.Bound[K] {
	h.observed, h.bound = true, h.observe(f, now)
	return h.bound
}

func (h *Horizon[K]) observe(f replicate.Fence[K], now time.Time) replicate.Bound[K] {
	why := ""
	if !f.Exact {
		why = h.discontinuity(f)
	}
	h.last = replicate.Fence[K]{High: f.High, HasHigh: f.HasHigh, Incarnation: f.Incarnation}
	if f.Exact {
		h.quiet = true
		return replicate.Bound[K]{Kind: replicate.BoundUnlimited}
	}
	if why != "" {
		// What was settled may not be any more, and the offset may lie beyond keys that are still to come
		// (Promise 5): nothing is used until the source has verified it anew.
		h.reset()
		h.doubt = why
	}
	if h.doubt != "" {
		return replicate.Bound[K]{}
	}
	if f.HasHigh && h.settled.Kind == replicate.BoundUpTo && f.High < h.settled.Key {
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
	h.quiet = len(h.epochs) == 0
	return h.settled
}

// strike removes from every epoch the holders that are gone.
func (h *Horizon[K]) strike(present map[string]struct{}) {
	for _, e := range h.epochs {
		for id := range e.holders {
			if _, still := present[id]; !still {
				delete(e.holders, id)
			}
		}
	}
}

// push appends an epoch. Its holders are copied, since strike changes them.
func (h *Horizon[K]) push(e epoch[K]) {
	if h.settled.Kind == replicate.BoundUpTo && h.settled.Key >= e.high {
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
	if len(h.epochs) > EpochsMax {
		h.mergeNewest()
	}
}

// mergeNewest merges the two newest epochs to the larger high and the union of the holders, which
// can only delay settling (Promise 7 without cost to Promise 1).
func (h *Horizon[K]) mergeNewest() {
	n := len(h.epochs)
	older, newer := h.epochs[n-2], h.epochs[n-1]
	for id := range older.holders {
		newer.holders[id] = struct{}{}
	}
	h.epochs = append(h.epochs[:n-2], newer)
}

// settle drops the leading epochs that have no holders left and have waited the delay.
func (h *Horizon[K]) settle(now time.Time) {
	done := 0
	for i, e := range h.epochs {
		// An epoch without holders settles every epoch before it: its high is larger, and whoever had
		// drawn a smaller key by then is gone.
		if len(e.holders) == 0 && now.Sub(e.readAt) >= h.delay {
			done = i + 1
			h.settled = replicate.Bound[K]{Key: e.high, Kind: replicate.BoundUpTo}
		}
	}
	if done > 0 {
		h.epochs = append(h.epochs[:0], h.epochs[done:]...)
	}
}

// oldest returns the epoch that holds the horizon back longest, if there is one.
func (h *Horizon[K]) oldest() (epoch[K], bool) {
	if len(h.epochs) == 0 {
		return epoch[K]{}, false
	}
	return h.epochs[0], true
}

// Doubt says why nothing can be settled any more until the source has been verified again; empty when nothing is amiss.
func (h *Horizon[K]) Doubt() string { return h.doubt }

// Holders names those who hold the horizon back longest, in order.
func (h *Horizon[K]) Holders() []string {
	if e, ok := h.oldest(); ok {
		return e.names()
	}
	return nil
}

// Epochs is how many fences have not settled yet.
func (h *Horizon[K]) Epochs() int { return len(h.epochs) }
