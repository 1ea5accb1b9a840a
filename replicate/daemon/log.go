package daemon

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// repeatAfter is how long a problem that goes on is not reported again.
const repeatAfter = time.Minute

// logger turns the loop's events into log lines. What goes on for long is said once a minute.
type logger struct {
	log  *slog.Logger
	said map[string]time.Time
}

// newLogger writes text to a terminal and JSON elsewhere, or as the configuration says.
func newLogger(w io.Writer, format string, verbosity int, job string) *logger {
	level := []slog.Level{slog.LevelError, slog.LevelWarn, slog.LevelInfo, slog.LevelDebug}[min(verbosity, 3)]
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewJSONHandler(w, options)
	if format == "text" || format == "auto" && isTerminal(w) {
		handler = slog.NewTextHandler(w, options)
	}
	log := slog.New(handler)
	if job != "" {
		log = log.With("job", job)
	}
	return &logger{log: log, said: map[string]time.Time{}}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (l *logger) warn(msg string) { l.log.Warn(msg) }

// again reports whether a problem is new, or was last reported more than a minute ago.
func (l *logger) again(problem string) bool {
	if time.Since(l.said[problem]) < repeatAfter {
		return false
	}
	l.said[problem] = time.Now()
	return true
}

func (l *logger) hooks() replicate.Hooks {
	return replicate.Hooks{OnState: l.onState, OnPoll: l.onPoll, OnPublish: l.onPublish, OnLoad: l.onLoad, OnCommit: l.onCommit,
		OnRetry: l.onRetry, OnLease: l.onLease, OnHorizon: l.onHorizon}
}

func (l *logger) onState(i replicate.StateInfo) {
	l.log.Info(i.State, "offset", i.Offset.Key)
}

func (l *logger) onPoll(i replicate.PollInfo) {
	if i.BadRows > 0 {
		l.log.Warn("rows went to the dead-letter topic", "rows", i.BadRows)
	}
	if i.Above && l.again("above") {
		l.log.Warn("rows wait with keys that the sequence has not drawn: they were inserted with explicit keys and are published once the sequence is beyond them")
	}
	if i.Err == nil && i.Rows > 0 {
		l.log.Debug("polled", "rows", i.Rows, "bytes", i.Bytes, "more", i.More, "ms", i.Duration.Milliseconds())
	}
}

func (l *logger) onPublish(i replicate.PublishInfo) {
	if i.Err == nil {
		l.log.Debug("published", "rows", i.Rows, "bytes", i.Bytes, "last", i.Last, "ms", i.Duration.Milliseconds())
	}
}

func (l *logger) onLoad(i replicate.LoadInfo) {
	switch {
	case i.Witness && errors.Is(i.Err, replicate.ErrWitnessDenied):
		// At any verbosity: the store may have lost its offset.
		l.log.Error("no offset is stored, and whether there is a copy in Kafka can't be read: beginning at the first row",
			"error", i.Err.Error())
	case i.Err != nil:
	case i.Witness && !i.Offset.IsZero():
		l.log.Warn("the offset store had no offset: continuing from the copy in Kafka; "+
			"to begin at the first row: offset reset", "offset", i.Offset.Key)
	case i.Offset.IsZero():
		l.log.Info("no offset is stored: beginning at the first row")
	default:
		l.log.Info("continuing", "offset", i.Offset.Key)
	}
}

func (l *logger) onCommit(i replicate.CommitInfo) {
	if i.Err == nil {
		l.log.Debug("committed", "offset", i.Offset.Key, "ms", i.Duration.Milliseconds())
		if _, failing := l.said["commit"]; failing {
			delete(l.said, "commit")
			l.log.Warn("the offset is stored again", "offset", i.Offset.Key)
		}
	}
}

func (l *logger) onRetry(i replicate.RetryInfo) {
	if l.again(i.Op) || l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Warn(retryText[i.Op], "error", i.Err.Error(), "attempt", i.Attempt, "again_in_ms", i.Delay.Milliseconds())
	}
}

// retryText says what a failure means for the operator.
var retryText = map[string]string{
	"lease":   "the lease can't be asked for; trying again",
	"load":    "the offset can't be read; waiting, nothing is published meanwhile",
	"source":  "the database can't be read; trying again",
	"sink":    "Kafka can't be written; trying again from the stored offset",
	"commit":  "the offset can't be stored; going on with it in memory",
	"witness": "the second copy of the offset can't be stored in Kafka; trying again",
}

func (l *logger) onLease(i replicate.LeaseInfo) {
	switch {
	case i.Err != nil && i.Held:
		l.log.Warn("the lease can't be renewed; going on, since the worst case is duplicates", "error", i.Err.Error())
	case i.Err != nil:
		l.log.Warn("the lease ran out and is strict: not publishing", "error", i.Err.Error())
	case i.Held:
		l.log.Info("holding the lease")
	default:
		l.log.Warn("another instance publishes this job; standing by", "holder", i.Holder)
	}
}

func (l *logger) onHorizon(i replicate.HorizonInfo) {
	l.log.Warn("open transactions hold rows back", "age_s", int(i.Age.Seconds()), "holders", strings.Join(i.Holders, "; "))
}

// merge calls the functions of both, first a's.
func merge(a, b replicate.Hooks) replicate.Hooks {
	return replicate.Hooks{
		OnState: both(a.OnState, b.OnState), OnPoll: both(a.OnPoll, b.OnPoll), OnPublish: both(a.OnPublish, b.OnPublish),
		OnLoad: both(a.OnLoad, b.OnLoad), OnCommit: both(a.OnCommit, b.OnCommit), OnRetry: both(a.OnRetry, b.OnRetry),
		OnLease: both(a.OnLease, b.OnLease), OnHorizon: both(a.OnHorizon, b.OnHorizon),
	}
}

func both[T any](a, b func(T)) func(T) {
	return func(info T) {
		if a != nil {
			a(info)
		}
		if b != nil {
			b(info)
		}
	}
}
