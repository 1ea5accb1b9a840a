package machine

import (
	"slices"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// EpochsMax bounds the horizon's queue. Beyond it, neighbours are merged, which only delays settling.
const EpochsMax = 64

// Horizon decides which keys are settled: drawn by transactions that have all ended, so that no row can appear at
// or below them any more. docs/delivery.md describes the algorithm.
//
// Each fence becomes an epoch: its highest key H, and the holders that may have drawn a key up to H and have not
// ended yet. A later fence removes from every epoch the holders that are gone. When an epoch has no holders left,
// its H is settled. Holders that come later don't matter to an earlier epoch, so a busy table does not starve it.
//
// An older epoch's remaining holders are a subset of a newer epoch's: a holder that was listed for the older one
// and is still there was there all along, so it was listed for the newer one too. A holder is therefore waited for
// by every epoch from its first one on, and the number of that first epoch is all that is kept of it. An epoch is
// free when every remaining holder's first epoch comes after it, and epochs become free in order. When two
// neighbours merge, the larger key is kept, with the newer epoch's holders, which include the older one's.
//
// The horizon has one owner at a time: the machine, or the poll that it was lent to.
type Horizon[K replicate.Key] struct {
	epochs  []epoch[K]        // ascending high and number
	number  uint64            // of the next epoch
	first   map[string]uint64 // for each holder in the last list: the first epoch that waits for it
	spare   map[string]uint64 // the previous map, to be reused
	settled replicate.Bound[K]
	from    Position[K]        // where the page begins
	last    replicate.Fence[K] // the last fence, without its holders
	begun   bool               // the next fence must continue this one
	doubt   string             // why the source must be reopened: a fence did not continue the one before it
	delay   time.Duration      // how long an epoch waits in addition to its holders: Config.SettleDelay

	quiet    bool               // everything up to the last fence was settled
	observed bool               // the current poll, or the last one, has read its fence
	bound    replicate.Bound[K] // the bound it was given
}

type epoch[K replicate.Key] struct {
	high   K
	number uint64
	readAt time.Time
}

// NewHorizon returns a horizon that has seen no fence. Every key waits for delay in addition to its holders.
func NewHorizon[K replicate.Key](delay time.Duration) *Horizon[K] { return &Horizon[K]{delay: delay} }

// waitsFor names an epoch's holders in order: a map has none, and a run must replay exactly.
func (h *Horizon[K]) waitsFor(e epoch[K]) (names []string) {
	for id, first := range h.first {
		if first <= e.number {
			names = append(names, id)
		}
	}
	slices.Sort(names)
	return names
}

// waits reports whether an epoch waits for anyone.
func (h *Horizon[K]) waits(e epoch[K]) bool {
	for _, first := range h.first {
		if first <= e.number {
			return true
		}
	}
	return false
}

// reset forgets everything: after a reconnect holders may have other identities, and the database may even be an
// older copy of itself. The next fence begins from scratch, at the cost of one poll.
func (h *Horizon[K]) reset() {
	h.epochs, h.settled, h.begun, h.quiet, h.doubt = h.epochs[:0], replicate.Bound[K]{}, false, false, ""
	clear(h.first)
}

// discontinuity says why a fence does not continue the one before it. It is empty if it does.
func (h *Horizon[K]) discontinuity(f replicate.Fence[K]) string {
	was, known := h.last.High, h.begun && h.last.HasHigh
	if from := h.from; !from.Offset.IsZero() && (!known || was < from.Key) {
		was, known = from.Key, true // a published key must have been drawn
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

// begin says where the next page begins.
func (h *Horizon[K]) begin(from Position[K]) { h.from, h.observed = from, false }

// Observe takes a fence that was read at now, and returns the bound for a page that is read in a newer snapshot.
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
		// What was settled may not be any more, and the offset may lie beyond keys that are still to come (Promise
		// 5). Nothing is used until the source has verified it again.
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
	free := h.strike(f.Holders)
	if f.HasHigh {
		h.push(f.High, now)
	}
	h.settle(now, free)
	h.quiet = len(h.epochs) == 0
	return h.settled
}

// strike forgets the holders that are gone, and notes the new ones, which the next epoch will be the first to wait
// for. Epochs numbered below free wait for nobody.
func (h *Horizon[K]) strike(present []string) (free uint64) {
	was, now := h.first, h.spare
	if now == nil {
		now = make(map[string]uint64, len(present))
	}
	clear(now)
	free = h.number + 1
	for _, id := range present {
		first, known := was[id]
		if !known {
			first = h.number
		}
		now[id] = first
		free = min(free, first)
	}
	h.first, h.spare = now, was
	return free
}

// push appends an epoch for the holders that were just noted.
func (h *Horizon[K]) push(high K, now time.Time) {
	if h.settled.Kind == replicate.BoundUpTo && h.settled.Key >= high {
		return
	}
	if n := len(h.epochs); n > 0 && h.epochs[n-1].high >= high {
		// No key was drawn since the last fence. The older epoch has the same keys and no more holders, so it
		// settles first; a new epoch would add nothing.
		return
	}
	h.epochs = append(h.epochs, epoch[K]{high: high, number: h.number, readAt: now})
	h.number++
	if n := len(h.epochs); n > EpochsMax {
		// The newest absorbs its neighbour, which can only delay settling (Promise 7, at no cost to Promise 1).
		h.epochs = slices.Delete(h.epochs, n-2, n-1)
	}
}

// settle drops the leading epochs that wait for nobody and have waited for the delay.
func (h *Horizon[K]) settle(now time.Time, free uint64) {
	done := 0
	for done < len(h.epochs) && h.epochs[done].number < free && now.Sub(h.epochs[done].readAt) >= h.delay {
		h.settled = replicate.Bound[K]{Key: h.epochs[done].high, Kind: replicate.BoundUpTo}
		done++
	}
	if done > 0 {
		h.epochs = append(h.epochs[:0], h.epochs[done:]...)
	}
}

// oldest returns the epoch that has held the horizon back longest, if there is one.
func (h *Horizon[K]) oldest() (epoch[K], bool) {
	if len(h.epochs) == 0 {
		return epoch[K]{}, false
	}
	return h.epochs[0], true
}

// Doubt says why nothing can be settled until the source has been verified again. It is empty if all is well.
func (h *Horizon[K]) Doubt() string { return h.doubt }

// Holders names, in order, the holders that have held the horizon back longest.
func (h *Horizon[K]) Holders() []string {
	if e, ok := h.oldest(); ok {
		return h.waitsFor(e)
	}
	return nil
}

// Epochs is the number of fences that have not settled yet.
func (h *Horizon[K]) Epochs() int { return len(h.epochs) }
