package joblog

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// newLog returns a logger at the highest level, and a function that returns what was said since the last call,
// without times.
func newLog() (*Logger, func() []string) {
	var out bytes.Buffer
	l := New(&out, "text", 3, "shop")
	return l, func() []string {
		var lines []string
		for line := range strings.Lines(out.String()) {
			_, rest, _ := strings.Cut(strings.TrimSpace(line), " level=")
			lines = append(lines, strings.Replace(rest, " job=shop", "", 1))
		}
		out.Reset()
		return lines
	}
}

// A log line names some of many late rows, and keys that were dropped are reported once a minute.
func TestAuditIsLoggedWithinBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, said := newLog()
		var late []string
		for i := range 120 {
			late = append(late, strconv.Itoa(i))
		}
		l.onAudit(replicate.AuditInfo{Late: late, Published: true})
		if lines := said(); len(lines) != 1 || len(lines[0]) > 400 || !strings.Contains(lines[0], ` 49 and 70 more"`) ||
			!strings.Contains(lines[0], "rows=120") {
			t.Errorf("120 late rows are said as %q", lines)
		}
		var keys []string
		for _, step := range []struct {
			forgotten int64
			wait      time.Duration
		}{{5, 0}, {2, 0}, {2, 2 * time.Minute}, {0, 2 * time.Minute}, {4, 2 * time.Minute}} {
			time.Sleep(step.wait)
			l.onAudit(replicate.AuditInfo{Forgotten: step.forgotten})
			for _, line := range said() {
				keys = append(keys, line[strings.LastIndexByte(line, '=')+1:])
			}
		}
		if want := []string{"5", "4", "4"}; !slices.Equal(keys, want) {
			t.Errorf("dropped keys are said as %q, want %q", keys, want)
		}
		l.onAudit(replicate.AuditInfo{Late: []string{"7"}, Err: errors.New("too\nlarge")})
		if lines := said(); len(lines) != 2 || lines[1] != `WARN msg="a late row can't be published" error="too; large"` {
			t.Errorf("a late row that can't be published is said as %q", lines)
		}
	})
}

// What goes on for long is said once a minute at WARN, else at DEBUG; that it has ended, once.
func TestRetriesAreSaidOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, said := newLog()
		away := errors.New("away")
		var levels []string
		for attempt := 1; attempt <= 9; attempt++ {
			l.onRetry(replicate.RetryInfo{Op: "source", Attempt: attempt, Delay: 15 * time.Second, Err: away})
			level, _, _ := strings.Cut(said()[0], " ")
			levels = append(levels, level)
			time.Sleep(15 * time.Second)
		}
		want := "WARN DEBUG DEBUG DEBUG WARN DEBUG DEBUG DEBUG WARN"
		if got := strings.Join(levels, " "); got != want {
			t.Errorf("levels %s, want %s", got, want)
		}
		l.onPoll(replicate.PollInfo{Err: away})
		l.onPoll(replicate.PollInfo{})
		l.onPoll(replicate.PollInfo{})
		if lines := said(); !slices.Equal(lines, []string{`WARN msg="the database can be read again"`}) {
			t.Errorf("the end is said as %q", lines)
		}
	})
}

// Each change of the lease says what it means.
func TestLeaseIsLogged(t *testing.T) {
	l, said := newLog()
	away := errors.New("away")
	const remedy = `remedy="repair the offset store, which is Redis or a file; a running instance goes on meanwhile"`
	for _, tt := range []struct {
		info replicate.LeaseInfo
		want string
	}{
		{replicate.LeaseInfo{Held: true}, `INFO msg="holding the lease"`},
		{replicate.LeaseInfo{Holder: "b (process 7)"},
			`WARN msg="another instance publishes this job; standing by" holder="b (process 7)"`},
		{replicate.LeaseInfo{Held: true, Err: away},
			`WARN msg="the lease can't be renewed; going on, since the worst case is duplicates" error=away ` + remedy},
		{replicate.LeaseInfo{Err: away},
			`WARN msg="the lease has expired and is strict: not publishing" error=away ` + remedy},
	} {
		l.onLease(tt.info)
		if lines := said(); !slices.Equal(lines, []string{tt.want}) {
			t.Errorf("%+v is said as %q, want %s", tt.info, lines, tt.want)
		}
	}
}

// The database is named without anything that may be a part of its password.
func TestSourceName(t *testing.T) {
	for uri, want := range map[string]string{
		"postgresql://u:hunter2@h.example:5432/shop":           "h.example:5432/shop",
		"postgresql+psycopg2://u:hunter2@h/shop?sslmode=off":   "h/shop",
		"postgresql://h/shop?user=u&password=hunter2":          "h/shop",
		"postgresql://h/shop?password=a@hunter2":               "not shown",
		"postgresql://u:12/hunter2@h/shop":                     "not shown",
		"postgresql://u:12?hunter2@h/shop":                     "not shown",
		"postgresql://u:1#hunter2@h/shop":                      "not shown",
		"postgresql:///shop":                                   "/shop",
		"sqlite:////var/lib/shop.db":                           "/var/lib/shop.db",
		"sqlite:///shop.db?key=hunter2":                        "shop.db",
		"postgresql://u:%68unter2@[::1]:5432/shop%20two?x=%zz": "[::1]:5432/shop two",
	} {
		if got := sourceName(uri); got != want {
			t.Errorf("%s is named %q, want %q", uri, got, want)
		}
	}
}
