package replicate

import "errors"

// dirty reports whether an acknowledged offset is not stored yet.
func (m *machine[K]) dirty() bool {
	return !m.acked.offset.IsZero() && m.acked.offset != m.store.stored
}

// commit writes the acknowledged offset, never a row ahead of it (Promise 3), and coalesces what is
// acknowledged within the commit interval. A stop does not wait for the interval.
func (m *machine[K]) commit() {
	if m.phase != phaseRunning && m.phase != phaseStopping || m.store.busy || !m.dirty() {
		return
	}
	if m.store.paused && (m.phase != phaseStopping || m.store.failing) {
		return
	}
	m.store.busy, m.store.since = true, m.now
	m.do(actCommit{offset: m.acked.offset})
}

// storeAnswered ends the store's operation under way, and reports whether its answer counts: one from before
// a step-down does not.
func (m *machine[K]) storeAnswered() bool {
	counts := !m.store.outdated
	m.store.busy, m.store.outdated = false, false
	if m.store.reload {
		m.load(false)
		return false
	}
	return counts
}

func (m *machine[K]) onCommitted(ev evCommitted) {
	if m.hooks.OnCommit != nil {
		m.hooks.OnCommit(CommitInfo{Offset: ev.offset, Duration: m.now.Sub(m.store.since), Err: ev.err})
	}
	if !m.storeAnswered() {
		return
	}
	var ahead *OffsetAheadError
	switch {
	case ev.err == nil, errors.As(ev.err, &ahead):
		// An offset that is further on was set by an earlier holder or by hand. It stays, and the rows
		// up to it are published all the same (Promise 4).
		m.store.stored, m.store.failing = ev.offset, false
		m.tries[timerCommit] = 0
		m.store.paused = true
		m.arm(timerCommit, m.cfg.CommitInterval)
	case IsStop(ev.err):
		if m.phase == phaseStopping {
			m.exit(errors.Join(m.failure, ev.err))
		}
		m.stop(ev.err)
		m.store.stored = m.acked.offset // what can't be stored must not hold up the stop
	default:
		// Redis is away or has lost the lease: go on, keep the offset in memory, try again.
		m.store.paused, m.store.failing = true, true
		m.retry(timerCommit, "commit", ev.err)
		if errors.Is(ev.err, ErrLeaseLost) {
			m.askLease()
		}
	}
}

// refresh writes the acknowledged offset once more, to the store and beside the messages: a store that lost
// its data is repaired from memory even when no row follows, and the witness does not expire. An offset that
// is further on stays (Promise 4).
func (m *machine[K]) refresh() {
	m.store.stored = Offset{}
	if !m.hasWitness || m.acked.offset.IsZero() || !m.sink.open {
		m.arm(timerRefresh, m.refreshEvery)
		return
	}
	m.do(actSaveWitness{offset: m.acked.offset})
}

func (m *machine[K]) onWitnessSaved(ev evWitnessSaved) {
	switch {
	case m.phase != phaseRunning:
	case ev.err != nil:
		m.retry(timerRefresh, "witness", ev.err)
	default:
		m.tries[timerRefresh] = 0
		m.arm(timerRefresh, m.refreshEvery)
	}
}
