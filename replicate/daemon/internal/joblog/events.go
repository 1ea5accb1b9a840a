package joblog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/progress"
)

// Hooks returns hooks that log the loop's events.
func (l *Logger) Hooks() replicate.Hooks {
	return replicate.MergeHooks(replicate.Hooks{
		OnState: l.onState, OnPoll: l.onPoll, OnPublish: l.onPublish, OnLoad: l.onLoad, OnCommit: l.onCommit,
		OnRetry: l.onRetry, OnLease: l.onLease, OnHorizon: l.onHorizon, OnAudit: l.onAudit, OnStranded: l.onStranded,
	}, l.summaryHooks())
}

// stateText says what each state of the job means.
var stateText = map[replicate.State]string{
	"standby":  "standing by until the lease is free",
	"starting": "starting: opening Kafka, the offset and the database",
	"running":  "running",
	"stopping": "stopping: flushing and committing what was read",
	"stopped":  "stopped",
}

func (l *Logger) onState(i replicate.StateInfo) {
	l.log.Info(stateText[i.State], "state", i.State, "offset", i.Offset.Key)
}

func (l *Logger) onPoll(i replicate.PollInfo) {
	if i.BadRows > 0 {
		l.log.Warn("rows went to the dead-letter topic", "rows", i.BadRows,
			"remedy", "read that topic: each message has key, column and reason")
	}
	if i.Err != nil {
		return
	}
	l.healed("source", "the database can be read again")
	if i.Rows > 0 {
		l.log.Debug("polled", "rows", i.Rows, "bytes", i.Bytes, "more", i.More, "ms", i.Duration.Milliseconds())
	}
}

func (l *Logger) onPublish(i replicate.PublishInfo) {
	if i.Err == nil {
		l.healed("sink", "Kafka accepts messages again")
		l.log.Debug("published", "rows", i.Rows, "bytes", i.Bytes, "last", i.Last, "ms", i.Duration.Milliseconds())
	}
}

func (l *Logger) onLoad(i replicate.LoadInfo) {
	if i.Witness && errors.Is(i.Err, replicate.ErrWitnessDenied) {
		// At any verbosity: the store may have lost its offset.
		l.log.Error("no offset is stored, and its copy in Kafka can't be read: starting at the first row",
			"error", oneLine(i.Err))
	}
	if i.Err != nil {
		l.witness = i.Witness
		return
	}
	// An empty store says nothing of the copy in Kafka, which is then asked for.
	if !l.witness || i.Witness || !i.Offset.IsZero() {
		l.healed("load", "the offset can be read again")
	}
	switch {
	case i.Witness && !i.Offset.IsZero():
		l.log.Warn("the offset store had no offset: continuing from the copy in Kafka; "+
			"to start at the first row: offset reset", "offset", i.Offset.Key)
	case i.Offset.IsZero():
		l.log.Info("no offset is stored: starting at the first row", "witness", i.Witness)
	default:
		l.log.Info("continuing", "offset", i.Offset.Key)
	}
}

func (l *Logger) onCommit(i replicate.CommitInfo) {
	if i.Err == nil {
		l.healed("commit", "the offset is stored again")
		l.log.Debug("committed", "offset", i.Offset.Key, "ms", i.Duration.Milliseconds())
	}
}

// healed says once that an operation succeeds whose failure was reported.
func (l *Logger) healed(op replicate.Op, msg string) {
	if l.failing[op] {
		delete(l.failing, op)
		l.log.Warn(msg)
	}
}

func (l *Logger) onRetry(i replicate.RetryInfo) {
	level := slog.LevelDebug
	if l.again("retry " + string(i.Op)) {
		level = waiting(i.Until)
		l.failing[i.Op] = true
	}
	text, ok := retryText[i.Op]
	if !ok {
		text = string(i.Op) + " failed; trying again"
	}
	l.log.Log(context.Background(), level, text, append([]any{"error", oneLine(i.Err), "remedy", progress.Remedy(i.Op),
		"attempt", i.Attempt, "again_in_ms", i.Delay.Milliseconds()}, tries(i.Until)...)...)
}

// waiting is the level of what is waited for. Whoever runs with --once waits for its end, and hears why it takes long
// at any verbosity.
func waiting(until time.Time) slog.Level {
	if until.IsZero() {
		return slog.LevelWarn
	}
	return slog.LevelError
}

// tries says until when a run with --once tries.
func tries(until time.Time) []any {
	if until.IsZero() {
		return nil
	}
	return []any{"gives_up_at", until.UTC().Format(time.RFC3339)}
}

// retryText says what a failure means for the operator.
var retryText = map[replicate.Op]string{
	"lease":   "the lease can't be checked; trying again",
	"load":    "the offset can't be read; waiting, nothing is published until it can be",
	"source":  "the database can't be read; trying again",
	"sink":    "messages can't be sent to Kafka; trying again from the offset",
	"commit":  "the offset can't be stored; going on with it in memory",
	"witness": "the second copy of the offset can't be stored in Kafka; trying again",
}

func (l *Logger) onLease(i replicate.LeaseInfo) {
	switch {
	case i.Err != nil && i.Held:
		l.log.Warn("the lease can't be renewed; going on, since the worst case is duplicates", "error", oneLine(i.Err),
			"remedy", progress.Remedy(replicate.OpLease))
	case i.Err != nil:
		l.log.Warn("the lease has expired and is strict: not publishing", "error", oneLine(i.Err),
			"remedy", progress.Remedy(replicate.OpLease))
	case i.Held:
		l.log.Info("holding the lease")
	default:
		l.log.Log(context.Background(), waiting(i.Until), "another instance publishes this job; standing by",
			append([]any{"holder", i.Holder}, tries(i.Until)...)...)
	}
}

func (l *Logger) onHorizon(i replicate.HorizonInfo) {
	l.log.Warn("open transactions hold rows back: end them if they are stuck", "age_s", int(i.Age.Seconds()),
		"holders", bounded(i.Holders, "; "))
}

// onStranded reports rows with explicit keys above the sequence.
func (l *Logger) onStranded(i replicate.StrandedInfo) {
	if l.again("stranded") {
		l.log.Warn("rows are waiting because the sequence has not drawn their keys: they were inserted with explicit "+
			"keys and are published once the sequence has passed them",
			"rows", i.Rows, "what", i.Text, "remedy", i.Remedy)
	}
}

// onAudit reports the rows that appeared in gaps which had been passed, and keys that were given up.
func (l *Logger) onAudit(i replicate.AuditInfo) {
	if len(i.Late) > 0 {
		msg := "late rows, which are not published: they were inserted with explicit keys below the offset"
		if i.Published {
			msg = "late rows, which are published now: they were inserted with explicit keys below the offset"
		}
		l.log.Warn(msg, "rows", len(i.Late), "keys", bounded(i.Late, " "), "published", i.Published)
	}
	if i.Err != nil && l.again("audit") {
		l.log.Warn("a late row can't be published", "error", oneLine(i.Err))
	}
	l.forgotten += i.Forgotten
	if l.forgotten > 0 && l.again("dropped") {
		l.log.Warn("the audit dropped missing keys before looking them up: raise sql_source.audit.keys",
			"keys", l.forgotten)
		l.forgotten = 0
	}
}

// bounded joins texts, as many as a log line can do with.
func bounded(texts []string, separator string) string {
	const most = 50
	if len(texts) <= most {
		return strings.Join(texts, separator)
	}
	return strings.Join(texts[:most], separator) + separator + fmt.Sprintf("and %d more", len(texts)-most)
}
