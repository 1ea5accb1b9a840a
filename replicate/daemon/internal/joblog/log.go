package joblog

import (
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
)

// repeatAfter is how long a problem that goes on is not reported again.
const repeatAfter = time.Minute

// Logger turns the loop's events into log lines. What goes on for long is said once a minute.
type Logger struct {
	log *slog.Logger

	mu   sync.Mutex // the source warns from a goroutine of its own
	said map[string]time.Time

	failing   map[replicate.Op]bool // operations that failed and were reported
	witness   bool                  // the last load that failed was of the offset's copy in Kafka
	forgotten int64                 // keys that the audit forgot since the last report
}

// New returns a log that is text on a terminal and JSON elsewhere, or what format says.
func New(w io.Writer, format string, verbosity int, job string) *Logger {
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
	return &Logger{log: log, said: map[string]time.Time{}, failing: map[replicate.Op]bool{}}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Warn reports what is odd but no reason to stop, once a minute in the same words.
func (l *Logger) Warn(msg string) {
	if l.again(msg) {
		l.log.Warn(msg)
	}
}

// Serving says where the page is served.
func (l *Logger) Serving(addr string) {
	l.log.Info("serving health, metrics and the status page", "url", "http://"+addr+"/")
}

// Reloaded says which keys have changed since the configuration was last read.
func (l *Logger) Reloaded(applied, restart []string) {
	switch {
	case len(restart) > 0:
		l.log.Warn("the configuration was read again: some keys need a restart", "needs_restart", restart, "applied", applied)
	default:
		l.log.Info("the configuration was read again", "applied", applied)
	}
}

// NotReloaded says why the configuration can't be read again.
func (l *Logger) NotReloaded(err error) {
	l.log.Warn("the configuration can't be read again; going on with the one before", "error", oneLine(err),
		"remedy", "correct it, then send SIGHUP again")
}

// Error reports what ends the program.
func (l *Logger) Error(err error) { l.log.Error(oneLine(err)) }

// oneLine is the text of an error, which may be several joined, with settings called by their keys.
func oneLine(err error) string { return strings.ReplaceAll(config.Explain(err), "\n", "; ") }

// saidMax bounds how many problems are remembered.
const saidMax = 256

// again reports whether a problem is new, or was last reported more than a minute ago.
func (l *Logger) again(problem string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := l.said[problem]; ok && time.Since(last) < repeatAfter {
		return false
	}
	if len(l.said) >= saidMax {
		clear(l.said)
	}
	l.said[problem] = time.Now()
	return true
}
