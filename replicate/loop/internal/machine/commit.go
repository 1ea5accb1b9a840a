package machine

import (
	"errors"

	"github.com/repliqate/repliqate/replicate"
)

// dirty reports whether an acknowledged offset is not stored yet.
func (m *Machine[K]) dirty() bool {
	return !m.Acked.Offset.IsZero() && m.Acked.Offset != m.store.stored
}

// commit writes the acknowledged offset, never a row ahead of it (Promise 3), and coalesces what is
// acknowledged within the commit interval. A stop does not wait for the interval.
func (m *Machine[K]) commit() {
	if m.Phase != PhaseRunning && m.Phase != phaseStopping || m.store.busy || !m.dirty() {
		return
	}
	if m.store.paused && (m.Phase != phaseStopping || m.store.failing) {
		return
	}
	m.store.busy, m.store.since = true, m.now
	m.do(Commit{Offset: m.Acked.Offset})
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
		m.arm(TimerCommit, m.Config.CommitInterval)
	case replicate.IsStop(ev.Err):
		m.copied.tried = true // no witness of an offset that the store does not take
		if m.Phase == phaseStopping {
			m.exit(errors.Join(m.failure, ev.Err))
		}
		m.stop(ev.Err)
		m.store.stored = m.Acked.Offset // what can't be stored must not hold up the stop
	default:
		// Redis is away or has lost the lease: go on, keep the offset in memory, try again.
		m.store.paused, m.store.failing = true, true
		m.retry(TimerCommit, "commit", ev.Err)
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
	if m.hasWitness && !m.Acked.Offset.IsZero() && m.Sink.open && !m.copied.busy {
		m.copyOffset()
		return
	}
	wait := m.RefreshEvery
	if m.hasWitness && m.copied.saved.IsZero() {
		wait = min(wait, firstWitness)
	}
	m.arm(TimerRefresh, wait)
}

func (m *Machine[K]) copyOffset() {
	m.copied.busy, m.copied.saving = true, m.Acked.Offset
	m.do(SaveWitness{Offset: m.Acked.Offset})
}

// WitnessReport is how many refused witnesses one report stands for: a right that is missing may come, or never.
const WitnessReport = 20

// onWitnessSaved goes on without a witness where it is denied, and still repairs the store now and then.
func (m *Machine[K]) onWitnessSaved(ev WitnessSaved) {
	m.copied.busy = false
	if ev.Err == nil {
		m.copied.saved = m.copied.saving
	}
	switch {
	case m.Phase != PhaseRunning:
	case ev.Err == nil:
		m.tries[TimerRefresh] = 0
		m.arm(TimerRefresh, m.RefreshEvery)
	case !errors.Is(ev.Err, replicate.ErrWitnessDenied):
		m.retry(TimerRefresh, "witness", ev.Err)
	default:
		m.tries[TimerRefresh]++
		if n := m.tries[TimerRefresh]; n%WitnessReport == 1 && m.hooks.OnRetry != nil {
			m.hooks.OnRetry(replicate.RetryInfo{Op: "witness", Attempt: n, Delay: m.RefreshEvery, Err: ev.Err})
		}
		m.arm(TimerRefresh, m.RefreshEvery)
	}
}

// lastWitness saves the witness before a stop leaves, so that short runs have one too. It reports whether
// that is under way; a failure does not hold the stop up.
func (m *Machine[K]) lastWitness() bool {
	c := &m.copied
	if !m.hasWitness || c.busy {
		return c.busy
	}
	if c.tried || !m.Sink.open || m.Acked.Offset.IsZero() || m.Acked.Offset == c.saved {
		return false
	}
	c.tried = true
	m.copyOffset()
	return true
}
