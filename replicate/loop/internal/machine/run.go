package machine

import (
	"errors"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// poll asks for the next page if there is room for it (Promise 7).
func (m *Machine[K]) poll() {
	if m.phase != PhaseRunning || !m.source.open || m.source.busy || !m.sink.open ||
		len(m.sink.inFlight) >= m.config.InFlight || m.once.handed {
		return
	}
	m.chores()
	if m.source.busy || m.waiting {
		return
	}
	m.source.busy, m.source.stale = true, false
	m.pollFrom = m.now
	req := replicate.PollRequest[K]{
		After: m.next.Key, HasAfter: !m.next.Offset.IsZero(),
		MaxRows: m.config.PageRows, MaxBytes: m.config.PageBytes, MaxMessageBytes: m.sink.info.MaxMessageBytes,
		Idle: m.idle(),
	}
	if !req.Idle {
		m.lookedAt = m.now
		m.drained.known = false // only this poll's answer can say so
	}
	m.do(Poll[K]{Req: req, Horizon: m.lendHorizon()})
}

// lendHorizon lends the horizon to a poll. Nobody else has it until the poll's answer brings it back.
func (m *Machine[K]) lendHorizon() *Horizon[K] {
	h := m.horizon
	m.horizon = nil
	m.heldBack = len(h.epochs) > 0
	h.begin(m.next)
	return h
}

func (m *Machine[K]) onPolled(ev Polled[K]) {
	m.source.busy = false
	m.horizon = ev.Horizon
	m.onceFenced()
	rows := ev.Page.Len()
	usable := !m.source.closing && !m.source.stale && m.phase == PhaseRunning && m.sink.open
	m.reportPoll(ev, rows, usable)
	if m.source.closing {
		m.source.closing = false
		m.do(Recycle[K]{ev.Page})
		m.do(CloseSource{})
		m.openSource()
		return
	}
	if usable && rows > 0 {
		m.publish(ev.Page)
	} else {
		m.do(Recycle[K]{ev.Page})
	}
	if ev.Err == nil && m.horizon.doubt != "" {
		ev.Err = errors.New(m.horizon.doubt)
	}
	if ev.Err != nil {
		m.pollFailed(ev.Err)
		return
	}
	m.tries[TimerSource] = 0
	if m.phase != PhaseRunning || !usable {
		return
	}
	m.drain(ev.Result)
	m.pause(rows, ev.Result.More)
	m.watchHorizon()
	m.watchStranded(ev.Result.Above)
	m.once.more = ev.Result.More
	m.onceProgress()
}

func (m *Machine[K]) reportPoll(ev Polled[K], rows int, usable bool) {
	if m.hooks.OnPoll != nil {
		m.hooks.OnPoll(replicate.PollInfo{Rows: rows, Bytes: ev.Page.Bytes(), BadRows: ev.Page.BadRows, More: ev.Result.More,
			Above: ev.Result.Above, HorizonAge: m.horizonAge(), Behind: m.behind(ev.Page), Duration: m.now.Sub(m.pollFrom),
			Unused: !usable, Err: ev.Err})
	}
}

// behind is how many keys were drawn beyond the last row that was read. Before the first row, it counts from 0.
func (m *Machine[K]) behind(page *replicate.Page[K]) uint64 {
	last := m.next.Key
	if page.Len() > 0 {
		last = page.Last
	}
	drawn := m.horizon.last
	if !drawn.HasHigh || drawn.High <= last {
		return 0
	}
	return uint64(drawn.High) - uint64(last)
}

// pollFailed handles an error of the source. The rows before a bad row are published and committed
// before the job stops (Promise 5).
func (m *Machine[K]) pollFailed(err error) {
	var row *replicate.RowError
	switch {
	case errors.As(err, &row) && !m.source.stale:
		m.stop(replicate.Stop(err, "mend the row, or have such rows published as dead letters (%s)",
			replicate.SettingDeadLetters))
	case errors.As(err, &row):
		return
	case replicate.IsStop(err):
		m.stop(err)
	default:
		m.closeSource()
		if m.phase == PhaseRunning {
			m.retry(TimerSource, replicate.OpSource, err)
		}
	}
}

func (m *Machine[K]) publish(page *replicate.Page[K]) {
	m.gaps.note(m.next, page.Keys, m.now)
	last := Position[K]{Key: page.Last, Offset: replicate.Offset{Key: replicate.KeyText(page.Last)}}
	if page.LastChecksum != (replicate.Checksum{}) {
		last.Offset.Checksum = page.LastChecksum.String()
	}
	m.next = last
	m.handOver(page, nil)
}

// handOver hands a page to the sink. Once it and everything before it are acknowledged, the offset follows.
func (m *Machine[K]) handOver(page *replicate.Page[K], late []gap[K]) {
	m.sink.nextID++
	m.sink.inFlight = append(m.sink.inFlight, inFlight[K]{
		id: m.sink.nextID, last: m.next, rows: page.Len(), bytes: page.Bytes(), since: m.now, late: late,
	})
	if len(m.sink.inFlight) == 1 {
		m.arm(TimerAck, m.config.AckTimeout)
	}
	m.do(Publish[K]{ID: m.sink.nextID, Page: page})
}

// ErrAckOverdue is why a silent sink is discarded.
var ErrAckOverdue = errors.New("the sink has not acknowledged a batch for too long")

// ackOverdue gives up a sink that has not acknowledged its oldest batch for too long.
func (m *Machine[K]) ackOverdue() {
	if len(m.sink.inFlight) == 0 {
		return
	}
	if left := m.config.AckTimeout - m.now.Sub(m.sink.inFlight[0].since); left > 0 {
		m.arm(TimerAck, left)
		return
	}
	m.publishFailed(ErrAckOverdue)
}

func (m *Machine[K]) onPublished(ev Published) {
	for i := range m.sink.inFlight {
		f := &m.sink.inFlight[i]
		if f.id != ev.ID {
			continue
		}
		if m.hooks.OnPublish != nil {
			m.hooks.OnPublish(replicate.PublishInfo{Rows: f.rows, Bytes: f.bytes, Last: f.last.Offset.Key,
				Duration: m.now.Sub(f.since), Err: ev.Err})
		}
		if ev.Err != nil {
			m.publishFailed(ev.Err)
			return
		}
		f.acked = true
		m.Advance()
		m.onceDone()
		return
	}
}

// Advance moves the offset over the contiguous acknowledged prefix (Promise 3).
func (m *Machine[K]) Advance() {
	done := 0
	for done < len(m.sink.inFlight) && m.sink.inFlight[done].acked {
		m.acked = m.sink.inFlight[done].last
		done++
	}
	m.sink.inFlight = append(m.sink.inFlight[:0], m.sink.inFlight[done:]...)
	if done > 0 {
		m.tries[TimerSink] = 0
	}
}

// publishFailed discards the sink and goes back to the acknowledged offset, so that later records don't overtake
// one that failed (Promises 2 and 3).
func (m *Machine[K]) publishFailed(err error) {
	if m.now.Sub(m.sink.opened) > m.config.RetryMax {
		m.tries[TimerSink] = 0 // it worked for a while, if only in waiting
	}
	m.closeSink()
	m.next = m.acked
	m.gaps.back(m.next)
	m.source.stale = true
	m.waiting, m.once.handed, m.once.more = false, false, true
	switch {
	case replicate.IsStop(err):
		m.stop(err)
	case m.phase == PhaseStopping:
		m.failure = errors.Join(m.failure, err)
	default:
		m.retry(TimerSink, replicate.OpSink, err)
	}
}

// horizonAge is how long the oldest transactions have held the horizon back.
func (m *Machine[K]) horizonAge() time.Duration {
	e, ok := m.horizon.oldest()
	if !ok || !m.horizon.waits(e) {
		return 0
	}
	return m.now.Sub(e.readAt)
}

// watchHorizon reports a horizon that transactions have held back for too long.
func (m *Machine[K]) watchHorizon() {
	if m.horizonAge() < m.config.StuckAfter || m.source.busy || m.now.Sub(m.stuckAt) < m.config.StuckAfter {
		return
	}
	e, _ := m.horizon.oldest()
	m.stuckAt = m.now
	m.source.busy, m.source.since = true, e.readAt
	m.do(DescribeHolders{Holders: m.horizon.waitsFor(e)})
}

func (m *Machine[K]) onDescribed(ev HoldersDescribed) {
	m.sourceIdle()
	if m.hooks.OnHorizon != nil {
		m.hooks.OnHorizon(replicate.HorizonInfo{Age: m.now.Sub(m.source.since), Holders: ev.Holders})
	}
}

func (m *Machine[K]) onRechecked(ev Rechecked) {
	m.sourceIdle()
	switch {
	case m.phase != PhaseRunning || !m.source.open:
	case ev.Err != nil:
		m.pollFailed(ev.Err)
	default:
		m.arm(TimerRecheck, m.config.RecheckInterval)
	}
}

// sourceIdle ends an operation on the source, and closes the source if that was put off.
func (m *Machine[K]) sourceIdle() {
	m.source.busy = false
	if m.source.closing {
		m.source.closing = false
		m.do(CloseSource{})
		m.openSource()
	}
}
