package docs

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
)

// README's five commands, run word by word in a module that is not ours, replicate the table that README shows from
// a real PostgreSQL; the code and the message that it shows are what comes out.
func TestQuickStart(t *testing.T) {
	suite.Servers(t, "PostgreSQL")
	suite.Builds(t)
	readme := readPage(t, "README.md")
	commands := strings.Split(strings.TrimSpace(readme.marked(t, "quickstart")), "\n")
	if len(commands) != 5 {
		t.Fatalf("README promises five commands and has %d: %q", len(commands), commands)
	}
	schema := readme.marked(t, "schema.sql")
	postgres, err := testserver.StartPostgres(t.Context(), testserver.Newest)
	must(t, err)
	t.Cleanup(func() { must(t, postgres.Stop()) })
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.DefaultNumPartitions(1))
	must(t, err)
	t.Cleanup(kafka.Close)
	must(t, postgres.Exec(t.Context(), schema))

	shop := &user{dir: t.TempDir(), bin: t.TempDir()}
	shop.env = append(released(t), "GOBIN="+shop.bin, "PATH="+shop.bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"DATABASE_URL="+postgres.URI(), "KAFKA_BROKER="+kafka.ListenAddrs()[0])
	shop.write(t, "schema.sql", schema)
	shop.write(t, "config.yaml", readme.marked(t, "config.yaml"))
	shop.run(t, "go mod init example.com/shop")
	for _, command := range commands[:4] {
		shop.run(t, command)
	}
	emitted, err := os.ReadFile(filepath.Join(shop.dir, "generated", "orders", "encode.gen.go"))
	must(t, err)
	if code := readme.marked(t, "encode.gen.go"); !strings.Contains(string(emitted), code) {
		t.Errorf("README shows\n%s\nand repliqate-gen writes\n%s", code, emitted)
	}

	replicator := shop.start(t, commands[4])
	must(t, postgres.Exec(t.Context(), readme.marked(t, "insert")))
	got := first(t, kafka.ListenAddrs()[0], "orders")
	sameMessage(t, readme.marked(t, "message"), string(got.Value))
	if string(got.Key) != "1" {
		t.Errorf("the message's key is %q", got.Key)
	}
	must(t, replicator.Process.Signal(syscall.SIGTERM))
	if err := replicator.Wait(); err != nil {
		t.Errorf("%s: %v", commands[4], err)
	}
}

// user is the person who follows README, in a folder of their own.
type user struct {
	dir, bin string
	env      []string
}

func (u *user) write(t *testing.T, name, content string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(u.dir, name), []byte(content), 0o644))
}

func (u *user) command(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+line)
	cmd.Dir, cmd.Env = u.dir, u.env
	return cmd
}

func (u *user) run(t *testing.T, line string) {
	t.Helper()
	if out, err := u.command(t.Context(), line).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

func (u *user) start(t *testing.T, line string) *exec.Cmd {
	t.Helper()
	cmd := u.command(t.Context(), line)
	log := filepath.Join(u.dir, "log")
	out, err := os.Create(log)
	must(t, err)
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	must(t, cmd.Start())
	t.Cleanup(func() {
		if content, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("the replicator said:\n%s", content)
		}
	})
	return cmd
}

// first returns the first message of a topic, which may be created meanwhile.
func first(t *testing.T, broker, topic string) *kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic), kgo.UnknownTopicRetries(-1),
		kgo.MetadataMinAge(100*time.Millisecond), kgo.MetadataMaxAge(time.Second))
	must(t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if records := client.PollRecords(ctx, 1).Records(); len(records) > 0 {
			return records[0]
		}
	}
	t.Fatal("no message arrived")
	return nil
}

// sameMessage compares two messages in all but the time of publication. What a page shows may be broken into lines.
func sameMessage(t *testing.T, shown, got string) {
	t.Helper()
	var want, have map[string]any
	must(t, json.Unmarshal([]byte(shown), &want))
	must(t, json.Unmarshal([]byte(got), &have))
	if _, ok := have["timestamp"].(float64); !ok {
		t.Errorf("the message has no timestamp: %s", got)
	}
	have["timestamp"] = want["timestamp"]
	if !reflect.DeepEqual(want, have) {
		t.Errorf("README shows\n%s\nand this is published:\n%s", shown, got)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
