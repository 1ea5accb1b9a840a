package daemon_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/repliqate/repliqate/replicate/daemon"
)

// The original's configuration, with every key that it had, works unchanged, and its offset is continued from.
func TestOriginalContinues(t *testing.T) {
	j := newJob(t, 1, 2, 3, 4, 5)
	metrics, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.Close()
	if err := j.redis.Set(redisKey, "3"); err != nil {
		t.Fatal(err)
	}
	config := write(t, `repliqate:
  name: shop
  statsd_addr: `+metrics.LocalAddr().String()+`
  redis_addr: `+j.redis.Addr()+`
  replication:
    poll_interval_sec: 5
    sql_source:
      uri: sqlite:///`+j.db+`
      table: ledger
      primary_key: id
      limit: 1
      fields: [signature, details, note, cleared, rate, amount, account, id]
    kafka_target:
      topic: ledger
      brokers:
        - `+j.kafka.ListenAddrs()[0]+`
`)
	r := start(t, "--config", config, "--once", "-v")
	r.end(t, 0)
	if got := j.ids(t, "ledger", 2); !slices.Equal(got, []int64{4, 5}) {
		t.Errorf("published %v, want 4 and 5", got)
	}
	if got, err := j.redis.Get(redisKey); err != nil || got != "5" {
		t.Errorf("the offset is %q, want 5: %v", got, err)
	}
	if said := r.stderr.String(); said != "" {
		t.Errorf("it warned:\n%s", said)
	}
	buf := make([]byte, 1000)
	for position := ""; !strings.HasSuffix(position, ",table=ledger:5|g"); {
		_ = metrics.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _, err := metrics.ReadFrom(buf)
		if err != nil {
			t.Fatalf("no gauge of the offset: %v", err)
		}
		if p := string(buf[:n]); strings.HasPrefix(p, "repliqate.offset.position,name=shop,version=") {
			position = p
		}
	}
}

// With --stdout messages are printed, and neither Kafka nor Redis hear of it.
func TestStdoutTouchesNothing(t *testing.T) {
	j := newJob(t, 1, 2, 3)
	if err := j.redis.Set(redisKey, "2"); err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int64
	j.kafka.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
		requests.Add(1)
		j.kafka.KeepControl()
		return nil, nil, false
	})
	r := start(t, "--config", j.config(t, j.atRedis(), "", ""), "--once", "--stdout", "-vvv")
	r.end(t, 0)
	printed := strings.Split(strings.TrimSuffix(r.stdout.String(), "\n"), "\n")
	message := regexp.MustCompile(`^\{"timestamp": [0-9.]+, "name": "shop", "table": "ledger", ` +
		`"data": \{.*"id": \d.*\}, "hash": "[0-9a-f]{64}"\}$`)
	if len(printed) != 3 || !message.MatchString(printed[0]) {
		t.Errorf("printed %q, want three messages, one a line", printed)
	}
	if got, err := j.redis.Get(redisKey); err != nil || got != "2" || j.redis.TotalConnectionCount() != 0 {
		t.Errorf("the offset is %q after %d connections: %v", got, j.redis.TotalConnectionCount(), err)
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("Kafka had %d requests", n)
	}
	if strings.Contains(r.stderr.String(), "memory alone") {
		t.Errorf("it warns of an offset that it does not use:\n%s", r.stderr)
	}
}

func run(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out, log bytes.Buffer
	status = daemon.Run(ctx, program(), args, &out, &log)
	if ctx.Err() != nil {
		t.Errorf("%q took 30 s", args)
	}
	return status, out.String(), log.String()
}

func TestOptions(t *testing.T) {
	name := filepath.Base(os.Args[0])
	for _, tt := range []struct {
		args   []string
		status int
		out    string // a regular expression
		log    string // the whole
	}{
		{[]string{"--version"}, 0, `^` + regexp.QuoteMeta(name) +
			` \S+, table ledger, schema [0-9a-f]{16}, engine sqlite, format 2\n$`, ""},
		{[]string{"--help"}, 0, `(?s)^` + regexp.QuoteMeta(name) + ` publishes the rows of table ledger to Kafka\.\n.*` +
			`--once .*--stdout .*\n  0 .*\n  1 .*\n  2 .*\n  3 .*\n  130, 143 .*table: ledger, primary_key: id`, ""},
		{[]string{"-h"}, 0, `^` + regexp.QuoteMeta(name) + ` publishes`, ""},
		{[]string{"--onse"}, 2, `^$`, `unknown option "--onse": the nearest is --once; see --help`},
		{[]string{"-x"}, 2, `^$`, `unknown option "-x": the nearest is -v; see --help`},
		{[]string{"-vx"}, 2, `^$`, `unknown option "-vx": the nearest is -v; see --help`},
		{[]string{"-"}, 2, `^$`, `unknown option "-": the nearest is -v; see --help`},
		{[]string{"--once=true"}, 2, `^$`, "option --once takes no value; see --help"},
		{[]string{"--config"}, 2, `^$`, "--config: expected a path"},
		{[]string{"--config="}, 2, `^$`, "--config: expected a path"},
		{[]string{"--config", ""}, 2, `^$`, "--config: expected a path"},
		{[]string{"config.yaml"}, 2, `^$`,
			`unexpected argument "config.yaml": a configuration is named with --config; see --help`},
		{[]string{"--password=hunter2"}, 2, `^$`, `unknown option "--password": the nearest is --stdout; see --help`},
	} {
		status, out, log := run(t, tt.args...)
		want := tt.log
		if want != "" {
			want = name + ": " + want + "\n"
		}
		if status != tt.status || !regexp.MustCompile(tt.out).MatchString(out) || log != want {
			t.Errorf("%q: status %d, printed\n%swrote %swant status %d, %s and %s",
				tt.args, status, out, log, tt.status, tt.out, want)
		}
	}
}

// What is wrong with the file itself is one line that names it.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ name, content, want string }{
		{"missing.yaml", "",
			"read configuration: open DIR/missing.yaml: no such file or directory; name the file with --config"},
		{".", "", "read configuration: read DIR: is a directory; name the file with --config"},
		{"empty.yaml", "\n", "DIR/empty.yaml:1: the file is empty: expected the key repliqate"},
		{"two.yaml", "repliqate: {}\n---\na: b\n", "DIR/two.yaml:2: expected one YAML document"},
		{"latin1.yaml", "repliqate:\n  name: caf\xe9\n", "DIR/latin1.yaml:2: expected text in UTF-8"},
		{"utf16.yaml", "\xff\xfer\x00e\x00", "DIR/utf16.yaml:1: expected text in UTF-8"},
		{"binary.yaml", "repliqate: \x00", "DIR/binary.yaml:1: it holds a control character"},
		{"large.yaml", strings.Repeat("#", 300<<10),
			"read configuration: DIR/large.yaml: expected at most 262144 bytes; name the file with --config"},
	} {
		name := filepath.Join(dir, tt.name)
		if tt.content != "" {
			if err := os.WriteFile(name, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		o := newOutput()
		status := daemon.Run(t.Context(), program(), []string{"--config=" + name}, o, o)
		lines := o.lines(t)
		if want := strings.ReplaceAll(tt.want, "DIR", dir); status != 2 || len(lines) != 1 || lines[0].Level != "ERROR" ||
			lines[0].Msg != want {
			t.Errorf("%s: status %d, said\n%swant %s", tt.name, status, o, want)
		}
	}
}

// What only a part can find wrong names file, line and key too.
func TestPartsNameTheirKeys(t *testing.T) {
	dir := t.TempDir()
	notPEM := filepath.Join(dir, "not.pem")
	if err := os.WriteFile(notPEM, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	j := newJob(t)
	const key = "repliqate.replication.kafka_target.tls."
	const redis = "3: repliqate.redis_addr: expected host:port, or redis:// or rediss://[user:password@]host:port[/db]"
	const source = "7: repliqate.replication.sql_source."
	for _, tt := range []struct{ root, uri, source, kafka, want string }{
		{root: "redis_addr: redis://u:hunter2@h:1/x", want: redis},
		{root: "redis_addr: http://u:hunter2@h:1", want: redis},
		{kafka: "tls: {enabled: true, ca_file: " + dir + "/none.pem}",
			want: "13: " + key + "ca_file: open " + dir + "/none.pem: no such file or directory"},
		{kafka: "tls: {enabled: true, ca_file: " + notPEM + "}",
			want: "13: " + key + "ca_file: " + notPEM + " holds no certificate in PEM form"},
		{kafka: "tls: {enabled: true, cert_file: " + notPEM + ", key_file: " + notPEM + "}",
			want: "13: " + key + "cert_file: with its key file: tls: failed to find any PEM data in certificate input"},
		{source: "settle: {unsafe_delay_sec: 1}", want: "10: repliqate.replication.sql_source.settle: it is not for SQLite"},
		{uri: "sqlite://", want: source + "uri: expected sqlite:////absolute/path or sqlite:///relative/path"},
		{uri: "postgresql://u:hunter2@h/d", want: source + "uri: expected sqlite:////absolute/path"},
	} {
		config := j.config(t, tt.root, tt.source, tt.kafka)
		if tt.uri != "" {
			content, err := os.ReadFile(config)
			if err != nil {
				t.Fatal(err)
			}
			config = write(t, strings.Replace(string(content), "sqlite:///"+j.db, "'"+tt.uri+"'", 1))
		}
		status, _, said := run(t, "--config", config)
		if status != 2 || !strings.Contains(said, config+":"+tt.want) || strings.Contains(said, "hunter2") {
			t.Errorf("status %d, said\n%swant %s", status, said, tt.want)
		}
	}
}
