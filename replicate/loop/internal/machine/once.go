package machine

import (
	"errors"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/loopconfig"
)

// oncePollMax is the longest pause between polls while Once waits for open transactions.
const oncePollMax = 100 * time.Millisecond

// onceState is the progress of a Once run. The run ends when every row is published that was committed when it
// started: those up to the highest key drawn by then, and those above it, which were inserted with explicit keys.
type onceState[K replicate.Key] struct {
	fenced  bool
	covered bool // everything up to target is settled
	handed  bool // and has been handed to the sink
	more    bool // the last page ended at a limit, or must be read again
	target  K
	any     bool // there is something to wait for
	until   time.Time

	looked bool                   // rows above the highest key were looked for, before the first fence
	above  replicate.Stranded[K]  // the rows found then
	left   *replicate.Stranded[K] // the rows still there when everything else is published
}

// unlooked reports whether rows above the highest key must be looked for, or looked for again.
func (o *onceState[K]) unlooked() bool {
	return !o.looked || o.fenced && o.complete() && o.above.Rows > 0 && o.left == nil
}

// complete reports whether everything that can be published has been read. What was read has been handed to the
// sink.
func (o *onceState[K]) complete() bool { return o.covered && !o.more }

// onceFenced notes what the first fence says a Once run must publish, and whether it is settled.
func (m *Machine[K]) onceFenced() {
	if !m.config.Once || !m.horizon.observed {
		return
	}
	if drawn := m.horizon.last; !m.once.fenced {
		m.once.fenced, m.once.target, m.once.any = true, drawn.High, drawn.HasHigh
		m.once.until = m.now.Add(m.config.OnceWait)
	}
	m.once.covered = !m.once.any || m.horizon.bound.Allows(m.once.target)
}

// onceProgress notes when everything of a Once run has been handed to the sink, or gives up if it can't be.
func (m *Machine[K]) onceProgress() {
	if !m.config.Once || !m.once.fenced || m.once.handed {
		return
	}
	if m.once.any && !m.next.Before(m.once.target) {
		m.once.more = false // the rows that follow were committed later
	}
	switch {
	case m.once.unlooked():
		m.source.strandedDue = true
	case m.once.complete():
		m.once.handed = true
		m.onceDone()
	case !m.once.more && !m.now.Before(m.once.until):
		m.stop(replicate.GaveUp(errors.New("transactions that were open at the start are still open"),
			"what was settled is published and committed: end them, or raise %s", loopconfig.SettingOnceWait))
	}
}

// onceDone ends a Once run when everything is acknowledged. Until then a failed batch is published again.
func (m *Machine[K]) onceDone() {
	if !m.once.handed || len(m.sink.inFlight) > 0 {
		return
	}
	if left := m.once.left; left != nil {
		m.stop(replicate.GaveUp(errors.New(left.String()), left.Remedy))
		return
	}
	m.stop(nil)
}

// watchStranded asks now and then about the rows that wait above the highest key drawn.
func (m *Machine[K]) watchStranded(above bool) {
	if above && !m.config.Once && (m.strandedAt.IsZero() || m.now.Sub(m.strandedAt) >= m.config.StuckAfter) {
		m.source.strandedDue = true
	}
}

// onStranded takes the rows that wait above the highest key drawn.
func (m *Machine[K]) onStranded(ev StrandedFound[K]) {
	outdated := m.source.closing
	m.sourceIdle()
	switch {
	case outdated || m.phase != PhaseRunning || !m.source.open:
	case ev.Err != nil:
		m.pollFailed(ev.Err)
	case m.config.Once:
		m.onceStranded(ev.Found)
	default:
		m.strandedAt = m.now
		if ev.Found.Rows > 0 && m.hooks.OnStranded != nil {
			m.hooks.OnStranded(replicate.StrandedInfo{Rows: ev.Found.Rows, Text: ev.Found.String(), Remedy: ev.Found.Remedy})
		}
	}
}

// onceStranded notes the rows above the highest key drawn: at the start as work to do, at the end as rows that
// can't be published. If the sequence has passed them in the meantime, they settle as other rows do.
func (m *Machine[K]) onceStranded(found replicate.Stranded[K]) {
	switch {
	case !m.once.looked:
		m.once.looked, m.once.above = true, found
	case found.Rows > 0:
		m.once.left = &found
	default:
		if !m.once.any || m.once.above.Last > m.once.target {
			m.once.target, m.once.any = m.once.above.Last, true
		}
		m.once.above, m.once.covered, m.once.more = replicate.Stranded[K]{}, false, true
	}
	m.onceProgress()
}

// failures say what is not working.
var failures = map[replicate.Op]string{
	replicate.OpLease: "the lease can't be checked", replicate.OpLoad: "the offset can't be read",
	replicate.OpSource: "the database can't be read", replicate.OpSink: "messages can't be sent to Kafka",
	replicate.OpCommit: "the offset can't be stored", replicate.OpWitness: "the second copy of the offset can't be stored",
}

// failedFor is an operation that has failed for a while. This package does without fmt, so Error builds its own
// text.
type failedFor struct {
	what string
	wait time.Duration
	err  error
}

func (e *failedFor) Error() string { return e.what + ", for " + e.wait.String() + ": " + e.err.Error() }
func (e *failedFor) Unwrap() error { return e.err }

// gaveUp is the end of a Once run in which an operation has failed for OnceWait.
func (m *Machine[K]) gaveUp(op replicate.Op, err error) error {
	return replicate.GaveUp(&failedFor{failures[op], m.config.OnceWait, err},
		"fix it and start again, or raise %s", loopconfig.SettingOnceWait)
}

// neverHeld is the end of a Once run that has waited for the lease for OnceWait.
func (m *Machine[K]) neverHeld(holder string) error {
	return replicate.GaveUp(
		errors.New("another instance, "+holder+", has published this job for "+m.config.OnceWait.String()),
		"there is nothing to do while it runs; to run in its place, stop it first")
}
