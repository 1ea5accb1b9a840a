package machine

import "github.com/repliqate/repliqate/replicate"

// drained notes that a poll left nothing to read: everything up to its fence was settled and handed over, and there
// was nothing beyond.
type drained[K replicate.Key] struct {
	known bool
	at    Position[K]
}

// idle reports whether the next poll may be a brief look. If a brief look finds no change, nothing is published and
// the offset does not move, so the worst it can do is delay a row. Whatever it can't see is seen by the next full
// poll, LookInterval after the last one at the latest.
//
// There is something to read if the position was set back or the source reopened in the meantime. The first shows
// in the position. The second shows in the horizon, which a reset leaves empty.
func (m *Machine[K]) idle() bool {
	return m.drained.known && m.drained.at == m.next && m.horizon.quiet && !m.config.Once &&
		m.now.Sub(m.lookedAt) < m.config.LookInterval
}

// drain notes what a full poll from the machine's position has left.
func (m *Machine[K]) drain(result replicate.PollResult) {
	if !result.Unchanged {
		m.drained = drained[K]{known: !result.More && !result.Unsettled, at: m.next}
	}
}
