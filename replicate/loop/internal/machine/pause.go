package machine

// quietShare is which part of the time without anything new a pause lasts at most: a row that ends a quiet time is
// read after an eighth more of it.
const quietShare = 8

// pause follows the traffic. After rows the next poll comes at once, since others have come while they were read; what
// comes during a poll is the next page, so a busy table is read in larger pages and not in more polls. A poll without
// rows is followed by a pause that grows with the time for which there was nothing new, from PollLeast to PollInterval.
//
// Keys that are drawn after a quiet time are news, since their rows will come soon. While they wait for transactions
// to end, further keys are not: a transaction that stays open must not have a busy table polled without a pause.
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
