package daemon_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// page asks a running replicator for one of its addresses.
func (r *running) page(t *testing.T, path string) (status int, body string) {
	t.Helper()
	r.stderr.wait(t, "serving health, metrics and the status page")
	address, _ := find(t, r.stderr.lines(t), "serving health").all["url"].(string)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("", "page-token-9")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}

// TestPage looks at a replicator from outside: what it publishes is in the status and in the metrics, a standby says
// that it stands by, and nothing that is served holds a secret.
func TestPage(t *testing.T) {
	j := newJob(t, 1, 2, 3)
	j.redis.RequireUserAuth("u", "canary-redis")
	token := filepath.Join(j.dir, "token")
	if err := os.WriteFile(token, []byte("page-token-9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	root := j.atRedis() + "\n  redis: {username: u, password: canary-redis}\n  http_addr: 0\n  http_pprof: true\n" +
		"  http_token_file: " + token
	config := j.config(t, root, "", "")
	first := start(t, "-vvv", "--config", config)
	j.ids(t, "ledger", 3)
	first.stderr.wait(t, `"msg":"committed"`)
	second := start(t, "-vvv", "--config", config)
	second.stderr.wait(t, "another instance publishes this job")

	var status struct {
		State  string
		Offset struct{ Key, Checksum string }
		Rows   struct{ Published, Committed int }
		Lease  struct{ Held bool }
	}
	code, body := first.page(t, "api/status")
	if err := json.Unmarshal([]byte(body), &status); err != nil || code != http.StatusOK {
		t.Fatalf("%d %v %s", code, err, body)
	}
	if status.State != "running" || status.Offset.Key != "3" || status.Offset.Checksum == "" ||
		status.Rows.Committed != 3 ||
		!status.Lease.Held {
		t.Errorf("the status is %s", body)
	}
	if _, metrics := first.page(t, "metrics"); !strings.Contains(metrics, "repliqate_rows_published_total{") ||
		!strings.Contains(metrics, "go_goroutines ") {
		t.Errorf("the metrics are %s", metrics)
	}
	for r, want := range map[*running]string{first: "running", second: "standing by: the lease is held by "} {
		if code, body := r.page(t, "readyz"); code != http.StatusOK || !strings.HasPrefix(body, want) {
			t.Errorf("/readyz says %d %q, want %q", code, body, want)
		}
		var all strings.Builder
		for _, path := range []string{"", "page.js", "page.css", "metrics", "api/status", "api/history", "readyz", "healthz",
			"debug/pprof/cmdline", "debug/pprof/goroutine?debug=2"} {
			_, body := r.page(t, path)
			all.WriteString(body)
		}
		all.WriteString(r.stderr.String() + r.stdout.String())
		for _, secret := range []string{"canary-redis", "page-token-9"} {
			if strings.Contains(all.String(), secret) {
				t.Errorf("%s is shown", secret)
			}
		}
	}
	second.stop(t)
	first.stop(t)
}

// TestPageSettings are refused, or warned of, with file, line and key.
func TestPageSettings(t *testing.T) {
	j := newJob(t)
	for lines, want := range map[string]string{
		"http_addr: localhost":                          "http_addr: expected host:port",
		"http_addr: 127.0.0.1:99999":                    "http_addr: expected host:port",
		"http_pprof: true":                              "http_pprof: it has no effect without http_addr",
		"http_addr: 0\n  http_token_file: /nowhere/one": "http_token_file: the token can't be read",
		"http_addr: 256.0.0.1:0":                        "whoever reaches it can read the job's status: set http_token_file",
	} {
		r := start(t, "-v", "--config", j.config(t, lines, "", ""))
		r.end(t, 2)
		if !strings.Contains(r.stderr.String(), want) || !strings.Contains(r.stderr.String(), "config.yaml:") {
			t.Errorf("%s: want %q in %s", lines, want, r.stderr)
		}
	}
}
