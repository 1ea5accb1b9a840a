package prometheus

import (
	"strconv"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/progress"
)

// metric is a metric without labels of its own.
type metric struct {
	name, help string
	value      func(progress.Snapshot) float64
}

var counters = []metric{
	{"rows_read_total", "Rows that polls have returned.",
		func(s progress.Snapshot) float64 { return float64(s.RowsRead) }},
	{"rows_published_total", "Rows that Kafka has acknowledged.",
		func(s progress.Snapshot) float64 { return float64(s.RowsPublished) }},
	{"published_bytes_total", "Bytes of acknowledged messages.",
		func(s progress.Snapshot) float64 { return float64(s.BytesPublished) }},
	{"rows_committed_total", "Published rows that the stored offset is beyond.",
		func(s progress.Snapshot) float64 { return float64(s.RowsCommitted) }},
	{"rows_reread_total", "Rows read once more after a failure: at most this many were published twice.",
		func(s progress.Snapshot) float64 { return float64(s.RowsReread) }},
	{"late_rows_total", "Rows that turned up below the offset.",
		func(s progress.Snapshot) float64 { return float64(s.LateRows) }},
	{"dead_letters_total", "Rows that went to the dead-letter topic.",
		func(s progress.Snapshot) float64 { return float64(s.DeadLetters) }},
	{"audit_forgotten_keys_total", "Missing keys that the audit gave up because there were too many.",
		func(s progress.Snapshot) float64 { return float64(s.AuditForgotten) }},
	{"lease_changes_total", "Times that this instance got or lost the lease.",
		func(s progress.Snapshot) float64 { return float64(s.LeaseChanges) }},
}

// gauges are the metrics that go up and down.
func gauges(c Config) []metric {
	return []metric{
		{"rows_behind", "Keys drawn and not published: as many rows are still to come, or fewer.",
			func(s progress.Snapshot) float64 { return float64(s.RowsBehind()) }},
		{"settled_lag_keys", "Keys drawn beyond the last row read.",
			func(s progress.Snapshot) float64 { return float64(s.Behind) }},
		{"behind_seconds", "For how long something has been unpublished; 0 while every poll finds that nothing waits.",
			func(s progress.Snapshot) float64 { return s.BehindFor(c.Patience).Seconds() }},
		{"horizon_age_seconds", "For how long open transactions have held rows back.",
			func(s progress.Snapshot) float64 { return s.HorizonAge.Seconds() }},
		{"horizon_holders", "Open transactions that were named because they have held rows back for long.",
			func(s progress.Snapshot) float64 { return float64(len(s.Holders)) }},
		{"inflight_batches", "Batches read and not acknowledged.",
			func(s progress.Snapshot) float64 { return float64(s.InFlightBatches) }},
		{"inflight_rows", "Rows read and not acknowledged.",
			func(s progress.Snapshot) float64 { return float64(s.InFlightRows) }},
		{"inflight_bytes", "Bytes of messages that are not acknowledged.",
			func(s progress.Snapshot) float64 { return float64(s.InFlightBytes) }},
		{"audit_watched_keys", "Missing keys that the audit looks up again.",
			func(s progress.Snapshot) float64 { return float64(s.AuditWatched) }},
		{"lease_held", "1 while this instance holds the lease, and in a job without a lease.",
			func(s progress.Snapshot) float64 {
				return oneIf(s.LeaseHeld || !s.LeaseKnown && s.State == replicate.StateRunning)
			}},
		{"ready", "1 while the last poll and the last commit are recent, and while standing by.",
			func(s progress.Snapshot) float64 { ok, _ := s.Ready(c.Patience); return oneIf(ok) }},
		{"offset_position", "The key that is stored as the offset.", offsetPosition},
		{"last_poll_timestamp_seconds", "When a poll last succeeded; 0 before the first.",
			func(s progress.Snapshot) float64 { return unix(s.LastPoll) }},
		{"last_publish_timestamp_seconds", "When a batch was last acknowledged; 0 before the first.",
			func(s progress.Snapshot) float64 { return unix(s.LastPublish) }},
		{"last_commit_timestamp_seconds", "When the offset was last stored; 0 before the first time.",
			func(s progress.Snapshot) float64 { return unix(s.LastCommit) }},
		{"settle_unsafe_delay_seconds", "Greater than 0 if this job accepts losing rows of long transactions.",
			func(progress.Snapshot) float64 { return c.UnsafeDelay.Seconds() }},
	}
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// offsetPosition is exact up to 2^53, as every number of Prometheus is.
func offsetPosition(s progress.Snapshot) float64 {
	position, err := strconv.ParseFloat(s.Offset.Key, 64)
	if err != nil {
		return 0 // no offset yet
	}
	return position
}
