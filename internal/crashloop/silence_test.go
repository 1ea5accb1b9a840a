package crashloop

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/suite"
)

// onEachEngine runs a test of the long form in a world of each engine, while a few writers write.
func onEachEngine(t *testing.T, test func(t *testing.T, w *world)) {
	if *patient == 0 {
		t.Skip(suite.LongForm + "-crash.patient=1")
	}
	for _, e := range engines {
		if *only == "" || *only == e.product {
			t.Run(e.product, func(t *testing.T) {
				w := newWorld(t, t.Context(), e, 1)
				startWriters(t, w, 1, 2)
				test(t, w)
			})
		}
	}
}

// TestSilenceIsNoticed lets each server fall silent for good, without a connection that ends: the replicator
// must find out by itself, say so, and go on once the server answers again. It belongs to the long form.
func TestSilenceIsNoticed(t *testing.T) { onEachEngine(t, silenceIsNoticed) }

func silenceIsNoticed(t *testing.T, w *world) {
	ctx := t.Context()
	must(t, w.ensure(1))
	for _, c := range []struct {
		server, says string
		within       time.Duration
	}{
		{redis, "the offset can't be stored", 10 * time.Second},
		{base, "the database can't be read", 40 * time.Second},
		{kafka, "messages can't be sent to Kafka", 60 * time.Second},
	} {
		must(t, w.awaitProgress(ctx))
		log := w.live[0].log
		read := len(content(t, log))
		must(t, w.proxies[c.server].BlackHole())
		began := time.Now()
		for !strings.Contains(content(t, log)[read:], c.says) {
			if time.Since(began) > c.within {
				t.Fatalf("%s has been silent for %v, and the replicator says nothing", c.server, c.within)
			}
			pause(ctx, 50*time.Millisecond)
		}
		noticed := time.Since(began)
		// What it tries next must not hang either: the port answers, the server does not.
		pause(ctx, 5*time.Second)
		must(t, w.proxies[c.server].Heal())
		healed := time.Now()
		must(t, w.awaitProgress(ctx))
		t.Logf("%s: noticed after %.1f s, publishing again %.1f s after it came back", w.called(c.server), noticed.Seconds(),
			time.Since(healed).Seconds())
	}
}

// TestStopWhileSilent: a graceful stop ends in time though no server answers.
func TestStopWhileSilent(t *testing.T) { onEachEngine(t, stopWhileSilent) }

func stopWhileSilent(t *testing.T, w *world) {
	ctx := t.Context()
	for _, servers := range [][]string{{redis}, {base}, {kafka}, {redis, base, kafka}} {
		must(t, w.ensure(1))
		must(t, w.awaitProgress(ctx))
		for _, s := range servers {
			must(t, w.proxies[s].BlackHole())
		}
		began := time.Now()
		i := w.live[0]
		w.live = nil
		_ = i.Stop() // it can't always store its offset, and says so by its exit status
		took := time.Since(began)
		if took > 40*time.Second {
			t.Errorf("with %v silent a graceful stop took %v", servers, took)
		}
		t.Logf("%v silent: stopped after %.1f s: %v", servers, took.Seconds(), i.Wait())
		for _, s := range servers {
			must(t, w.proxies[s].Heal())
		}
	}
}

func content(t *testing.T, name string) string {
	t.Helper()
	all, err := os.ReadFile(name)
	must(t, err)
	return string(all)
}
