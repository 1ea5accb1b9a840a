package replicate

import (
	"errors"
	"slices"
)

// auditKeys is how many keys one lookup asks for at most, which bounds its load on the database.
const auditKeys = 1000

// chores does what a running source has to do besides polling, as soon as it is idle: a backlog that is
// polled without a pause must not put it off for ever. It reports whether the source is now busy.
func (m *machine[K]) chores() bool {
	switch {
	case m.source.recheckDue:
		m.source.recheckDue = false
		m.source.busy = true
		m.do(actRecheck{})
	case m.source.auditDue:
		m.source.auditDue = false
		return m.lookUp()
	}
	return m.source.busy
}

// lookUp looks for rows among the keys that were missing.
func (m *machine[K]) lookUp() bool {
	m.auditing = m.watch.take(auditKeys)
	if len(m.auditing) == 0 {
		m.arm(timerAudit, m.cfg.AuditInterval)
		return false
	}
	slices.SortFunc(m.auditing, func(a, b watched[K]) int {
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
	m.do(actLookup[K]{keys: keys, req: PollRequest[K]{
		Limit: m.cfg.BatchRows, MaxBytes: m.cfg.BatchBytes, MaxMessageBytes: m.sink.info.MaxMessageBytes,
	}})
	return true
}

// onLooked handles the answer to a lookup: what was found is late.
func (m *machine[K]) onLooked(ev evLooked[K]) {
	// If the position was set back meanwhile, rows beyond it are read once more.
	asked := slices.DeleteFunc(m.auditing, func(w watched[K]) bool { return m.next.before(w.key) })
	m.auditing = nil
	outdated := m.source.closing // by a step down, after which others look after the table
	m.sourceIdle()
	if outdated {
		m.do(actRecycle[K]{ev.page})
		return
	}
	var bad *RowError
	if ev.err != nil && !errors.As(ev.err, &bad) {
		m.watch.again(asked)
		m.do(actRecycle[K]{ev.page})
		if m.phase == phaseRunning && m.source.open {
			m.arm(timerAudit, m.cfg.AuditInterval)
			m.pollFailed(ev.err)
		}
		return
	}
	found := slices.Clone(ev.page.Keys)
	if bad != nil {
		if key, err := ParseKey[K](bad.Key); err == nil {
			found = append(found, key)
		}
	}
	var late []watched[K]
	for _, w := range asked {
		_, there := slices.BinarySearch(found, w.key)
		switch {
		case there:
			late = append(late, w)
		case (ev.more || bad != nil) && (len(found) == 0 || w.key > found[len(found)-1]):
			m.watch.again([]watched[K]{w}) // the lookup did not come so far
		default:
			m.watch.missing([]watched[K]{w}, m.now)
		}
	}
	m.lateRows(ev, late, bad)
	if m.phase == phaseRunning {
		m.arm(timerAudit, m.cfg.AuditInterval)
	}
}

// lateRows reports late rows and, where that is asked for, publishes them. The offset does not move:
// their keys lie below it.
func (m *machine[K]) lateRows(ev evLooked[K], late []watched[K], bad *RowError) {
	usable := m.phase == phaseRunning && m.sink.open && !m.source.stale
	publish := m.cfg.AuditPublish && usable && ev.page.Len() > 0
	if m.cfg.AuditPublish && !usable {
		m.watch.again(late) // found again, reported and published later
		late = nil
	}
	if m.hooks.OnAudit != nil {
		info := AuditInfo{Published: m.cfg.AuditPublish, Watched: len(m.watch.keys), Dropped: m.watch.dropped}
		for _, w := range late {
			info.Late = append(info.Late, KeyText(w.key))
		}
		if bad != nil {
			info.Err = bad
		}
		m.hooks.OnAudit(info)
	}
	if !publish {
		m.do(actRecycle[K]{ev.page})
		return
	}
	m.handOver(ev.page, late)
}
