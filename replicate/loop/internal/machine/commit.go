package machine

import (
	"errors"

	"github.com/repliqate/repliqate/replicate"
)

// dirty reports whether an acknowledged offset is not stored yet.
func (m *Machine[K]) dirty() bool {
	return !m.acked.Offset.IsZero() && m.acked.Offset != m.store.stored
}

// commit writes the acknowledged offset, never a row ahead of it (Promise 3), and coalesces what is
// acknowledged within the commit interval. A stop does not wait for the interval.
func (m *Machine[K]) commit() {
	if m.phase != PhaseRunning && m.phase != PhaseStopping || m.store.busy || !m.dirty() {
		return
	}
	if m.store.paused && (m.phase != PhaseStopping || m.store.failing) {
		return
	}
	m.store.busy, m.store.since = true, m.now
	m.do(Commit{Offset: m.acked.Offset})
}

// storeAnswered ends the store's operation under way, and reports whether its answer counts: one from before
// a step-down does not.
func (m *Machine[K]) storeAnswered() bool {
	counts := !m.store.outdated
	m.store.busy, m.store.outdated = false, false
	if m.store.reload {
		m.load(false)
		return false
	}
	return counts
}

func (m *Machine[K]) onCommitted(ev Committed) {
	if m.hooks.OnCommit != nil {
		m.hooks.OnCommit(replicate.CommitInfo{Offset: ev.Offset, Duration: m.now.Sub(m.store.since), Err: ev.Err})
	}
	if !m.storeAnswered() {
		return
	}
	var ahead *replicate.OffsetAheadError
	switch {
	case ev.Err == nil, errors.As(ev.Err, &ahead):
		// An offset that is further on was set by an earlier holder or by hand. It stays, and the rows
		// up to it are published all the same (Promise 4).
		m.store.stored, m.store.failing = ev.Offset, false
		m.tries[TimerCommit] = 0
		m.store.paused = true
		m.arm(TimerCommit, m.config.CommitInterval)
	case replicate.IsStop(ev.Err):
		m.witness.tried = true // no witness of an offset that the store does not take
		if m.phase == PhaseStopping {
			m.exit(errors.Join(m.failure, ev.Err))
		}
		m.stop(ev.Err)
		m.store.stored = m.acked.Offset // what can't be stored must not hold up the stop
	default:
		// Redis is away or has lost the lease: go on, keep the offset in memory, try again.
		m.store.paused, m.store.failing = true, true
		m.retry(TimerCommit, replicate.OpCommit, ev.Err)
		if errors.Is(ev.Err, replicate.ErrLeaseLost) {
			m.askLease()
		}
	}
}

// refresh writes the acknowledged offset once more, to the store and beside the messages: a store that lost
// its data is repaired from memory even when no row follows, and the witness does not expire. An offset that
// is further on stays (Promise 4).
func (m *Machine[K]) refresh() {
	m.store.stored = replicate.Offset{}
	m.keepWitness()
}

// keepWitness saves the witness where there is something to save, and comes again.
func (m *Machine[K]) keepWitness() {
	if m.hasWitness && !m.acked.Offset.IsZero() && m.sink.open && !m.witness.busy {
		m.copyOffset()
		return
	}
	wait := m.config.RefreshInterval
	if m.hasWitness && m.witness.saved.IsZero() {
		wait = min(wait, firstWitness)
	}
	m.arm(TimerRefresh, wait)
}

func (m *Machine[K]) copyOffset() {
	m.witness.busy, m.witness.saving = true, m.acked.Offset
	m.do(SaveWitness{Offset: m.acked.Offset})
}

// witnessReport is how many refused witnesses one report stands for: a right that is missing may come, or never.
const witnessReport = 20

// onWitnessSaved goes on without a witness where it is denied, and still repairs the store now and then.
func (m *Machine[K]) onWitnessSaved(ev WitnessSaved) {
	m.witness.busy = false
	if ev.Err == nil {
		m.witness.saved = m.witness.saving
	}
	switch {
	case m.phase != PhaseRunning:
	case ev.Err == nil:
		m.tries[TimerRefresh] = 0
		m.arm(TimerRefresh, m.config.RefreshInterval)
	case !errors.Is(ev.Err, replicate.ErrWitnessDenied):
		m.retry(TimerRefresh, replicate.OpWitness, ev.Err)
	default:
		m.tries[TimerRefresh]++
		if n := m.tries[TimerRefresh]; n%witnessReport == 1 && m.hooks.OnRetry != nil {
			m.hooks.OnRetry(replicate.RetryInfo{Op: replicate.OpWitness, Attempt: n, Delay: m.config.RefreshInterval,
				Err: ev.Err})
		}
		m.arm(TimerRefresh, m.config.RefreshInterval)
	}
}

// lastWitness saves the witness before a stop leaves, so that short runs have one too. It reports whether
// that is under way; a failure does not hold the stop up.
func (m *Machine[K]) lastWitness() bool {
	c := &m.witness
	if !m.hasWitness || c.busy {
		return c.busy
	}
	if c.tried || !m.sink.open || m.acked.Offset.IsZero() || m.acked.Offset == c.saved {
		return false
	}
	c.tried = true
	m.copyOffset()
	return true
}
