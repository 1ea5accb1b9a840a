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
		m.tries[timerSink] = 0
		m.sink.open, m.sink.info = true, ev.info
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
	m.store.busy = false
	if m.hooks.OnLoad != nil {
		m.hooks.OnLoad(LoadInfo{Offset: ev.offset, Witness: ev.witness, Duration: m.now.Sub(m.store.since), Err: ev.err})
	}
	if m.phase != phaseStarting {
		return
	}
	switch {
	case m.store.reload: // asked for again since, by a later tenure of the lease
		m.load(false)
		return
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
	m.acked, m.next = at, at
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

func (m *machine[K]) openSource() {
	if m.phase != phaseStarting && m.phase != phaseRunning || m.source.open || m.source.busy {
		return
	}
	m.source.busy = true
	m.do(actOpenSource{at: m.acked.offset})
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
		m.tries[timerSource] = 0
		m.source.open = true
		m.horizon.reset()
		m.arm(timerRecheck, recheckInterval)
		m.source.recheckDue, m.source.auditDue = false, false
		if m.watch.max > 0 {
			m.arm(timerAudit, m.cfg.AuditInterval)
		}
		if m.phase == phaseStarting {
			m.once = onceState[K]{}
			m.phase = phaseRunning
			m.state("running")
			if m.hasWitness {
				m.arm(timerWitness, min(m.witness, witnessSoon))
			}
		}
	}
}

// closeSource ends the connection. An operation under way is let end first, and its answer ignored.
func (m *machine[K]) closeSource() {
	if m.source.busy {
		m.source.closing = true
		m.source.open = false
		return
	}
	if m.source.open {
		m.source.open = false
		m.do(actCloseSource{})
	}
}
