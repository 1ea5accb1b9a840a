package machine

import (
	"errors"

	"github.com/repliqate/repliqate/replicate"
)

// begin starts what publishing needs, one after the other: sink, offset, source.
func (m *Machine[K]) begin() {
	m.phase = PhaseStarting
	m.state(replicate.StateStarting)
	m.openSink()
}

func (m *Machine[K]) openSink() {
	if m.phase != PhaseStarting && m.phase != PhaseRunning || m.sink.open || m.sink.busy {
		return
	}
	m.sink.busy = true
	m.do(OpenSink{})
}

func (m *Machine[K]) onSinkOpened(ev SinkOpened) {
	m.sink.busy = false
	switch {
	case m.phase >= PhaseStopping:
	case m.phase == PhaseStandby:
		m.do(CloseSink{})
	case ev.Err != nil && replicate.IsStop(ev.Err):
		m.stop(ev.Err)
	case ev.Err != nil:
		m.retry(TimerSink, replicate.OpSink, ev.Err)
	default:
		m.sink.open, m.sink.opened, m.sink.info = true, m.now, ev.Info
		if m.phase == PhaseStarting {
			m.load(false)
		}
	}
}

// closeSink gives up everything in flight. The shell tells the machine nothing more about it.
func (m *Machine[K]) closeSink() {
	for _, f := range m.sink.inFlight {
		if !f.acked {
			m.gaps.requeue(f.late)
		}
	}
	m.sink.inFlight = nil
	if m.sink.open {
		m.sink.open = false
		m.do(CloseSink{})
	}
}

func (m *Machine[K]) load(witness bool) {
	if m.phase != PhaseStarting {
		return
	}
	if m.store.busy {
		m.store.reload = true // a commit from before a step-down is still pending
		return
	}
	m.store.busy, m.store.reload, m.store.since = true, false, m.now
	m.do(LoadOffset{Witness: witness})
}

// onLoaded takes the offset. If the store does not answer, the job waits for it: it never falls back to the table's
// first row.
func (m *Machine[K]) onLoaded(ev OffsetLoaded) {
	if m.hooks.OnLoad != nil {
		m.hooks.OnLoad(replicate.LoadInfo{Offset: ev.Offset, Witness: ev.Witness,
			Duration: m.now.Sub(m.store.since), Err: ev.Err})
	}
	if !m.storeAnswered() || m.phase != PhaseStarting {
		return
	}
	switch {
	case ev.Witness && errors.Is(ev.Err, replicate.ErrWitnessDenied):
		// A job that may not read a witness has, as a rule, never written one: there is no offset. OnLoad reports
		// it.
	case ev.Err != nil && replicate.IsStop(ev.Err):
		m.stop(ev.Err)
		return
	case ev.Err != nil:
		m.retry(TimerLoad, replicate.OpLoad, ev.Err)
		return
	case ev.Offset.IsZero() && !ev.Witness && m.hasWitness:
		m.load(true)
		return
	}
	m.tries[TimerLoad] = 0
	at, err := ParsePosition[K](ev.Offset)
	if err != nil {
		m.stop(err)
		return
	}
	m.acked, m.next, m.loaded = at, at, true
	if !ev.Witness {
		m.store.stored = ev.Offset
	}
	m.openSource()
}

// ParsePosition reads a stored offset.
func ParsePosition[K replicate.Key](o replicate.Offset) (Position[K], error) {
	if o.IsZero() {
		return Position[K]{}, nil
	}
	key, err := replicate.ParseKey[K](o.Key)
	if err != nil {
		return Position[K]{}, replicate.Stop(errors.New("the stored offset "+o.Key+" is not a key of this table"),
			"correct or delete it in the offset store")
	}
	return Position[K]{Key: key, Offset: o}, nil
}

// openSource is called whenever something that it waited for has ended. It needs the offset: the table is never
// read from its first row only because the offset had not been loaded yet.
func (m *Machine[K]) openSource() {
	if m.phase != PhaseStarting && m.phase != PhaseRunning || !m.loaded || m.source.open || m.source.busy {
		return
	}
	m.source.busy = true
	// Polls continue from the row that was handed over last, so that is the one to verify.
	m.do(OpenSource{At: m.next.Offset})
}

func (m *Machine[K]) onSourceOpened(ev SourceOpened) {
	m.source.busy = false
	closing := m.source.closing
	m.source.closing = false
	switch {
	case closing:
		m.do(CloseSource{})
		m.openSource() // the next tenure may have waited for this answer
	case m.phase >= PhaseStopping || m.phase == PhaseStandby:
	case ev.Err != nil && replicate.IsStop(ev.Err):
		m.stop(ev.Err)
	case ev.Err != nil:
		m.retry(TimerSource, replicate.OpSource, ev.Err)
	default:
		m.source.open = true
		m.horizon.reset()
		m.newsAt = m.now
		m.arm(TimerRecheck, m.config.RecheckInterval)
		m.source.recheckDue, m.source.auditDue = false, false
		if m.gaps.max > 0 {
			m.arm(TimerAudit, m.config.AuditInterval)
		}
		if m.phase == PhaseStarting {
			m.once = onceState[K]{}
			m.phase = PhaseRunning
			m.state(replicate.StateRunning)
			m.keepWitness() // at once: after an offset was set back, the witness must not stay ahead of it
		}
		m.source.strandedDue = m.config.Once && m.once.unlooked()
	}
}

// closeSource ends the connection. A pending operation is cut short, and its answer ignored.
func (m *Machine[K]) closeSource() {
	if m.source.busy {
		m.source.closing = true
		m.source.open = false
		m.do(AbortSource{})
		return
	}
	if m.source.open {
		m.source.open = false
		m.do(CloseSource{})
	}
}
