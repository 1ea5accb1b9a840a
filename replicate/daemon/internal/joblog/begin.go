package joblog

import (
	"net/url"
	"strings"

	"github.com/repliqate/repliqate/internal/buildinfo"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
)

// Start is what the log's first line says beside the configuration.
type Start struct {
	Table, Fingerprint string
	Once, Print        bool
}

// Begin says what runs, from where to where. None of it is secret.
func (l *Logger) Begin(c *config.Config, s Start) {
	fields := []any{"table", s.Table, "schema", s.Fingerprint, "version", buildinfo.Version(), "source", sourceName(c.URI)}
	if s.Print {
		fields = append(fields, "sink", "standard output", "offset", "none: from the first row on")
	} else {
		fields = append(fields, "topic", c.Kafka.Topic, "brokers", strings.Join(c.Kafka.Brokers, ","),
			"offset", offsetPlace(c), "lease", c.LeaseMode())
	}
	l.log.Info("repliqate starts", append(fields, "audit", c.Audit, "once", s.Once)...)
	if d := c.Settle.UnsafeDelay; d > 0 {
		l.log.Warn("settle.unsafe_delay_sec is set: rows of transactions that stay open for longer are lost without a trace",
			"unsafe_delay_s", d.Seconds())
	}
}

// offsetPlace names where the offset is kept.
func offsetPlace(c *config.Config) string {
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
