package replicate

import (
	"errors"
	"time"
)

// askLease asks for the lease, to take it or to renew it. A stop goes on renewing it, so that nobody takes
// over while the last batches are flushed.
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
	if !m.lease.held || m.lease.failing {
		m.reportLease(LeaseInfo{Held: true})
	}
	m.lease.held, m.lease.failing, m.lease.holder = true, false, ""
	m.tries[timerLease] = 0
	m.arm(timerLease, m.cfg.LeaseTTL/3)
	if m.cfg.LeaseStrict {
		// Its time counts from when it was asked for, since the store's may have begun then.
		m.arm(timerLeaseEnd, m.strictAfter()-m.now.Sub(m.lease.asked))
	}
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
	m.arm(timerLease, m.cfg.StandbyInterval)
	m.stepDown()
}

// leaseUnreachable goes on without a renewal, since the worst case is duplicates.
func (m *machine[K]) leaseUnreachable(err error) {
	if m.lease.held && !m.lease.failing {
		m.lease.failing = true
		m.reportLease(LeaseInfo{Held: true, Err: err})
	}
	m.retry(timerLease, "lease", err)
}

// strictAfter is how long a strict lease counts as ours: it must end before a store lets it go.
func (m *machine[K]) strictAfter() time.Duration { return m.cfg.LeaseTTL * 4 / 5 }

// leaseEnded steps down when a strict lease was not renewed in time.
func (m *machine[K]) leaseEnded() {
	if m.lease.held {
		m.lease.held, m.lease.failing = false, false
		m.reportLease(LeaseInfo{Err: errors.New("it was not renewed within " + m.strictAfter().String())})
		m.stepDown()
	}
}

func (m *machine[K]) reportLease(info LeaseInfo) {
	if m.hooks.OnLease != nil {
		m.hooks.OnLease(info)
	}
}

// stepDown goes back to standby and forgets the position: it is loaded again with the lease. What is under
// way for this tenure, timers too, must mean nothing to the next. A stop is then over: whoever holds the
// lease publishes what is still unacknowledged.
func (m *machine[K]) stepDown() {
	if m.phase == phaseStandby || m.phase == phaseDone {
		return
	}
	stopping := m.phase == phaseStopping
	m.phase, m.loaded, m.waiting = phaseStandby, false, false
	m.closeSource()
	m.closeSink()
	m.acked, m.next = position[K]{}, position[K]{}
	m.store = storeState{busy: m.store.busy, outdated: m.store.busy, since: m.store.since}
	m.copied = witnessState{busy: m.copied.busy} // an answer under way is of no offset of ours
	m.watch.reset()
	for timer := range timerKinds {
		if timer != timerLease {
			m.armed[timer]++
		}
	}
	if stopping {
		m.exit(m.failure)
		return
	}
	m.state("standby")
}
