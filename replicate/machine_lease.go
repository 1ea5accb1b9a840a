package replicate

// askLease asks for the lease, to take it or to renew it.
func (m *machine[K]) askLease() {
	if !m.hasLease || m.lease.asking || m.phase >= phaseStopping {
		return
	}
	m.lease.asking = true
	m.do(actAcquire{})
}

func (m *machine[K]) onLease(ev evLease) {
	m.lease.asking = false
	if m.phase >= phaseStopping {
		return
	}
	switch {
	case ev.err != nil && IsStop(ev.err):
		m.stop(ev.err)
	case ev.err != nil:
		m.leaseUnreachable(ev.err)
	case ev.held:
		m.leaseHeld()
	default:
		m.leaseElsewhere(ev.holder)
	}
}

func (m *machine[K]) leaseHeld() {
	first := !m.lease.held
	if first || m.lease.failing {
		m.reportLease(LeaseInfo{Held: true})
	}
	m.lease.held, m.lease.failing, m.lease.renewed, m.lease.holder = true, false, m.now, ""
	m.tries[timerLease] = 0
	m.arm(timerLease, m.cfg.LeaseTTL/3)
	if m.phase == phaseStandby {
		m.begin()
	}
}

// leaseElsewhere steps down: what is in flight may still arrive and is then a duplicate, but nothing
// more is published or committed (Promise 4).
func (m *machine[K]) leaseElsewhere(holder string) {
	if m.lease.holder != holder || m.lease.held {
		m.reportLease(LeaseInfo{Holder: holder})
	}
	m.lease.held, m.lease.failing, m.lease.holder = false, false, holder
	m.stepDown()
	m.arm(timerLease, m.cfg.StandbyInterval)
}

// leaseUnreachable goes on without a renewal, since the worst case is duplicates, unless the lease is
// strict and has run out.
func (m *machine[K]) leaseUnreachable(err error) {
	if m.phase == phaseStandby {
		m.retry(timerLease, "lease", err)
		return
	}
	if !m.lease.failing {
		m.lease.failing = true
		m.reportLease(LeaseInfo{Held: true, Err: err})
	}
	if m.cfg.LeaseStrict && m.now.Sub(m.lease.renewed) >= m.cfg.LeaseTTL {
		m.lease.held = false
		m.reportLease(LeaseInfo{Err: err})
		m.stepDown()
	}
	m.retry(timerLease, "lease", err)
}

func (m *machine[K]) reportLease(info LeaseInfo) {
	if m.hooks.OnLease != nil {
		m.hooks.OnLease(info)
	}
}

// stepDown goes back to standby and forgets the position: it is loaded again with the lease.
func (m *machine[K]) stepDown() {
	if m.phase == phaseStandby {
		return
	}
	m.phase = phaseStandby
	m.closeSource()
	m.closeSink()
	m.acked, m.next = position[K]{}, position[K]{}
	m.store.stored = Offset{}
	m.watch.reset()
	m.state("standby")
}
