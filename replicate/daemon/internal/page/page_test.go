package page_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/page"
	"github.com/repliqate/repliqate/replicate/progress"
)

// serve serves a job, and returns the hooks that feed it and the server's URL.
func serve(t *testing.T, c page.Config) (replicate.Hooks, string) {
	t.Helper()
	if c.Addr == "" {
		c.Addr = "0"
	}
	c.Job, c.Table, c.Topic, c.Engine, c.Version, c.Fingerprint = "shop", "orders", "orders", "postgres", "v1", "abc"
	c.Patience, c.Metrics = time.Minute, http.NotFoundHandler()
	tracker := progress.New(error.Error)
	s, err := page.Listen(c, tracker)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return tracker.Hooks(), "http://" + s.Addr()
}

// get asks for an address. change may alter the request.
func get(t *testing.T, url string, change func(*http.Request)) (status int, body string, h http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content), answer.Header
}

func TestHealthFollowsTheState(t *testing.T) {
	h, url := serve(t, page.Config{})
	want := func(status int, text string) {
		t.Helper()
		if got, body, _ := get(t, url+"/readyz", nil); got != status || !strings.Contains(body, text) {
			t.Errorf("/readyz says %d %q, want %d %q", got, body, status, text)
		}
		if got, _, _ := get(t, url+"/healthz", nil); got != http.StatusOK {
			t.Errorf("/healthz says %d", got)
		}
	}
	want(http.StatusServiceUnavailable, "not running: starting")
	h.OnState(replicate.StateInfo{State: replicate.StateRunning})
	want(http.StatusOK, "running")
	h.OnLease(replicate.LeaseInfo{Holder: "b (process 7)"})
	h.OnState(replicate.StateInfo{State: replicate.StateStandby})
	want(http.StatusOK, "standing by: the lease is held by b (process 7)")
	h.OnState(replicate.StateInfo{State: replicate.StateStopping})
	want(http.StatusServiceUnavailable, "not running: stopping")
}

func TestStatus(t *testing.T) {
	h, url := serve(t, page.Config{})
	h.OnState(replicate.StateInfo{State: replicate.StateRunning})
	h.OnPoll(replicate.PollInfo{Rows: 5, Bytes: 50, Behind: 2})
	h.OnPublish(replicate.PublishInfo{Rows: 5, Bytes: 50, Last: "9007199254740993", Duration: 3 * time.Millisecond})
	h.OnCommit(replicate.CommitInfo{Offset: replicate.Offset{Key: "9007199254740993", Checksum: "c0ffee"}})
	h.OnRetry(replicate.RetryInfo{Op: replicate.OpCommit, Err: errors.New("<script>away</script>")})
	status, body, header := get(t, url+"/api/status", nil)
	if status != http.StatusOK || header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v %s", status, header, body)
	}
	var got struct {
		Version int
		Ready   bool
		Offset  struct{ Key, Checksum string }
		Rows    struct{ Read, Published, Committed, Behind int }
		Events  []struct{ Kind, Error, Remedy string }
		Batches []struct {
			Last, Checksum string
			Committed      bool
			Ms             float64
		}
		LastPublish *time.Time `json:"last_publish"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != 1 || !got.Ready || got.Offset.Key != "9007199254740993" || got.Rows.Committed != 5 ||
		got.Rows.Behind != 2 || len(got.Events) != 1 || got.Events[0].Remedy == "" || len(got.Batches) != 1 ||
		got.Batches[0].Checksum != "c0ffee" || got.Batches[0].Ms != 3 || got.LastPublish == nil {
		t.Errorf("the status is %s", body)
	}
	if strings.Contains(body, "<script>") {
		t.Errorf("the status holds markup as it is: %s", body)
	}
}

// Every field of the JSON is in the documentation.
func TestStatusIsDocumented(t *testing.T) {
	docs, err := os.ReadFile("../../../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	h, url := serve(t, page.Config{})
	h.OnRetry(replicate.RetryInfo{Op: replicate.OpCommit, Err: errors.New("away")})
	h.OnPublish(replicate.PublishInfo{Rows: 1, Last: "1"})
	_, body, _ := get(t, url+"/api/status", nil)
	for _, m := range regexp.MustCompile(`"([a-z_]+)":`).FindAllStringSubmatch(body, -1) {
		known := map[string]bool{"version": true, "at": true, "started": true, "commit": true}
		if !known[m[1]] && !strings.Contains(string(docs), "`"+m[1]+"`") {
			t.Errorf("docs/operate.md does not explain %s of /api/status", m[1])
		}
	}
}

func TestToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first\n")
	_, url := serve(t, page.Config{TokenFile: file})
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	want := func(what string, status int, path string, change func(*http.Request)) {
		t.Helper()
		if got, body, _ := get(t, url+path, change); got != status {
			t.Errorf("%s: %s says %d %q, want %d", what, path, got, body, status)
		}
	}
	for _, path := range []string{"/", "/api/status", "/api/history", "/page.js", "/nothing"} {
		want("no token", http.StatusUnauthorized, path, nil)
		want("another token", http.StatusUnauthorized, path, bearer("second"))
	}
	want("an empty token", http.StatusUnauthorized, "/", bearer(""))
	want("health needs none", http.StatusOK, "/healthz", nil)
	want("the token", http.StatusOK, "/api/status", bearer("first"))
	want("the token as a password", http.StatusOK, "/", func(r *http.Request) { r.SetBasicAuth("me", "first") })
	write("second")
	want("an old token", http.StatusUnauthorized, "/", bearer("first"))
	want("the new token", http.StatusOK, "/", bearer("second"))
	write("")
	want("an empty file", http.StatusInternalServerError, "/", bearer(""))
	if _, err := page.Listen(page.Config{Addr: "0", TokenFile: file}, progress.New(error.Error)); err == nil {
		t.Error("an empty token file is taken")
	}
}

// A page of another site can't read the status through a name that resolves to loopback.
func TestForeignNamesAreRefused(t *testing.T) {
	_, url := serve(t, page.Config{})
	for host, want := range map[string]int{"evil.example": 403, "evil.example:80": 403, "localhost:1": 200,
		"127.0.0.1": 200, "[::1]:9": 200} {
		if got, _, _ := get(t, url+"/api/status", func(r *http.Request) { r.Host = host }); got != want {
			t.Errorf("as %s it says %d, want %d", host, got, want)
		}
	}
}

func TestPageIsSelfContained(t *testing.T) {
	_, url := serve(t, page.Config{})
	_, body, header := get(t, url+"/", nil)
	if policy := header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") ||
		strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"#]+)"`).FindAllStringSubmatch(body, -1) {
		if strings.Contains(m[1], "//") {
			t.Errorf("the page loads %s", m[1])
		}
		if status, _, _ := get(t, url+"/"+m[1], nil); status != http.StatusOK && m[1] != "metrics" {
			t.Errorf("%s says %d", m[1], status)
		}
	}
}

func TestProfilesAreByChoice(t *testing.T) {
	for pprof, want := range map[bool]int{false: 404, true: 200} {
		_, url := serve(t, page.Config{Pprof: pprof})
		if got, _, _ := get(t, url+"/debug/pprof/cmdline", nil); got != want {
			t.Errorf("with pprof %v it says %d, want %d", pprof, got, want)
		}
	}
}

// An address that the instance before still has is waited for.
func TestTakenAddressIsWaitedFor(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	warned := make(chan string, 1)
	s, err := page.Listen(page.Config{Addr: other.Addr().String(), Metrics: http.NotFoundHandler(),
		Warn: func(msg string) { warned <- msg }}, progress.New(error.Error))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if msg := <-warned; !strings.Contains(msg, "http_addr") {
		t.Errorf("the warning is %q", msg)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	for {
		answer, err := http.Get("http://" + s.Addr() + "/healthz") //nolint:noctx // the test's own deadline bounds it
		if err != nil {
			time.Sleep(10 * time.Millisecond) // nobody can say when the kernel lets the next one listen
			continue
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("/healthz says %d", answer.StatusCode)
		}
		return
	}
}

func TestLocalAddresses(t *testing.T) {
	for addr, want := range map[string]bool{"9187": true, ":9187": true, "localhost:1": true, "127.0.0.2:1": true,
		"[::1]:1": true, "0.0.0.0:1": false, "10.0.0.1:1": false, "host:1": false} {
		if got := page.IsLocal(addr); got != want {
			t.Errorf("%s is local: %v", addr, got)
		}
	}
}
