package verify

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/topic"
)

// judge holds messages against the rows of a pass.
type judge[K replicate.Key] struct {
	format *topic.Format
	rows   *rows[K]
	index  *index[K]
	parts  map[int32]*order[K]
	result *Result
	counts bool // the pass reads the whole topic, so it counts its messages
	ghosts keySet[K]
	late   keySet[K] // first published out of order
	parsed []parsed[K]
}

// order is what has to ascend in a partition.
type order[K replicate.Key] struct {
	last     K
	has      bool
	above    int64 // offset of the first message of a key above the pass; -1 while there is none
	first    K     // key of the first message that the topic has, where has is not asked
	hasFirst bool
}

// parsed is a message that the job has written, or might have.
type parsed[K replicate.Key] struct {
	key    K
	hasKey bool
	topic.Message
}

// workers is how many goroutines compute hashes.
const workers = 4

// use takes a partition's next messages.
func (j *judge[K]) use(p int32, records []*kgo.Record) error {
	if cap(j.parsed) < len(records) {
		j.parsed = make([]parsed[K], len(records))
	}
	all := j.parsed[:len(records)]
	var done sync.WaitGroup
	share := (len(records) + workers - 1) / workers
	for from := 0; from < len(records); from += share {
		to := min(from+share, len(records))
		done.Go(func() {
			for i := from; i < to; i++ {
				all[i] = j.parse(records[i])
			}
		})
	}
	done.Wait()
	for i := range all {
		j.take(p, records[i].Offset, &all[i])
	}
	return nil
}

func (j *judge[K]) parse(r *kgo.Record) (p parsed[K]) {
	p.Message = j.format.Parse(r)
	p.Data = nil // a view into the record
	if key, err := replicate.ParseKey[K](p.RowKey); err == nil {
		p.key, p.hasKey = key, true
	}
	return p
}

// take judges one message.
func (j *judge[K]) take(p int32, offset int64, m *parsed[K]) {
	if j.counts {
		j.result.Messages++
		switch {
		case m.State == topic.Foreign:
			j.result.Foreign++
		case !m.hasKey:
			j.result.Unreadable++
		}
	}
	if m.State == topic.Foreign || !m.hasKey {
		return
	}
	o := j.parts[p]
	if j.index.note(p, offset, m.key); !o.hasFirst {
		o.first, o.hasFirst = m.key, true
	}
	if !j.rows.covers(m.key) {
		if n := len(j.rows.intervals); o.above < 0 && n > 0 && m.key > j.rows.intervals[n-1].high {
			o.above = offset
		}
		return
	}
	i, known := j.rows.find(m.key)
	if !known {
		j.ghosts.add(m.key)
		return
	}
	state := &j.rows.marks[i]
	switch {
	case *state&seen != 0 && m.Republished:
		j.result.Republished++
	case *state&seen != 0:
		j.result.Repeated++
	case m.Republished:
		j.result.Republished++
	case o.has && m.key < o.last || o.above >= 0 && offset > o.above:
		j.late.add(m.key)
	default:
		o.last, o.has = m.key, true
	}
	*state |= seen
	if m.State == topic.Intact && m.Digest == j.rows.digests[i] {
		*state |= right
		return
	}
	if m.State == topic.Damaged {
		j.result.DamagedMessages++
	}
	*state = *state&^right | wasWrong
}
