package testserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/internal/suite"
)

// Kafka is a running broker.
type Kafka struct {
	Addr string
	dir  string
	args []string
	*process
}

// StartKafka starts a fresh broker, its own controller. properties are written as name=value.
func StartKafka(ctx context.Context, properties ...string) (*Kafka, error) {
	return startKafka(ctx, listeners{}, properties...)
}

// Listener is a second address of a broker: it listens on Port of loopback and tells clients that come
// in there to use Advertised, as behind a proxy.
type Listener struct {
	Port       int
	Advertised string
}

// StartKafkaBehind starts a broker with a second listener. Addr is the first one's.
func StartKafkaBehind(ctx context.Context, second Listener, properties ...string) (*Kafka, error) {
	further := listeners{
		listen:    ",SECOND://127.0.0.1:" + strconv.Itoa(second.Port),
		advertise: ",SECOND://" + second.Advertised,
	}
	return startKafka(ctx, further, append([]string{
		"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SECOND:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"inter.broker.listener.name=PLAINTEXT",
	}, properties...)...)
}

// listeners are those besides the first, as ",NAME://host:port": where the broker listens, and what it tells
// its clients.
type listeners struct{ listen, advertise string }

func startKafka(ctx context.Context, further listeners, properties ...string) (*Kafka, error) {
	if err := suite.Undeclared("start Kafka", `Servers(t, "Kafka")`); err != nil {
		return nil, err
	}
	var classpath []string
	for _, j := range parseJars(kafkaJars) {
		name, err := fetch(ctx, j)
		if err != nil {
			return nil, err
		}
		classpath = append(classpath, name)
	}
	dir, err := os.MkdirTemp("", "repliqate-kafka-")
	if err != nil {
		return nil, err
	}
	broker, err := FreePort()
	if err != nil {
		return nil, err
	}
	controller, err := FreePort()
	if err != nil {
		return nil, err
	}
	k := &Kafka{Addr: "127.0.0.1:" + strconv.Itoa(broker), dir: dir}
	config := filepath.Join(dir, "server.properties")
	lines := slices.Concat(brokerProperties(dir, controller), further.properties(k.Addr, controller), properties)
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		return nil, err
	}
	k.args = []string{"-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-cp", strings.Join(classpath, ":")}
	format := slices.Concat(k.args,
		[]string{"kafka.tools.StorageTool", "format", "-t", "cmVwbGlxYXRlLXRlc3RzMQ", "-c", config})
	cmd := exec.CommandContext(ctx, "java", format...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("format Kafka's storage (Java 17 is needed): %w: %s", err, out)
	}
	k.args = append(k.args, "kafka.Kafka", config)
	return k, k.Start(ctx)
}

func brokerProperties(dir string, controller int) []string {
	return []string{
		"process.roles=broker,controller", "node.id=1", "log.dirs=" + filepath.Join(dir, "data"),
		"controller.listener.names=CONTROLLER", "controller.quorum.voters=1@127.0.0.1:" + strconv.Itoa(controller),
		"offsets.topic.replication.factor=1", "offsets.topic.num.partitions=1", "transaction.state.log.replication.factor=1",
		"transaction.state.log.min.isr=1", "group.initial.rebalance.delay.ms=0", "auto.create.topics.enable=false",
	}
}

func (l listeners) properties(addr string, controller int) []string {
	return []string{
		fmt.Sprintf("listeners=PLAINTEXT://%s,CONTROLLER://127.0.0.1:%d%s", addr, controller, l.listen),
		"advertised.listeners=PLAINTEXT://" + addr + l.advertise,
	}
}

// Start starts the broker again, on the same port and data.
func (k *Kafka) Start(ctx context.Context) (err error) {
	if k.process, err = launch(filepath.Join(k.dir, "log"), false, "java", k.args...); err != nil {
		return err
	}
	return k.await(ctx, "Kafka", func(ctx context.Context) error {
		client, err := kgo.NewClient(kgo.SeedBrokers(k.Addr))
		if err != nil {
			return err
		}
		defer client.Close()
		brokers, err := kadm.NewClient(client).ListBrokers(ctx)
		if err == nil && len(brokers) == 0 {
			err = errors.New("no broker yet")
		}
		return err
	})
}

// CreateTopic creates a topic. settings are the topic's own, written as name=value.
func (k *Kafka) CreateTopic(ctx context.Context, name string, partitions int, settings ...string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Addr))
	if err != nil {
		return err
	}
	defer client.Close()
	own := map[string]*string{}
	for _, s := range settings {
		key, value, _ := strings.Cut(s, "=")
		own[key] = &value
	}
	answer, err := kadm.NewClient(client).CreateTopic(ctx, int32(partitions), 1, own, name)
	return errors.Join(err, answer.Err)
}

// Kill ends the broker as a crash does.
func (k *Kafka) Kill() error { return k.signal(syscall.SIGKILL, true) }

// Stop ends the broker and removes its data.
func (k *Kafka) Stop() error {
	return errors.Join(k.signal(syscall.SIGKILL, true), os.RemoveAll(k.dir))
}
