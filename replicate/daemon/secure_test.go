package daemon_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/repliqate/repliqate/generated/ledger"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
	"github.com/repliqate/repliqate/replicate/daemon"
)

const secret = "hunter2-secret"

// secured is a configuration with every setting of security, as an operator writes it.
const secured = `
repliqate:
  name: ledger
  redis_addr: REDIS
  redis: {username: ann, password: "${REDIS_PASSWORD}", tls: true, ca_file: CA, db: 2}
  replication:
    poll_interval_sec: 0.01
    sql_source: {uri: "sqlite:///DATABASE", table: ledger, primary_key: id}
    kafka_target:
      topic: ledger
      brokers: [BROKER]
      tls: {enabled: true, ca_file: CA, cert_file: CERT, key_file: KEY, server_name: "${KAFKA_NAME}"}
      sasl: {mechanism: SCRAM-SHA-512, username: ann, password: "${KAFKA_PASSWORD}"}
`

// TestSecurity takes the settings from the file to the servers, and what these say to the log. The servers are
// doubles: that real ones agree is shown where the connections are made.
func TestSecurity(t *testing.T) {
	dir := t.TempDir()
	authority, err := testserver.NewAuthority(dir, "authority")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Issue("server", "127.0.0.1", "kafka.test")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	server := &tls.Config{Certificates: []tls.Certificate{certificate}}
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "ledger"), kfake.TLS(server),
		kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "ann", secret))
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	redis := miniredis.NewMiniRedis()
	if err := redis.StartTLS(server); err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	redis.RequireUserAuth("ann", secret)
	config := strings.NewReplacer("REDIS_PASSWORD", "REDIS_PASSWORD", "REDIS", redis.Addr(),
		"BROKER", broker.ListenAddrs()[0], "DATABASE", database(t, dir),
		"CA", authority.File, "CERT", pair.Cert, "KEY", pair.Key).Replace(secured)

	for _, c := range []struct {
		name, kafka, redis, says string
		status                   int
	}{
		{name: "right", kafka: "kafka.test", redis: secret, status: 0},
		{name: "kafka", kafka: "other.test", redis: secret, status: 1, says: "kafka_target.tls.server_name"},
		{name: "redis", kafka: "kafka.test", redis: secret + "x", status: 1, says: "redis.password"},
	} {
		t.Setenv("KAFKA_PASSWORD", secret)
		t.Setenv("KAFKA_NAME", c.kafka)
		t.Setenv("REDIS_PASSWORD", c.redis)
		status, log := once(t, filepath.Join(dir, "config.yaml"), config)
		if status != c.status || !strings.Contains(log, c.says) || strings.Contains(log, secret) {
			t.Errorf("%s: status %d, want %d with %q and no password:\n%s", c.name, status, c.status, c.says, log)
		}
	}
	if keys := redis.DB(2).Keys(); len(keys) == 0 || !strings.Contains(strings.Join(keys, " "), "name=ledger") {
		t.Errorf("database 2 of Redis has the keys %q, want the offset's", keys)
	}
}

// database is a ledger with one entry.
func database(t *testing.T, dir string) string {
	t.Helper()
	ddl, err := os.ReadFile("../../schemas/ledger.sql")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "ledger.db")
	err = trial.CreateSQLite(name, string(ddl)+";\nINSERT INTO ledger (account, amount) VALUES ('a', 1);")
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// once runs a replicator until everything is published.
func once(t *testing.T, name, config string) (status int, log string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	program := daemon.Program[ledger.Row, int64]{Engine: "sqlite", Table: ledger.Table(),
		NewSource: ledger.NewSource}
	var stdout, stderr bytes.Buffer
	status = daemon.Run(ctx, program, []string{"--config", name, "--once", "-vvv"}, &stdout, &stderr)
	return status, stdout.String() + stderr.String()
}
