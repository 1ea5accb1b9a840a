package machine

// quietShare bounds a pause by a fraction of the quiet time so far: the row that ends a quiet time is delayed by at
// most an eighth of it.
const quietShare = 8

// pause follows the traffic. After rows the next poll comes at once, since more may have come while they were read.
// Rows that come during a poll go into the next page, so a busy table is read in larger pages rather than in more
// polls. After a poll without rows there is a pause, which grows with the time since anything new was seen, from
// PollLeast to PollInterval.
//
// Keys drawn after a quiet time count as new, since their rows will come soon. While they wait for transactions to
// end, further keys don't count: one open transaction must not make a busy table be polled without a pause.
func (m *Machine[K]) pause(rows int, more bool) {
	if rows > 0 || !m.heldBack && m.horizon.Epochs() > 0 {
		m.newsAt = m.now
	}
	if rows > 0 || more {
		return
	}
	longest := m.config.PollInterval
	if m.config.Once {
		longest = min(longest, oncePollMax)
	}
	m.waiting = true
	m.arm(TimerPoll, min(max(m.now.Sub(m.newsAt)/quietShare, m.config.PollLeast), longest))
}
