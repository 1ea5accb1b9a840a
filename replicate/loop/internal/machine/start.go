package machine

import (
	"errors"

	"github.com/repliqate/repliqate/replicate"
)

// begin starts what publishing needs, one after the other: the sink, the offset, the source.
func (m *Machine[K]) begin() {
	m.Phase = PhaseStarting
	m.state("starting")
	m.openSink()
}

func (m *Machine[K]) openSink() {
	if m.Phase != PhaseStarting && m.Phase != PhaseRunning || m.Sink.open || m.Sink.busy {
		return
	}
	m.Sink.busy = true
	m.do(OpenSink{})
}

func (m *Machine[K]) onSinkOpened(ev SinkOpened) {
	m.Sink.busy = false
	switch {
	case m.Phase >= phaseStopping:
	case m.Phase == PhaseStandby:
		m.do(CloseSink{})
	case ev.Err != nil && replicate.IsStop(ev.Err):
		m.stop(ev.Err)
	case ev.Err != nil:
		m.retry(TimerSink, "sink", ev.Err)
	default:
		m.Sink.open, m.Sink.opened, m.Sink.info = true, m.now, ev.Info
		if m.Phase == PhaseStarting {
			m.load(false)
		}
	}
}

// closeSink gives up what is in flight. The shell tells the machine nothing about it any more.
func (m *Machine[K]) closeSink() {
	for _, f := range m.Sink.InFlight {
		if !f.Acked {
			m.Watch.again(f.Late)
		}
	}
	m.Sink.InFlight = nil
	if m.Sink.open {
		m.Sink.open = false
		m.do(CloseSink{})
	}
}

func (m *Machine[K]) load(witness bool) {
	if m.Phase != PhaseStarting {
		return
	}
	if m.store.busy {
		m.store.reload = true // a commit from before a step-down is under way
		return
	}
	m.store.busy, m.store.reload, m.store.since = true, false, m.now
	m.do(LoadOffset{Witness: witness})
}

// onLoaded takes the offset. A store that does not answer is waited for: the job never begins at the
// table's first row because of it.
func (m *Machine[K]) onLoaded(ev OffsetLoaded) {
	if m.hooks.OnLoad != nil {
		m.hooks.OnLoad(replicate.LoadInfo{Offset: ev.Offset, Witness: ev.Witness,
			Duration: m.now.Sub(m.store.since), Err: ev.Err})
	}
	if !m.storeAnswered() || m.Phase != PhaseStarting {
		return
	}
	switch {
	case ev.Witness && errors.Is(ev.Err, replicate.ErrWitnessDenied):
		// Whoever may not read a witness has, as a rule, written none either: there is no offset. OnLoad says so.
	case ev.Err != nil && replicate.IsStop(ev.Err):
		m.stop(ev.Err)
		return
	case ev.Err != nil:
		m.retry(TimerLoad, "load", ev.Err)
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
	m.Acked, m.Next, m.loaded = at, at, true
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

// openSource is called whenever something that stood in its way has ended. It waits for the offset: the table
// is never read from its first row on because the offset was not loaded yet.
func (m *Machine[K]) openSource() {
	if m.Phase != PhaseStarting && m.Phase != PhaseRunning || !m.loaded || m.source.open || m.source.busy {
		return
	}
	m.source.busy = true
	// Polls read on from the row that was handed over last, so this is the one to verify.
	m.do(OpenSource{At: m.Next.Offset})
}

func (m *Machine[K]) onSourceOpened(ev SourceOpened) {
	m.source.busy = false
	closing := m.source.closing
	m.source.closing = false
	switch {
	case closing:
		m.do(CloseSource{})
		m.openSource() // the next incarnation may have waited for this answer
	case m.Phase >= phaseStopping || m.Phase == PhaseStandby:
	case ev.Err != nil && replicate.IsStop(ev.Err):
		m.stop(ev.Err)
	case ev.Err != nil:
		m.retry(TimerSource, "source", ev.Err)
	default:
		m.source.open = true
		m.Horizon.reset()
		m.arm(TimerRecheck, m.RecheckEvery)
		m.source.recheckDue, m.source.auditDue = false, false
		if m.Watch.Max > 0 {
			m.arm(TimerAudit, m.Config.AuditInterval)
		}
		if m.Phase == PhaseStarting {
			m.once = onceState[K]{}
			m.Phase = PhaseRunning
			m.state("running")
			m.keepWitness() // at once: an offset that was set back must not leave a witness ahead of it
		}
		m.source.strandedDue = m.Config.Once && m.once.unlooked()
	}
}

// closeSource ends the connection. An operation under way is cut short, and its answer ignored.
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
