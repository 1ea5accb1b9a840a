package machine

import (
	"errors"

	"github.com/repliqate/repliqate/replicate"
)

// dirty reports whether the acknowledged offset is still to be stored.
func (m *Machine[K]) dirty() bool {
	return !m.acked.Offset.IsZero() && m.acked.Offset != m.store.stored
}

// commit writes the acknowledged offset, never a row ahead of it (Promise 3). One write covers everything
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

// storeAnswered ends the store's current operation and reports whether its answer counts. It does not if the
// operation began before a step-down.
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
		// Another instance, or a person, has set an offset that is further on. It stays, and the rows up to it are
		// published all the same (Promise 4).
		m.store.stored, m.store.failing = ev.Offset, false
		m.tries[TimerCommit] = 0
		m.store.paused = true
		m.arm(TimerCommit, m.config.CommitInterval)
	case replicate.IsStop(ev.Err):
		m.witness.tried = true // no witness of an offset that the store rejects
		if m.phase == PhaseStopping {
			m.exit(errors.Join(m.failure, ev.Err))
		}
		m.stop(ev.Err)
		m.store.stored = m.acked.Offset // an offset that can't be stored must not delay the stop
	default:
		// Redis is unreachable or has lost the lease: carry on with the offset in memory, and retry.
		m.store.paused, m.store.failing = true, true
		m.retry(TimerCommit, replicate.OpCommit, ev.Err)
		if errors.Is(ev.Err, replicate.ErrLeaseLost) {
			m.askLease()
		}
	}
}

// refresh writes the acknowledged offset again, to the store and to the witness. A store that has lost its data is
// thus repaired from memory even if no more rows come, and the witness does not expire. An offset that is further
// on stays (Promise 4).
func (m *Machine[K]) refresh() {
	m.store.stored = replicate.Offset{}
	m.keepWitness()
}

// keepWitness saves the witness if there is anything to save, and schedules the next time.
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

// witnessReport makes one report stand for this many refusals: a missing permission may take long to come, or never
// come.
const witnessReport = 20

// onWitnessSaved carries on without a witness if it is denied, but still repairs the store at intervals.
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

// lastWitness saves the witness before a stop completes, so that short runs have one too. It reports whether that
// is in progress. If it fails, the stop goes on.
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
