package prometheus_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/metrics/prometheus"
	"github.com/repliqate/repliqate/replicate/progress"
)

// exposed is what a job shows that has done a little of everything.
func exposed(t *testing.T) string {
	t.Helper()
	tracker := progress.New(error.Error)
	m := prometheus.New(prometheus.Config{Job: `sh"op`, Table: "orders", Topic: "orders", Version: "v1",
		Engine: "postgres", Fingerprint: "abc", Patience: time.Minute, UnsafeDelay: 2 * time.Second}, tracker)
	h := replicate.MergeHooks(tracker.Hooks(), m.Hooks())
	h.OnState(replicate.StateInfo{State: replicate.StateRunning})
	h.OnLease(replicate.LeaseInfo{Held: true})
	h.OnPoll(replicate.PollInfo{Rows: 5, Bytes: 50, BadRows: 1, Behind: 4, More: true, HorizonAge: 3 * time.Second,
		Duration: time.Millisecond})
	h.OnPoll(replicate.PollInfo{Rows: 2, Bytes: 20, Behind: 4, More: true, HorizonAge: 3 * time.Second})
	h.OnPublish(replicate.PublishInfo{Rows: 5, Bytes: 50, Last: "7", Duration: 2 * time.Second})
	h.OnCommit(replicate.CommitInfo{Offset: replicate.Offset{Key: "7"}, Duration: time.Millisecond})
	h.OnRetry(replicate.RetryInfo{Op: replicate.OpLoad, Err: errors.New("away")})
	h.OnAudit(replicate.AuditInfo{Late: []string{"1", "2"}, Watched: 9, Forgotten: 3})
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return answer.Body.String()
}

// TestValues compares what is exposed with what was done.
func TestValues(t *testing.T) {
	text := exposed(t)
	for _, label := range []string{`name="sh\"op",`, `,table="orders"`, `table="orders",`, `,topic="orders"`,
		`topic="orders"`} {
		text = strings.ReplaceAll(text, label, "")
	}
	for _, want := range []string{
		"rows_read_total{} 7", "rows_published_total{} 5", "rows_committed_total{} 5", "published_bytes_total{} 50",
		"rows_behind{} 6", "settled_lag_keys{} 4", "inflight_batches{} 1", "inflight_rows{} 2", "inflight_bytes{} 20",
		"horizon_age_seconds{} 3", "dead_letters_total{} 1", "late_rows_total{} 2", "audit_watched_keys{} 9",
		"audit_forgotten_keys_total{} 3", "lease_held{} 1", "lease_changes_total{} 1", "ready{} 1", "offset_position{} 7",
		"settle_unsafe_delay_seconds{} 2", `state{state="running"} 1`, `state{state="standby"} 0`,
		`retries_total{operation="load"} 1`, `retries_total{operation="sink"} 0`,
		`publish_duration_seconds_sum{success="true"} 2`, `poll_duration_seconds_count{success="true"} 2`,
		`build_info{engine="postgres",goversion=`,
	} {
		if !strings.Contains(text, "repliqate_"+want) {
			t.Errorf("%s is not exposed", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// TestConventions lets Prometheus's own linter judge names, help and units.
func TestConventions(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(exposed(t))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "repliqate_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// TestDocumented compares the list in docs/operate.md with what is exposed, both ways.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	names := func(pattern, text string) (out []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			out = append(out, m[1])
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	documented := names("[|,] `(repliqate_[a-z_]+)`", string(page))
	found := names(`(?m)^# TYPE (repliqate_[a-z_]+) `, exposed(t))
	for _, name := range found {
		if !slices.Contains(documented, name) {
			t.Errorf("docs/operate.md does not list %s", name)
		}
	}
	for _, name := range documented {
		if !slices.Contains(found, name) {
			t.Errorf("docs/operate.md lists %s, which is not exposed", name)
		}
	}
}
