// Package crashloop runs the real binary against a real database, Apache Kafka and Redis while all of them
// crash, and judges the topic by the table: nothing is lost, whatever happens. Which database it is and what is
// done are chosen by a seed; when it hits is left to the machine.
//
//	plan_test.go       which faults, in which order
//	engine_test.go     the databases, and what is known of one
//	postgres_test.go, mysql_test.go   each of them
//	writers_test.go    transactions that overlap, roll back, are prepared
//	world_test.go      servers, proxies, instances
//	faults_test.go     carrying a step out
//	silence_test.go    servers that say nothing: how long it takes to notice
//	crashloop_test.go  the run and its end
//
// The short form has a seed for each database. Flags after -args make it longer: -crash.kills, -crash.for,
// -crash.patient; -crash.seed and -crash.only choose.
package crashloop

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	kills   = flag.Int("crash.kills", 0, "moments of SIGKILL at least; 0: the short form")
	only    = flag.String("crash.only", "", "pass over seeds that choose another database than this, as MariaDB")
	lasting = flag.Duration("crash.for", 0, "go on for so long, with a new seed after each plan")
	first   = flag.Uint64("crash.seed", 0, "seed of the first plan; 0: by the clock")
	patient = flag.Int("crash.patient", 0, "of ten black holes, how many last until the replicator must have noticed")
)

// recovery bounds how long it takes until everything works once faults have stopped: the longest pause
// between two attempts is 15 s, the longest wait for a server that does not answer 30 s.
const recovery = 90 * time.Second

// TestCrashLoop kills, breaks and starts again, and reads the topic.
func TestCrashLoop(t *testing.T) {
	if !slices.ContainsFunc(engines, func(e engine) bool { return *only == "" || *only == e.product }) {
		t.Fatalf("-crash.only=%s: expected the name of a database, such as %s", *only, engines[0].product)
	}
	seed, begin := *first, time.Now()
	if seed == 0 {
		seed = uint64(begin.UnixNano())
	}
	least := 1
	if *first == 0 && *kills == 0 {
		least = len(engines) // seeds that follow each other choose each once
	}
	for n := 0; n < least || time.Since(begin) < *lasting; n, seed = n+1, seed+1 {
		e := engineOf(seed)
		if *only != "" && *only != e.product {
			least++
			continue
		}
		if !t.Run(fmt.Sprintf("seed %d on %s", seed, e.product), func(t *testing.T) { crashLoop(t, e, seed, *kills) }) {
			t.Logf("the same plan again: go test ./internal/crashloop -run TestCrashLoop "+
				"-args -crash.seed=%d -crash.kills=%d -crash.patient=%d", seed, *kills, *patient)
			return
		}
	}
}

func crashLoop(t *testing.T, e engine, seed uint64, kills int) {
	ctx := t.Context()
	partitions := []int{3, 1}[seed%2]
	w := newWorld(t, ctx, e, partitions)
	begin := time.Now()
	writing := startWriters(t, w, seed, 8)
	must(t, w.ensure(1))
	steps := plan(seed, kills, *patient)
	for n, s := range steps {
		began := time.Now()
		err := w.carryOut(ctx, s)
		t.Logf("%5.1f s, %d messages: %+v took %.1f s",
			time.Since(begin).Seconds(), w.history.Len(), s, time.Since(began).Seconds())
		if err != nil {
			t.Fatalf("step %d of %d, %+v: %v", n+1, len(steps), s, err)
		}
	}
	stormed := time.Since(begin)
	writing.stop()
	keys := w.calm(ctx)
	calmed := time.Since(begin) - stormed
	w.restartForNothing(ctx, keys)
	rows, err := w.db.rows(ctx)
	must(t, err)
	v := w.history.Verify(rows, w.faults)
	for _, p := range v.Problems {
		t.Error(p)
	}
	t.Logf("%s: %d rows, %d partitions, %d kills, %d sessions, %d duplicates, %d lost, "+
		"%.0f s of faults, then %.1f s to recover\n"+
		"faults: %s\nduplicates: %s", e.product, v.Rows, partitions, w.kills, v.Sessions, v.AllDuplicates(), v.Lost,
		stormed.Seconds(), calmed.Seconds(), counts(w.count), counts(v.Duplicates))
}

func counts(m map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, name+" "+strconv.Itoa(m[name]))
	}
	return strings.Join(parts, ", ")
}

// calm lets everything arrive, and stops in order: the stored offset is then the last row's.
func (w *world) calm(ctx context.Context) []int64 {
	t := w.t
	session, err := w.db.connect(ctx)
	must(t, err)
	must(t, settle(ctx, session, w.engine.words, "")) // what a crash has left prepared when its writer had stopped
	session.close()
	keys, err := w.db.keys(ctx)
	must(t, err)
	arriving, cancel := context.WithTimeout(ctx, recovery)
	defer cancel()
	if err := w.history.Await(arriving, keys); err != nil {
		t.Fatal(err)
	}
	must(t, w.alive())
	last := strconv.FormatInt(keys[len(keys)-1], 10)
	for w.offset(ctx) != last {
		if arriving.Err() != nil {
			t.Fatalf("the stored offset is %q, the last row %s", w.offset(ctx), last)
		}
		pause(ctx, 10*time.Millisecond)
	}
	for len(w.live) > 0 {
		i := w.live[0]
		w.live = w.live[1:]
		if err := i.Stop(); err != nil {
			t.Errorf("graceful stop: %v", err)
		}
	}
	must(t, w.history.Finish(arriving))
	return keys
}

// restartForNothing starts once more where nothing is left to do: not one message follows.
func (w *world) restartForNothing(ctx context.Context, keys []int64) {
	before := w.history.Len()
	if out, err := exec.CommandContext(ctx, w.binary, "--config", w.config, "--once").CombinedOutput(); err != nil {
		w.t.Errorf("--once with nothing to do: %v: %s", err, out)
	}
	must(w.t, w.history.Finish(ctx))
	if after := w.history.Len(); after != before {
		w.t.Errorf("a start without new rows published %d messages", after-before)
	}
	if last := strconv.FormatInt(keys[len(keys)-1], 10); w.offset(ctx) != last {
		w.t.Errorf("after a graceful stop the stored offset is %q, the last row %s", w.offset(ctx), last)
	}
}
