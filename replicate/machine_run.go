package replicate

import (
	"errors"
	"time"
)

// oncePollMax is the longest pause between polls while Once waits for open transactions.
const oncePollMax = 100 * time.Millisecond

// poll asks for the next page when there is room for it (Promise 7).
func (m *machine[K]) poll() {
	if m.phase != phaseRunning || !m.source.open || m.source.busy || !m.sink.open ||
		len(m.sink.inFlight) >= m.cfg.InFlight || m.once.handed || m.chores() || m.waiting {
		return
	}
	m.source.busy, m.source.stale = true, false
	m.pollFrom = m.now
	m.horizon.from = m.next
	m.do(actPoll[K]{req: PollRequest[K]{
		After: m.next.key, HasAfter: !m.next.offset.IsZero(),
		Limit: m.cfg.BatchRows, MaxBytes: m.cfg.BatchBytes, MaxMessageBytes: m.sink.info.MaxMessageBytes,
	}})
}

// onFence is called by the shell in the middle of a poll, between the fence and the page.
func (m *machine[K]) onFence(f Fence[K], now time.Time) Bound[K] {
	bound := m.horizon.observe(f, now)
	if m.cfg.Once {
		if !m.once.fenced {
			m.once = onceState[K]{fenced: true, target: f.High, any: f.HasHigh, until: now.Add(m.cfg.OnceWait)}
		}
		m.once.covered = !m.once.any || bound.Allows(m.once.target)
	}
	return bound
}

func (m *machine[K]) onPolled(ev evPolled[K]) {
	m.source.busy = false
	rows := ev.page.Len()
	m.reportPoll(ev, rows)
	if m.source.closing {
		m.source.closing = false
		m.do(actRecycle[K]{ev.page})
		m.do(actCloseSource{})
		m.openSource()
		return
	}
	usable := !m.source.stale && m.phase == phaseRunning && m.sink.open
	if usable && rows > 0 {
		m.publish(ev.page)
	} else {
		m.do(actRecycle[K]{ev.page})
	}
	if ev.err == nil && m.horizon.doubt != "" {
		ev.err = errors.New(m.horizon.doubt)
	}
	if ev.err != nil {
		m.pollFailed(ev.err)
		return
	}
	m.tries[timerSource] = 0
	if m.phase != phaseRunning || !usable {
		return
	}
	if !ev.result.More {
		m.pause()
	}
	m.watchHorizon()
	m.onceProgress(ev.result.More)
}

func (m *machine[K]) reportPoll(ev evPolled[K], rows int) {
	if m.hooks.OnPoll != nil {
		m.hooks.OnPoll(PollInfo{Rows: rows, Bytes: ev.page.Bytes(), BadRows: ev.page.BadRows, More: ev.result.More,
			Above: ev.result.Above, HorizonAge: m.horizonAge(), Behind: m.behind(ev.page), Duration: m.now.Sub(m.pollFrom),
			Err: ev.err})
	}
}

// behind is how many keys were drawn beyond the last row that was read. Before the first row they are
// counted from 0.
func (m *machine[K]) behind(page *Page[K]) uint64 {
	last := m.next.key
	if page.Len() > 0 {
		last = page.Last
	}
	drawn := m.horizon.last
	if !drawn.HasHigh || drawn.High <= last {
		return 0
	}
	return uint64(drawn.High) - uint64(last)
}

// pause waits the poll interval: only a poll without further rows does.
func (m *machine[K]) pause() {
	interval := m.cfg.PollInterval
	if m.cfg.Once {
		interval = min(interval, oncePollMax)
	}
	m.waiting = true
	m.arm(timerPoll, interval)
}

// pollFailed handles an error of the source. The rows before a bad row are published and committed
// before the job stops (Promise 5).
func (m *machine[K]) pollFailed(err error) {
	var row *RowError
	switch {
	case errors.As(err, &row) && !m.source.stale:
		m.stop(Stop(err, "mend the row, or set kafka_target.on_bad_row to dead_letter"))
	case errors.As(err, &row):
		return
	case IsStop(err):
		m.stop(err)
	default:
		m.closeSource()
		if m.phase == phaseRunning {
			m.retry(timerSource, "source", err)
		}
	}
}

func (m *machine[K]) publish(page *Page[K]) {
	m.watch.note(m.next, page.Keys, m.now)
	last := position[K]{key: page.Last, offset: Offset{Key: KeyText(page.Last)}}
	if page.LastSum != (Sum{}) {
		last.offset.Sum = page.LastSum.String()
	}
	m.next = last
	m.handOver(page, nil)
}

// handOver gives a page to the sink. Once it is acknowledged, with all before it, the offset is next.
func (m *machine[K]) handOver(page *Page[K], late []watched[K]) {
	m.sink.nextID++
	m.sink.inFlight = append(m.sink.inFlight, flight[K]{
		id: m.sink.nextID, last: m.next, rows: page.Len(), bytes: page.Bytes(), since: m.now, late: late,
	})
	if len(m.sink.inFlight) == 1 {
		m.arm(timerAck, m.cfg.AckTimeout)
	}
	m.do(actPublish[K]{id: m.sink.nextID, page: page})
}

var errAckOverdue = errors.New("the sink has not acknowledged a batch for too long")

// ackOverdue gives up a sink that has not acknowledged the oldest batch for long.
func (m *machine[K]) ackOverdue() {
	if len(m.sink.inFlight) == 0 {
		return
	}
	if left := m.cfg.AckTimeout - m.now.Sub(m.sink.inFlight[0].since); left > 0 {
		m.arm(timerAck, left)
		return
	}
	m.publishFailed(errAckOverdue)
}

func (m *machine[K]) onPublished(ev evPublished) {
	for i := range m.sink.inFlight {
		f := &m.sink.inFlight[i]
		if f.id != ev.id {
			continue
		}
		if m.hooks.OnPublish != nil {
			m.hooks.OnPublish(PublishInfo{Rows: f.rows, Bytes: f.bytes, Last: f.last.offset.Key,
				Duration: m.now.Sub(f.since), Err: ev.err})
		}
		if ev.err != nil {
			m.publishFailed(ev.err)
			return
		}
		f.acked = true
		m.advance()
		m.onceDone()
		return
	}
}

// advance moves the offset over the contiguous acknowledged prefix (Promise 3).
func (m *machine[K]) advance() {
	done := 0
	for done < len(m.sink.inFlight) && m.sink.inFlight[done].acked {
		m.acked = m.sink.inFlight[done].last
		done++
	}
	m.sink.inFlight = append(m.sink.inFlight[:0], m.sink.inFlight[done:]...)
	if done > 0 {
		m.tries[timerSink] = 0
	}
}

// publishFailed throws the sink away and goes back to the acknowledged offset, so that a record that
// failed is not overtaken by its successors (Promises 2 and 3).
func (m *machine[K]) publishFailed(err error) {
	if m.now.Sub(m.sink.opened) > m.cfg.RetryMax {
		m.tries[timerSink] = 0 // it was of use for a while, if only for waiting
	}
	m.closeSink()
	m.next = m.acked
	m.watch.back(m.next)
	m.source.stale = true
	m.waiting, m.once.handed = false, false
	switch {
	case IsStop(err):
		m.stop(err)
	case m.phase == phaseStopping:
		m.failure = errors.Join(m.failure, err)
	default:
		m.retry(timerSink, "sink", err)
	}
}

// onceReached reports whether everything that Once has to publish was handed to the sink.
func (m *machine[K]) onceReached() bool {
	return !m.once.any || !m.next.before(m.once.target)
}

// onceProgress notes when all of a Once run was handed to the sink, or gives up when it can't be.
func (m *machine[K]) onceProgress(more bool) {
	switch {
	case !m.cfg.Once || !m.once.fenced:
	case m.once.covered && (!more || m.onceReached()):
		m.once.handed = true
		m.onceDone()
	case !more && !m.now.Before(m.once.until):
		m.stop(ErrOnceGaveUp)
	}
}

// onceDone ends a Once run when all of it is acknowledged. Until then a failed batch is published again.
func (m *machine[K]) onceDone() {
	if m.once.handed && len(m.sink.inFlight) == 0 {
		m.stop(nil)
	}
}

// horizonAge is for how long the oldest transactions have held the horizon back.
func (m *machine[K]) horizonAge() time.Duration {
	e, ok := m.horizon.oldest()
	if !ok || len(e.holders) == 0 {
		return 0
	}
	return m.now.Sub(e.readAt)
}

// watchHorizon reports a horizon that transactions have held back for long.
func (m *machine[K]) watchHorizon() {
	if m.horizonAge() < m.cfg.StuckAfter || m.source.busy || m.now.Sub(m.stuckAt) < m.cfg.StuckAfter {
		return
	}
	e, _ := m.horizon.oldest()
	m.stuckAt = m.now
	m.source.busy, m.source.since = true, e.readAt
	m.do(actDescribe{holders: e.names()})
}

func (m *machine[K]) onDescribed(ev evDescribed) {
	m.sourceIdle()
	if m.hooks.OnHorizon != nil {
		m.hooks.OnHorizon(HorizonInfo{Age: m.now.Sub(m.source.since), Holders: ev.holders})
	}
}

func (m *machine[K]) onRechecked(ev evRechecked) {
	m.sourceIdle()
	switch {
	case m.phase != phaseRunning || !m.source.open:
	case ev.err != nil:
		m.pollFailed(ev.err)
	default:
		m.arm(timerRecheck, m.recheckEvery)
	}
}

// sourceIdle ends an operation on the source, and closes it where that was put off.
func (m *machine[K]) sourceIdle() {
	m.source.busy = false
	if m.source.closing {
		m.source.closing = false
		m.do(actCloseSource{})
		m.openSource()
	}
}
