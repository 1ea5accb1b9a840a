package machine

import (
	"errors"
	"slices"

	"github.com/repliqate/repliqate/replicate"
)

// AuditKeys is how many keys one lookup asks for at most, which bounds its load on the database.
const AuditKeys = 1000

// chores does what a running source has to do besides polling, as soon as it is idle: a backlog that is
// polled without a pause must not put it off for ever. It reports whether the source is now busy.
func (m *Machine[K]) chores() bool {
	switch {
	case m.source.recheckDue:
		m.source.recheckDue = false
		m.source.busy = true
		m.do(Recheck{})
	case m.source.strandedDue:
		m.source.strandedDue = false
		m.source.busy = true
		m.do(FindStranded{})
	case m.source.auditDue:
		m.source.auditDue = false
		return m.lookUp()
	}
	return m.source.busy
}

// lookUp looks for rows among the keys that were missing.
func (m *Machine[K]) lookUp() bool {
	m.Auditing = m.Watch.take(AuditKeys)
	if len(m.Auditing) == 0 {
		m.arm(TimerAudit, m.Config.AuditInterval)
		return false
	}
	slices.SortFunc(m.Auditing, func(a, b gap[K]) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	keys := make([]K, len(m.Auditing))
	for i, w := range m.Auditing {
		keys[i] = w.Key
	}
	m.source.busy, m.source.stale = true, false
	m.do(LookUp[K]{Keys: keys, Req: replicate.PollRequest[K]{
		Limit: m.Config.BatchRows, MaxBytes: m.Config.BatchBytes, MaxMessageBytes: m.Sink.info.MaxMessageBytes,
	}})
	return true
}

// onLooked handles the answer to a lookup: what was found is late.
func (m *Machine[K]) onLooked(ev LookedUp[K]) {
	// If the position was set back meanwhile, rows beyond it are read once more.
	asked := slices.DeleteFunc(m.Auditing, func(w gap[K]) bool { return m.Next.Before(w.Key) })
	m.Auditing = nil
	outdated := m.source.closing // by a step down, after which others look after the table
	m.sourceIdle()
	if outdated {
		m.do(Recycle[K]{ev.Page})
		return
	}
	var bad *replicate.RowError
	if ev.Err != nil && !errors.As(ev.Err, &bad) {
		m.Watch.again(asked)
		m.do(Recycle[K]{ev.Page})
		if m.Phase == PhaseRunning && m.source.open {
			m.arm(TimerAudit, m.Config.AuditInterval)
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
		_, there := slices.BinarySearch(found, w.Key)
		switch {
		case there:
			late = append(late, w)
		case (ev.More || bad != nil) && (len(found) == 0 || w.Key > found[len(found)-1]):
			m.Watch.again([]gap[K]{w}) // the lookup did not come so far
		default:
			m.Watch.missing([]gap[K]{w}, m.now)
		}
	}
	m.lateRows(ev, late, bad)
	if m.Phase == PhaseRunning {
		m.arm(TimerAudit, m.Config.AuditInterval)
	}
}

// lateRows reports late rows and, where that is asked for, publishes them. The offset does not move:
// their keys lie below it.
func (m *Machine[K]) lateRows(ev LookedUp[K], late []gap[K], bad *replicate.RowError) {
	usable := m.Phase == PhaseRunning && m.Sink.open && !m.source.stale
	publish := m.Config.AuditPublish && usable && ev.Page.Len() > 0
	if m.Config.AuditPublish && !usable {
		m.Watch.again(late) // found again, reported and published later
		late = nil
	}
	if m.hooks.OnAudit != nil {
		info := replicate.AuditInfo{Published: m.Config.AuditPublish, Watched: len(m.Watch.Keys), Dropped: m.Watch.dropped}
		for _, w := range late {
			info.Late = append(info.Late, replicate.KeyText(w.Key))
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
