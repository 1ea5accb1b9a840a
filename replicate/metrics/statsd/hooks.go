package statsd

import (
	"strconv"

	"github.com/repliqate/repliqate/replicate"
)

// Hooks returns the functions that turn the loop's events into metrics. The first nine are the
// original's; the rest have no equal there.
//
//	source.read, source.read_latency     a poll                         success, table
//	source.rows_read                     its rows                       success, table
//	target.publish                       rows acknowledged, or failures success, topic
//	target.publish_latency               a batch                        success, topic
//	store.read, store.read_latency       a read of the offset           success
//	store.write, store.write_latency     a write of the offset          success
//	offset.position (gauge)              the offset written             table
//	retry                                a failed operation             op
//	bad_rows                             rows sent to the dead letters  table
//	horizon.age (gauge, s)               how long transactions have held back rows
//	lease.held (gauge)                   1 while this instance has the lease
//	settle.unsafe_delay (gauge, s)       the configured risk, where there is one
//
// The original published row by row. Here a batch counts as many publications as it has rows, so that
// the counter goes on meaning rows; its latency is the batch's.
func Hooks(c *Client) replicate.Hooks {
	h := &hooks{Client: c, table: Tag{"table", c.config.Table}, topic: Tag{"topic", c.config.Topic}}
	return replicate.Hooks{
		OnState: h.onState, OnPoll: h.onPoll, OnPublish: h.onPublish, OnLoad: h.onLoad,
		OnCommit: h.onCommit, OnRetry: h.onRetry, OnLease: h.onLease, OnHorizon: h.onHorizon,
	}
}

type hooks struct {
	*Client
	table, topic Tag
	stuck        bool // horizon.age was last reported above zero
}

func success(err error) Tag { return Tag{"success", strconv.FormatBool(err == nil)} }

func (h *hooks) onState(i replicate.StateInfo) {
	if i.State != "running" {
		return
	}
	h.settledAgain()
	if d := h.config.UnsafeDelay; d > 0 {
		h.Gauge("settle.unsafe_delay", strconv.FormatFloat(d.Seconds(), 'f', -1, 64), h.table)
	}
}

func (h *hooks) onPoll(i replicate.PollInfo) {
	ok := success(i.Err)
	h.Count("source.read", 1, ok, h.table)
	h.Timing("source.read_latency", i.Duration, ok, h.table)
	if i.Err == nil {
		h.Count("source.rows_read", int64(i.Rows), ok, h.table)
	}
	if i.BadRows > 0 {
		h.Count("bad_rows", i.BadRows, h.table)
	}
	if h.stuck && i.Err == nil && i.Rows > 0 && !i.More {
		h.settledAgain() // rows beyond those that were held back were read, so the horizon has moved
	}
}

func (h *hooks) onPublish(i replicate.PublishInfo) {
	ok, count := success(i.Err), int64(i.Rows)
	if i.Err != nil {
		count = 1 // one failure, as the original counted it; how many of the rows arrived is not known
	}
	h.Count("target.publish", count, ok, h.topic)
	h.Timing("target.publish_latency", i.Duration, ok, h.topic)
}

func (h *hooks) onLoad(i replicate.LoadInfo) {
	if i.Witness {
		return
	}
	h.Count("store.read", 1, success(i.Err))
	h.Timing("store.read_latency", i.Duration, success(i.Err))
}

func (h *hooks) onCommit(i replicate.CommitInfo) {
	h.Count("store.write", 1, success(i.Err))
	h.Timing("store.write_latency", i.Duration, success(i.Err))
	if i.Err == nil {
		h.Gauge("offset.position", i.Offset.Key, h.table)
	}
}

func (h *hooks) onRetry(i replicate.RetryInfo) { h.Count("retry", 1, Tag{"op", i.Op}) }

func (h *hooks) onLease(i replicate.LeaseInfo) {
	held := "0"
	if i.Held {
		held = "1"
	}
	h.Gauge("lease.held", held)
}

func (h *hooks) onHorizon(i replicate.HorizonInfo) {
	h.stuck = true
	h.Gauge("horizon.age", strconv.FormatFloat(i.Age.Seconds(), 'f', 3, 64), h.table)
}

func (h *hooks) settledAgain() {
	h.stuck = false
	h.Gauge("horizon.age", "0", h.table)
}
