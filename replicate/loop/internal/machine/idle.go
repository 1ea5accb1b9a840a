package machine

import "github.com/repliqate/repliqate/replicate"

// drained is where a poll left nothing to read: all up to its fence was settled and was handed over, and it has seen
// nothing beyond.
type drained[K replicate.Key] struct {
	known bool
	at    Position[K]
}

// idle reports whether the next poll may be a brief look. An answer that nothing has come publishes nothing and moves
// no offset, so the only thing that it could do wrong is to wait; what such a look can't see is seen by the proper
// poll that follows at the latest LookInterval after the last one.
//
// The position may have been set back since, and the source opened again. Then there is something to read: the first
// shows in the position, the second in the horizon, which knows nothing after a reset.
func (m *Machine[K]) idle() bool {
	return m.drained.known && m.drained.at == m.next && m.horizon.quiet && !m.config.Once &&
		m.now.Sub(m.lookedAt) < m.config.LookInterval
}

// drain notes what a proper poll from the machine's position has left.
func (m *Machine[K]) drain(result replicate.PollResult) {
	if !result.Unchanged {
		m.drained = drained[K]{known: !result.More && !result.Unsettled, at: m.next}
	}
}
