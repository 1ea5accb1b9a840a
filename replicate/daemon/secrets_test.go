package daemon_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// secretFile writes a secret into a file of its own.
func secretFile(t *testing.T, name, secret string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestSecretsFromFiles keeps every secret in a file, as systemd credentials and secrets of Kubernetes are, and changes
// Redis's password while the job runs.
func TestSecretsFromFiles(t *testing.T) {
	j := newJob(t, 1, 2)
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "ledger"), kfake.EnableSASL(),
		kfake.Superuser("SCRAM-SHA-512", "u", "canary-kafka"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	t.Setenv("CREDENTIALS_DIRECTORY", j.dir)
	redis := secretFile(t, filepath.Join(j.dir, "redis"), "canary-redis-1")
	secretFile(t, filepath.Join(j.dir, "kafka"), "canary-kafka")
	secretFile(t, filepath.Join(j.dir, "uri"), "sqlite:///"+j.db)
	j.redis.RequireUserAuth("u", "canary-redis-1")
	config := write(t, `repliqate:
  name: shop
  redis_addr: `+j.redis.Addr()+`
  redis: {username: u, password_file: "${CREDENTIALS_DIRECTORY}/redis"}
  replication:
    poll_interval_sec: 0.01
    sql_source: {uri_file: "${CREDENTIALS_DIRECTORY}/uri", table: ledger, primary_key: id}
    kafka_target:
      topic: ledger
      brokers: [`+kafka.ListenAddrs()[0]+`]
      sasl: {mechanism: SCRAM-SHA-512, username: u, password_file: "${CREDENTIALS_DIRECTORY}/kafka"}
`)
	r := start(t, "-vvv", "--config", config)
	r.stderr.wait(t, `"msg":"committed"`)

	secretFile(t, redis, "canary-redis-2")
	j.redis.RequireUserAuth("u", "canary-redis-2")
	j.redis.Close() // connections end; a new one needs the new password
	r.stderr.wait(t, "again_in_ms")
	j.insert(t, 3)
	if err := j.redis.Restart(); err != nil {
		t.Fatal(err)
	}
	r.stderr.wait(t, `"msg":"committed","job":"shop","offset":"3"`)
	r.stop(t)
	if strings.Contains(r.stderr.String(), "canary") {
		t.Errorf("the log holds a secret: %s", r.stderr)
	}
}

// TestSecretFilesAreChecked at the start, with file, line and key.
func TestSecretFilesAreChecked(t *testing.T) {
	j := newJob(t)
	empty := secretFile(t, filepath.Join(j.dir, "empty"), "")
	for _, tt := range []struct{ root, source, kafka, want string }{
		{j.atRedis() + "\n  redis: {password_file: " + empty + "}", "", "",
			"redis.password_file: the secret's file is empty"},
		{j.atRedis() + "\n  redis: {password: a, password_file: " + empty + "}", "", "",
			"redis.password_file: expected either this or redis.password"},
		{"", "uri_file: " + empty, "", "uri_file: expected either this or sql_source.uri"},
		{"", "", "sasl: {mechanism: PLAIN, username: u, password_file: /nowhere/one}",
			"sasl.password_file: the secret can't be read"},
		{"", "", "sasl: {mechanism: PLAIN, username: u}", "sasl.password: expected a password, or password_file"},
	} {
		r := start(t, "--config", j.config(t, tt.root, tt.source, tt.kafka))
		r.end(t, 2)
		if !strings.Contains(r.stderr.String(), tt.want) || !strings.Contains(r.stderr.String(), "config.yaml:") {
			t.Errorf("want %q in %s", tt.want, r.stderr)
		}
	}
}
