package machine

import (
	"errors"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// askLease takes or renews the lease. A stopping job keeps renewing it, so that nobody takes over while the last
// batches are flushed.
func (m *Machine[K]) askLease() {
	if !m.hasLease || m.lease.asking || m.phase == PhaseDone {
		return
	}
	m.lease.asking, m.lease.asked = true, m.now
	m.do(AcquireLease{})
}

func (m *Machine[K]) onLease(ev LeaseAnswered) {
	m.lease.asking = false
	switch {
	case m.phase == PhaseDone:
	case ev.Err != nil && replicate.IsStop(ev.Err):
		m.stop(ev.Err)
	case ev.Err != nil:
		m.leaseUnreachable(ev.Err)
	case ev.Held:
		m.leaseHeld()
	default:
		m.leaseElsewhere(ev.Holder)
	}
}

func (m *Machine[K]) leaseHeld() {
	if !m.lease.held || m.lease.failing {
		m.reportLease(replicate.LeaseInfo{Held: true})
	}
	m.lease.held, m.lease.failing, m.lease.holder, m.lease.waiting = true, false, "", time.Time{}
	m.tries[TimerLease] = 0
	m.arm(TimerLease, m.config.LeaseTTL/3)
	if m.config.LeaseStrict {
		// Its time counts from the request, since that may be when the store's time began.
		m.arm(TimerLeaseEnd, m.strictAfter()-m.now.Sub(m.lease.asked))
	}
	if m.phase == PhaseStandby {
		m.begin()
	}
}

// leaseElsewhere steps down. Batches in flight may still arrive, as duplicates, but nothing more is published or
// committed (Promise 4).
func (m *Machine[K]) leaseElsewhere(holder string) {
	if m.lease.waiting.IsZero() {
		m.lease.waiting = m.now
	}
	var until time.Time
	if m.config.Once {
		until = m.lease.waiting.Add(m.config.OnceWait)
	}
	if m.lease.holder != holder || m.lease.held {
		m.reportLease(replicate.LeaseInfo{Holder: holder, Until: until})
	}
	m.lease.held, m.lease.failing, m.lease.holder = false, false, holder
	m.arm(TimerLease, m.config.StandbyInterval)
	m.stepDown()
	if m.config.Once && m.phase == PhaseStandby && !m.now.Before(until) {
		m.stop(m.neverHeld(holder))
	}
}

// leaseUnreachable carries on without a renewal: the worst case is duplicates.
func (m *Machine[K]) leaseUnreachable(err error) {
	if m.lease.held && !m.lease.failing {
		m.lease.failing = true
		m.reportLease(replicate.LeaseInfo{Held: true, Err: err})
	}
	m.retry(TimerLease, replicate.OpLease, err)
}

// strictAfter is how long we count a strict lease as ours. That must end before a store's lease does.
func (m *Machine[K]) strictAfter() time.Duration { return m.config.LeaseTTL * 4 / 5 }

// leaseEnded steps down when a strict lease was not renewed in time.
func (m *Machine[K]) leaseEnded() {
	if m.lease.held {
		m.lease.held, m.lease.failing = false, false
		m.reportLease(replicate.LeaseInfo{Err: errors.New("it was not renewed within " + m.strictAfter().String())})
		m.stepDown()
	}
}

func (m *Machine[K]) reportLease(info replicate.LeaseInfo) {
	if m.hooks.OnLease != nil {
		m.hooks.OnLease(info)
	}
}

// stepDown goes back to standby and forgets the position, which is loaded again with the lease. Whatever is still
// under way in this tenure, timers included, must mean nothing to the next one. A stop is over then: whoever holds
// the lease publishes what is unacknowledged.
func (m *Machine[K]) stepDown() {
	if m.phase == PhaseStandby || m.phase == PhaseDone {
		return
	}
	stopping := m.phase == PhaseStopping
	m.phase, m.loaded, m.waiting = PhaseStandby, false, false
	m.closeSource()
	m.closeSink()
	m.acked, m.next = Position[K]{}, Position[K]{}
	m.store = storeState{busy: m.store.busy, outdated: m.store.busy, since: m.store.since}
	m.witness = witnessState{busy: m.witness.busy} // an answer that is still to come concerns another tenure's offset
	m.gaps.reset()
	for timer := range TimerKinds {
		if timer != TimerLease {
			m.armed[timer]++
		}
	}
	if stopping {
		m.exit(m.failure)
		return
	}
	m.state(replicate.StateStandby)
}
