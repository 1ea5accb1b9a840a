package daemon

import (
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/repliqate/repliqate/internal/buildinfo"
	"github.com/repliqate/repliqate/replicate"
)

// repeatAfter is how long a problem that goes on is not reported again.
const repeatAfter = time.Minute

// logger turns the loop's events into log lines. What goes on for long is said once a minute.
type logger struct {
	log *slog.Logger

	mu   sync.Mutex // the source warns from a goroutine of its own
	said map[string]time.Time

	failing   map[replicate.Op]bool // operations that failed and were reported
	forgotten int64                 // keys that the audit forgot since the last report
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
	return &logger{log: log, said: map[string]time.Time{}, failing: map[replicate.Op]bool{}}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// warn reports what is odd but no reason to stop, once a minute in the same words.
func (l *logger) warn(msg string) {
	if l.again(msg) {
		l.log.Warn(msg)
	}
}

// saidMax bounds how many problems are remembered.
const saidMax = 256

// again reports whether a problem is new, or was last reported more than a minute ago.
func (l *logger) again(problem string) bool {
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

// starting says what runs, from where to where. Nothing of it is secret.
func (l *logger) starting(c *Config, f flags, g generated, fingerprint string) {
	brokers := c.Kafka.Brokers
	if len(brokers) == 0 {
		brokers = []string{"localhost:9092"}
	}
	fields := []any{"table", g.table, "schema", fingerprint, "version", buildinfo.Version(), "source", sourceName(c.URI)}
	if f.stdout {
		fields = append(fields, "sink", "standard output", "offset", "none: from the first row on")
	} else {
		fields = append(fields, "topic", c.Kafka.Topic, "brokers", strings.Join(brokers, ","), "offset", c.offsetPlace(),
			"lease", c.leaseMode())
	}
	l.log.Info("repliqate begins", append(fields, "audit", c.Audit, "once", f.once)...)
	if d := c.Settle.UnsafeDelay; d > 0 {
		l.log.Warn("settle.unsafe_delay_sec is set: rows of transactions that stay open for longer are lost without a trace",
			"unsafe_delay_s", d.Seconds())
	}
}

func (c *Config) offsetPlace() string {
	switch {
	case c.Redis.Addr != "":
		addr := c.Redis.Addr
		if _, rest, isURL := strings.Cut(addr, "://"); isURL {
			addr = rest[strings.LastIndexByte(rest, '@')+1:]
			addr, _, _ = strings.Cut(addr, "?")
		}
		return "redis at " + addr
	case c.OffsetFile != "":
		return "file " + c.OffsetFile
	}
	return "memory"
}

func (c *Config) leaseMode() string {
	switch {
	case c.Redis.Addr == "" && c.OffsetFile == "":
		return "off"
	case c.Lease == "":
		return "on"
	}
	return c.Lease
}

// sourceName names the database: its host or file and nothing else of the URI. Where it is not certain
// where the password ends, it is not shown.
func sourceName(uri string) string {
	scheme, rest, _ := strings.Cut(uri, "://")
	if strings.HasPrefix(scheme, "sqlite") {
		path, _, _ := strings.Cut(rest, "?")
		return strings.TrimPrefix(path, "/")
	}
	u, err := url.Parse("any://" + rest)
	if err != nil || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return "not shown"
	}
	return u.Host + u.Path
}
