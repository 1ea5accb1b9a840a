package machine

import "github.com/repliqate/repliqate/replicate"

// Standing is the machine's state after a step, as far as it is visible from outside.
type Standing[K replicate.Key] struct {
	Phase    Phase
	Acked    Position[K] // the offset in force
	Next     Position[K] // the last row handed to the sink
	InFlight []Size      // batches that wait for their acknowledgement
	Watched  int         // keys that the late-row audit will look up again
	Asked    int         // keys of the current lookup
}

// Size is how large a batch is.
type Size struct{ Rows, Bytes int }

// Standing returns the machine's visible state.
func (m *Machine[K]) Standing() Standing[K] {
	s := Standing[K]{Phase: m.phase, Acked: m.acked, Next: m.next, Watched: len(m.gaps.keys), Asked: len(m.auditing)}
	for _, f := range m.sink.inFlight {
		s.InFlight = append(s.InFlight, Size{Rows: f.rows, Bytes: f.bytes})
	}
	return s
}
