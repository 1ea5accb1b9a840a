package crashloop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/faultproxy"
	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

const topic = "crash"

// world is everything that a run plays with. The replicator reaches each server through a proxy; writers
// and the history reach them directly.
type world struct {
	t       *testing.T
	engine  engine
	db      *database
	kafka   *testserver.Kafka
	redis   *testserver.Redis
	servers map[string]server // all three, by the names that the plan has for them
	proxies map[string]*faultproxy.Proxy
	history *trial.History

	job                 trial.Config
	binary, config, dir string

	live    []*instance // the oldest first
	started int
	faults  []trial.Fault
	count   map[string]int // of faults by kind and server
	kills   int
}

// instance is a running replicator.
type instance struct {
	*trial.Replicator
	log string
}

func newWorld(t *testing.T, ctx context.Context, e engine, partitions int) *world {
	suite.Servers(t, e.product, "Kafka", "Redis")
	w := &world{t: t, engine: e, db: e.boot(t, ctx), proxies: map[string]*faultproxy.Proxy{}, count: map[string]int{},
		dir: t.TempDir()}
	w.proxy(base, w.db.addr)
	var err error
	w.binary, err = trial.Build(ctx, e.table, w.dir)
	must(t, err)

	w.redis, err = testserver.StartRedis(ctx)
	must(t, err)
	t.Cleanup(func() { check(t, w.redis.Stop()) })
	w.proxy(redis, w.redis.Addr)

	port, err := testserver.FreePort()
	must(t, err)
	w.proxy(kafka, "127.0.0.1:"+strconv.Itoa(port))
	w.kafka, err = testserver.StartKafkaBehind(ctx, testserver.Listener{Port: port, Advertised: w.proxies[kafka].Addr()})
	must(t, err)
	t.Cleanup(func() { check(t, w.kafka.Stop()) })
	must(t, w.kafka.CreateTopic(ctx, topic, partitions))
	w.servers = map[string]server{base: w.db, kafka: w.kafka, redis: w.redis}

	w.history, err = trial.Record(w.kafka.Addr, topic)
	must(t, err)
	t.Cleanup(w.history.Close)
	w.config = filepath.Join(w.dir, "config.yaml")
	w.job = trial.Config{Name: "crash", URI: w.db.uri(w.proxies[base].Addr()), Table: e.table, Topic: topic,
		Broker: w.proxies[kafka].Addr(), Redis: w.proxies[redis].Addr()}
	must(t, w.job.Write(w.config))
	t.Cleanup(w.end)
	return w
}

func (w *world) proxy(name, server string) {
	p, err := faultproxy.New(name, server)
	must(w.t, err)
	w.t.Cleanup(p.Close)
	w.proxies[name] = p
}

// end ends what still runs, and shows the logs of a run that failed.
func (w *world) end() {
	for _, i := range w.live {
		i.Kill()
	}
	if !w.t.Failed() {
		return
	}
	for n := max(1, w.started-2); n <= w.started; n++ {
		content, err := os.ReadFile(w.logName(n))
		w.t.Logf("log of instance %d ends with (%v):\n%s", n, err, content[max(0, len(content)-4000):])
	}
}

func (w *world) logName(n int) string { return filepath.Join(w.dir, fmt.Sprintf("log-%d", n)) }

// start starts one more instance.
func (w *world) start() error {
	w.started++
	i := &instance{log: w.logName(w.started)}
	var err error
	i.Replicator, err = trial.Start(w.binary, w.config, i.log)
	if err == nil {
		w.live = append(w.live, i)
	}
	return err
}

// ensure starts instances until n run.
func (w *world) ensure(n int) error {
	for len(w.live) < n {
		if err := w.start(); err != nil {
			return err
		}
	}
	return nil
}

// kill ends the n-th instance as a crash does.
func (w *world) kill(n int) {
	w.live[n].Kill()
	w.live = append(w.live[:n:n], w.live[n+1:]...)
}

// alive reports an instance that has ended by itself: no fault of a server may do that.
func (w *world) alive() error {
	for _, i := range w.live {
		select {
		case <-i.Ended():
			content, _ := os.ReadFile(i.log) // what can be had of it is better than nothing
			return fmt.Errorf("a replicator ended by itself: %w; its log ends with:\n%s", i.Wait(),
				content[max(0, len(content)-3000):])
		default:
		}
	}
	return nil
}

// offset is what Redis has.
func (w *world) offset(ctx context.Context) string {
	client := w.redis.Client()
	defer client.Close()
	return client.Get(ctx, w.job.OffsetKey()).Val()
}

// awaitProgress waits until the stored offset has moved: everything works, and nothing is left of the
// faults before.
func (w *world) awaitProgress(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recovery)
	defer cancel()
	before := w.offset(ctx)
	for moves := 0; moves < 3; {
		if ctx.Err() != nil {
			return errors.New("the offset has not moved for " + recovery.String())
		}
		if err := w.alive(); err != nil {
			return err
		}
		pause(ctx, 10*time.Millisecond)
		if now := w.offset(ctx); now != before && now != "" {
			moves, before = moves+1, now
		}
	}
	return nil
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
