package machine

import (
	"errors"
	"slices"

	"github.com/repliqate/repliqate/replicate"
)

// AuditKeys is the most keys that one lookup asks for, which bounds its load on the database.
const AuditKeys = 1000

// chores starts whatever else is due on a running source. Polling a backlog without a pause must not put it off
// forever.
func (m *Machine[K]) chores() {
	switch {
	case m.source.recheckDue:
		m.source.recheckDue, m.source.busy = false, true
		m.do(Recheck{})
	case m.source.strandedDue:
		m.source.strandedDue = false
		m.source.busy = true
		m.do(FindStranded{})
	case m.source.auditDue:
		m.source.auditDue = false
		m.lookUp()
	}
}

// lookUp looks for rows whose keys were missing.
func (m *Machine[K]) lookUp() {
	m.auditing = m.gaps.take(AuditKeys)
	if len(m.auditing) == 0 {
		m.arm(TimerAudit, m.config.AuditInterval)
		return
	}
	slices.SortFunc(m.auditing, func(a, b gap[K]) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	keys := make([]K, len(m.auditing))
	for i, w := range m.auditing {
		keys[i] = w.key
	}
	m.source.busy, m.source.stale = true, false
	m.do(LookUp[K]{Keys: keys, Req: replicate.PollRequest[K]{
		MaxRows: m.config.PageRows, MaxBytes: m.config.PageBytes, MaxMessageBytes: m.sink.info.MaxMessageBytes,
	}})
}

// onLooked handles the answer to a lookup: the rows that it found are late.
func (m *Machine[K]) onLooked(ev LookedUp[K]) {
	// If the position has been set back, the rows beyond it will be polled again.
	asked := slices.DeleteFunc(m.auditing, func(w gap[K]) bool { return m.next.Before(w.key) })
	m.auditing = nil
	outdated := m.source.closing // by a step-down: the table is now another instance's concern
	m.sourceIdle()
	if outdated {
		m.do(Recycle[K]{ev.Page})
		return
	}
	var bad *replicate.RowError
	if ev.Err != nil && !errors.As(ev.Err, &bad) {
		m.gaps.requeue(asked)
		m.do(Recycle[K]{ev.Page})
		if m.phase == PhaseRunning && m.source.open {
			m.arm(TimerAudit, m.config.AuditInterval)
			m.pollFailed(ev.Err)
		}
		return
	}
	found := slices.Clone(ev.Page.Keys)
	if bad != nil {
		if key, err := replicate.ParseKey[K](bad.Key); err == nil {
			found = append(found, key)
		}
	}
	var late []gap[K]
	for _, w := range asked {
		_, there := slices.BinarySearch(found, w.key)
		switch {
		case there:
			late = append(late, w)
		case (ev.More || bad != nil) && (len(found) == 0 || w.key > found[len(found)-1]):
			m.gaps.requeue([]gap[K]{w}) // the lookup did not get this far
		default:
			m.gaps.missing([]gap[K]{w}, m.now)
		}
	}
	m.lateRows(ev, late, bad)
	if m.phase == PhaseRunning {
		m.arm(TimerAudit, m.config.AuditInterval)
	}
}

// lateRows reports late rows and, with AuditPublish, publishes them. The offset does not move: their keys are below
// it.
func (m *Machine[K]) lateRows(ev LookedUp[K], late []gap[K], bad *replicate.RowError) {
	usable := m.phase == PhaseRunning && m.sink.open && !m.source.stale
	publish := m.config.AuditPublish && usable && ev.Page.Len() > 0
	if m.config.AuditPublish && !usable {
		m.gaps.requeue(late) // they will be found again, then reported and published
		late = nil
	}
	if m.hooks.OnAudit != nil {
		info := replicate.AuditInfo{Published: m.config.AuditPublish, Watched: len(m.gaps.keys), Forgotten: m.gaps.forgotten}
		m.gaps.forgotten = 0
		for _, w := range late {
			info.Late = append(info.Late, replicate.KeyText(w.key))
		}
		if bad != nil {
			info.Err = bad
		}
		m.hooks.OnAudit(info)
	}
	if !publish {
		m.do(Recycle[K]{ev.Page})
		return
	}
	m.handOver(ev.Page, late)
}
