package replicate

import (
	"errors"
	"time"
)

// askLease asks for the lease, to take it or to renew it.
func (m *machine[K]) askLease() {
	if !m.hasLease || m.lease.asking || m.phase == phaseDone {
		return
	}
	m.lease.asking, m.lease.asked = true, m.now
	m.do(actAcquire{})
}

func (m *machine[K]) onLease(ev evLease) {
	m.lease.asking = false
	switch {
	case m.phase == phaseDone:
	case m.phase == phaseStopping:
		m.leaseWhileStopping(ev)
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
	m.lease.failing, m.lease.holder = false, ""
	m.renewed()
	if m.phase == phaseStandby {
		m.begin()
	}
}

// renewed notes a renewal. Its time counts from when it was asked for, since the store's may have begun then.
func (m *machine[K]) renewed() {
	m.lease.held, m.lease.renewed = true, m.lease.asked
	m.tries[timerLease] = 0
	m.arm(timerLease, m.cfg.LeaseTTL/3)
	if m.cfg.LeaseStrict {
		m.arm(timerStrict, m.strictAfter()-m.now.Sub(m.lease.renewed))
	}
}

// strictAfter is how long a strict lease counts as ours: it must end before a store lets it go.
func (m *machine[K]) strictAfter() time.Duration { return m.cfg.LeaseTTL * 4 / 5 }

// leaseRunsOut steps down when a strict lease could not be renewed in time, asked in vain or not answered.
func (m *machine[K]) leaseRunsOut() {
	running := m.phase == phaseStarting || m.phase == phaseRunning
	if !running || !m.lease.held || m.now.Sub(m.lease.renewed) < m.strictAfter() {
		return
	}
	m.lease.held = false
	m.reportLease(LeaseInfo{Err: errors.New("it was not renewed within " + m.strictAfter().String())})
	m.stepDown()
}

// leaseWhileStopping renews the lease for as long as a stop flushes and commits. When another has it,
// that one goes on from the stored offset, and nothing of ours is left to do.
func (m *machine[K]) leaseWhileStopping(ev evLease) {
	switch {
	case ev.held:
		m.renewed()
	case ev.err != nil:
		m.retry(timerLease, "lease", ev.err)
	default:
		m.lease.held = false
		m.exit(m.failure)
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

// leaseUnreachable goes on without a renewal, since the worst case is duplicates. A strict lease runs out
// by its own timer.
func (m *machine[K]) leaseUnreachable(err error) {
	if m.phase == phaseStandby {
		m.retry(timerLease, "lease", err)
		return
	}
	if !m.lease.failing {
		m.lease.failing = true
		m.reportLease(LeaseInfo{Held: true, Err: err})
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
	m.copied.saved = Offset{}
	m.watch.reset()
	m.state("standby")
}
