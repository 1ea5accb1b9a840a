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
		m.copied.tried = true // no witness of an offset that the store does not take
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
	m.keepWitness()
}

// keepWitness saves the witness where there is something to save, and comes again.
func (m *machine[K]) keepWitness() {
	if m.hasWitness && !m.acked.offset.IsZero() && m.sink.open && !m.copied.busy {
		m.copyOffset()
		return
	}
	wait := m.refreshEvery
	if m.hasWitness && m.copied.saved.IsZero() {
		wait = min(wait, witnessSoon)
	}
	m.arm(timerRefresh, wait)
}

func (m *machine[K]) copyOffset() {
	m.copied.busy, m.copied.saving = true, m.acked.offset
	m.do(actSaveWitness{offset: m.acked.offset})
}

// witnessReport is how many refused witnesses one report stands for: a right that is missing may come, or never.
const witnessReport = 20

// onWitnessSaved goes on without a witness where it is denied, and still repairs the store now and then.
func (m *machine[K]) onWitnessSaved(ev evWitnessSaved) {
	m.copied.busy = false
	if ev.err == nil {
		m.copied.saved = m.copied.saving
	}
	switch {
	case m.phase != phaseRunning:
	case ev.err == nil:
		m.tries[timerRefresh] = 0
		m.arm(timerRefresh, m.refreshEvery)
	case !errors.Is(ev.err, ErrWitnessDenied):
		m.retry(timerRefresh, "witness", ev.err)
	default:
		m.tries[timerRefresh]++
		if n := m.tries[timerRefresh]; n%witnessReport == 1 && m.hooks.OnRetry != nil {
			m.hooks.OnRetry(RetryInfo{Op: "witness", Attempt: n, Delay: m.refreshEvery, Err: ev.err})
		}
		m.arm(timerRefresh, m.refreshEvery)
	}
}

// lastWitness saves the witness before a stop leaves, so that short runs have one too. It reports whether
// that is under way; a failure does not hold the stop up.
func (m *machine[K]) lastWitness() bool {
	c := &m.copied
	if !m.hasWitness || c.busy {
		return c.busy
	}
	if c.tried || !m.sink.open || m.acked.offset.IsZero() || m.acked.offset == c.saved {
		return false
	}
	c.tried = true
	m.copyOffset()
	return true
}
