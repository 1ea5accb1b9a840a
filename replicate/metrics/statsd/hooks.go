package statsd

import (
	"slices"
	"strconv"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// Hooks returns the functions that turn the loop's events into metrics. Those above retry are the Python daemon's; it
// had no equivalent of the others.
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
//	audit.late_rows                      rows that turned up late       table, published
//	audit.dropped                        keys the audit forgot unseen   table
//	audit.watched (gauge)                keys it will look up again     table
//	lag.keys (gauge)                     keys drawn beyond the last     table
//	                                     row read: rows behind, or more
//	horizon.age (gauge, s)               for how long transactions have table
//	                                     held rows back
//	state (gauge)                        0 stopped, 1 standby, 2        host
//	                                     starting, 3 running, 4 stopping
//	lease.held (gauge)                   1 while this instance has it   host
//	settle.unsafe_delay (gauge, s)       the configured risk, if any    table
//
// Gauges that describe a single instance have its host, so that a standby's are not mistaken for another's. The Python
// daemon published row by row. Here a batch counts as one publication per row, so that the counter still means rows;
// its latency is the batch's.
func Hooks(c *Client) replicate.Hooks {
	h := &hooks{Client: c, table: Tag{"table", c.config.Table}, topic: Tag{"topic", c.config.Topic},
		host: Tag{"host", c.config.Host}}
	return replicate.Hooks{
		OnState: h.onState, OnPoll: h.onPoll, OnPublish: h.onPublish, OnLoad: h.onLoad, OnCommit: h.onCommit,
		OnRetry: h.onRetry, OnLease: h.onLease, OnHorizon: h.onHorizon, OnAudit: h.onAudit,
	}
}

type hooks struct {
	*Client
	table, topic, host Tag
}

func success(err error) Tag { return Tag{"success", strconv.FormatBool(err == nil)} }

// states are the values of the gauge state.
var states = []replicate.State{replicate.StateStopped, replicate.StateStandby, replicate.StateStarting,
	replicate.StateRunning, replicate.StateStopping}

func (h *hooks) onState(i replicate.StateInfo) {
	h.Hold("state", strconv.Itoa(slices.Index(states, i.State)), h.host)
	if d := h.config.UnsafeDelay; d > 0 {
		h.Hold("settle.unsafe_delay", strconv.FormatFloat(d.Seconds(), 'f', -1, 64), h.table)
	}
}

func (h *hooks) onPoll(i replicate.PollInfo) {
	ok := success(i.Err)
	h.Count("source.read", 1, ok, h.table)
	h.Timing("source.read_latency", i.Duration, ok, h.table)
	if i.BadRows > 0 {
		h.Count("bad_rows", i.BadRows, h.table)
	}
	if i.Err != nil {
		return
	}
	h.Count("source.rows_read", int64(i.Rows), ok, h.table)
	h.Gauge("lag.keys", strconv.FormatUint(i.Behind, 10), h.table)
	h.horizonAge(i.HorizonAge)
}

func (h *hooks) onPublish(i replicate.PublishInfo) {
	ok, count := success(i.Err), int64(i.Rows)
	if i.Err != nil {
		count = 1 // one failure, as the Python daemon counted it; how many of the rows arrived is unknown
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

func (h *hooks) onRetry(i replicate.RetryInfo) { h.Count("retry", 1, Tag{"op", string(i.Op)}) }

func (h *hooks) onLease(i replicate.LeaseInfo) {
	held := "0"
	if i.Held {
		held = "1"
	}
	h.Hold("lease.held", held, h.host)
}

func (h *hooks) onHorizon(i replicate.HorizonInfo) { h.horizonAge(i.Age) }

func (h *hooks) horizonAge(d time.Duration) {
	h.Gauge("horizon.age", strconv.FormatFloat(d.Seconds(), 'f', 3, 64), h.table)
}

func (h *hooks) onAudit(i replicate.AuditInfo) {
	if n := len(i.Late); n > 0 {
		h.Count("audit.late_rows", int64(n), h.table, Tag{"published", strconv.FormatBool(i.Published)})
	}
	if i.Forgotten > 0 {
		h.Count("audit.dropped", i.Forgotten, h.table)
	}
	h.Gauge("audit.watched", strconv.Itoa(i.Watched), h.table)
}
