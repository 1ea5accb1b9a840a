package joblog

import (
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// summaryEvery is how often a running job says in one line what it has done, in place of a line for each batch.
const summaryEvery = time.Minute

// summary is what was done since the last such line. Hooks are called one at a time, so it needs no lock.
type summary struct {
	since         time.Time
	rows, batches int
	bytes         int
	publishing    time.Duration
	offset        string
}

// summaryHooks returns hooks that log a line a minute while the job polls.
func (l *Logger) summaryHooks() replicate.Hooks {
	s := &summary{}
	return replicate.Hooks{
		OnPublish: func(i replicate.PublishInfo) {
			if i.Err == nil {
				s.rows, s.batches, s.bytes, s.publishing = s.rows+i.Rows, s.batches+1, s.bytes+i.Bytes, s.publishing+i.Duration
			}
		},
		OnCommit: func(i replicate.CommitInfo) {
			if i.Err == nil {
				s.offset = i.Offset.Key
			}
		},
		OnState: func(i replicate.StateInfo) { // nothing is summed up across a tenure
			*s = summary{since: time.Now(), offset: i.Offset.Key}
		},
		OnPoll: func(i replicate.PollInfo) {
			if took := time.Since(s.since); took >= summaryEvery {
				l.summarise(s, took, i)
				*s = summary{since: time.Now(), offset: s.offset}
			}
		},
	}
}

func (l *Logger) summarise(s *summary, took time.Duration, i replicate.PollInfo) {
	var mean float64
	if s.batches > 0 {
		mean = float64((s.publishing / time.Duration(s.batches)).Microseconds()) / 1000
	}
	l.log.Info("published lately", "rows", s.rows, "bytes", s.bytes, "batches", s.batches, "seconds", int(took.Seconds()),
		"batch_ms", mean, "behind", i.Behind, "held_back_s", int(i.HorizonAge.Seconds()), "offset", s.offset)
}
