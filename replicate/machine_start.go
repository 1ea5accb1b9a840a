package replicate

import "errors"

// begin starts what publishing needs, one after the other: the sink, the offset, the source.
func (m *machine[K]) begin() {
	m.phase = phaseStarting
	m.state("starting")
	m.openSink()
}

func (m *machine[K]) openSink() {
	if m.phase != phaseStarting && m.phase != phaseRunning || m.sink.open || m.sink.busy {
		return
	}
	m.sink.busy = true
	m.do(actOpenSink{})
}

func (m *machine[K]) onSinkOpened(ev evSinkOpened) {
	m.sink.busy = false
	switch {
	case m.phase >= phaseStopping:
	case m.phase == phaseStandby:
		m.do(actCloseSink{})
	case ev.err != nil && IsStop(ev.err):
		m.stop(ev.err)
	case ev.err != nil:
		m.retry(timerSink, "sink", ev.err)
	default:
		m.sink.open, m.sink.opened, m.sink.info = true, m.now, ev.info
		if m.phase == phaseStarting {
			m.load(false)
		}
	}
}

// closeSink gives up what is in flight. The shell tells the machine nothing about it any more.
func (m *machine[K]) closeSink() {
	for _, f := range m.sink.inFlight {
		if !f.acked {
			m.watch.again(f.late)
		}
	}
	m.sink.inFlight = nil
	if m.sink.open {
		m.sink.open = false
		m.do(actCloseSink{})
	}
}

func (m *machine[K]) load(witness bool) {
	if m.phase != phaseStarting {
		return
	}
	if m.store.busy {
		m.store.reload = true // a commit from before a step-down is under way
		return
	}
	m.store.busy, m.store.reload, m.store.since = true, false, m.now
	m.do(actLoad{witness: witness})
}

// onLoaded takes the offset. A store that does not answer is waited for: the job never begins at the
// table's first row because of it.
func (m *machine[K]) onLoaded(ev evLoaded) {
	if m.hooks.OnLoad != nil {
		m.hooks.OnLoad(LoadInfo{Offset: ev.offset, Witness: ev.witness, Duration: m.now.Sub(m.store.since), Err: ev.err})
	}
	if !m.storeAnswered() || m.phase != phaseStarting {
		return
	}
	switch {
	case ev.witness && errors.Is(ev.err, ErrWitnessDenied):
		// Whoever may not read a witness has, as a rule, written none either: there is no offset. OnLoad says so.
	case ev.err != nil && IsStop(ev.err):
		m.stop(ev.err)
		return
	case ev.err != nil:
		m.retry(timerLoad, "load", ev.err)
		return
	case ev.offset.IsZero() && !ev.witness && m.hasWitness:
		m.load(true)
		return
	}
	m.tries[timerLoad] = 0
	at, err := parsePosition[K](ev.offset)
	if err != nil {
		m.stop(err)
		return
	}
	m.acked, m.next, m.loaded = at, at, true
	if !ev.witness {
		m.store.stored = ev.offset
	}
	m.openSource()
}

func parsePosition[K Key](o Offset) (position[K], error) {
	if o.IsZero() {
		return position[K]{}, nil
	}
	key, err := ParseKey[K](o.Key)
	if err != nil {
		return position[K]{}, Stop(errors.New("the stored offset "+o.Key+" is not a key of this table"),
			"correct or delete it in the offset store")
	}
	return position[K]{key: key, offset: o}, nil
}

// openSource is called whenever something that stood in its way has ended. It waits for the offset: the table
// is never read from its first row on because the offset was not loaded yet.
func (m *machine[K]) openSource() {
	if m.phase != phaseStarting && m.phase != phaseRunning || !m.loaded || m.source.open || m.source.busy {
		return
	}
	m.source.busy = true
	// Polls read on from the row that was handed over last, so this is the one to verify.
	m.do(actOpenSource{at: m.next.offset})
}

func (m *machine[K]) onSourceOpened(ev evSourceOpened) {
	m.source.busy = false
	closing := m.source.closing
	m.source.closing = false
	switch {
	case closing:
		m.do(actCloseSource{})
		m.openSource() // the next incarnation may have waited for this answer
	case m.phase >= phaseStopping || m.phase == phaseStandby:
	case ev.err != nil && IsStop(ev.err):
		m.stop(ev.err)
	case ev.err != nil:
		m.retry(timerSource, "source", ev.err)
	default:
		m.source.open = true
		m.horizon.reset()
		m.arm(timerRecheck, m.recheckEvery)
		m.source.recheckDue, m.source.auditDue = false, false
		if m.watch.max > 0 {
			m.arm(timerAudit, m.cfg.AuditInterval)
		}
		if m.phase == phaseStarting {
			m.once = onceState[K]{}
			m.phase = phaseRunning
			m.state("running")
			m.keepWitness() // at once: an offset that was set back must not leave a witness ahead of it
		}
	}
}

// closeSource ends the connection. An operation under way is cut short, and its answer ignored.
func (m *machine[K]) closeSource() {
	if m.source.busy {
		m.source.closing = true
		m.source.open = false
		m.do(actAbortSource{})
		return
	}
	if m.source.open {
		m.source.open = false
		m.do(actCloseSource{})
	}
}
