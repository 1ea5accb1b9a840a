package verify

import (
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/topic"
)

// segmentMessages is how many messages a segment has.
const segmentMessages = 10_000

// segment is a span of a partition and the keys of its messages.
type segment[K replicate.Key] struct {
	span     topic.Span
	keys     interval[K]
	messages int
}

// index is the segments of each partition, in order.
type index[K replicate.Key] struct {
	segments map[int32][]segment[K]
	complete bool // the whole topic was read
}

// note adds a message, those of a partition in order.
func (x *index[K]) note(p int32, offset int64, key K) {
	if x.complete {
		return
	}
	all := x.segments[p]
	if len(all) == 0 || all[len(all)-1].messages >= segmentMessages {
		all = append(all, segment[K]{span: topic.Span{From: offset}, keys: interval[K]{key, key}})
	}
	last := &all[len(all)-1]
	last.span.To, last.messages = offset+1, last.messages+1
	last.keys.low, last.keys.high = min(last.keys.low, key), max(last.keys.high, key)
	x.segments[p] = all
}

// spans are what a pass has to read of a partition. above is the first offset that it leaves out although there are
// keys above the pass, or -1: what is first published behind it is out of order.
func (x *index[K]) spans(p topic.Partition, pass interval[K]) (spans []topic.Span, above int64) {
	above = -1
	if !x.complete {
		return []topic.Span{{From: p.Since, To: p.End}}, above
	}
	for _, s := range x.segments[p.Number] {
		if s.keys.high < pass.low || s.keys.low > pass.high {
			if s.keys.low > pass.high && above < 0 {
				above = s.span.From
			}
			continue
		}
		if n := len(spans); n > 0 && spans[n-1].To == s.span.From {
			spans[n-1].To = s.span.To
			continue
		}
		spans = append(spans, s.span)
	}
	return spans, above
}
