package daemon_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// hangUp changes the configuration's file and sends SIGHUP to this process, in which the replicator runs.
func hangUp(t *testing.T, name string, change ...string) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(change...).Replace(string(content))
	if text == string(content) {
		t.Fatalf("%q changes nothing in %s", change, content)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// TestReload changes what a running job can take, what needs a restart, and then writes a mistake. The job goes on, and
// polls as often as the configuration asks for now.
func TestReload(t *testing.T) {
	j := newJob(t, 1)
	config := j.config(t, j.atRedis()+"\n  redis: {password: canary-1}", "limit: 7", "")
	j.redis.RequireAuth("canary-1")
	r := start(t, "-vvv", "--config", config)
	r.stderr.wait(t, `"state":"running"`)

	hangUp(t, config, "limit: 7", "limit: 9", "poll_interval_sec: 0.01", "poll_interval_sec: 0.02")
	r.stderr.wait(t, `"applied":["replication.poll_interval_sec","sql_source.limit"]`)
	hangUp(t, config, "limit: 9", "limit: 11", "canary-1", "canary-2", "name: shop", "name: other")
	r.stderr.wait(t, `"needs_restart":["name","redis.password"],"applied":["sql_source.limit"]`)
	hangUp(t, config, "limit: 11", "limits: 11\n      limit: none")
	r.stderr.wait(t, "the configuration can't be read again; going on with the one before")

	j.insert(t, 2)
	r.stderr.wait(t, `"msg":"committed","job":"shop","offset":"2"`)
	r.stop(t)
	if strings.Contains(r.stderr.String(), "canary") {
		t.Errorf("the log holds a secret: %s", r.stderr)
	}
}
