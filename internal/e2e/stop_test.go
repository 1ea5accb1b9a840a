package e2e

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

// TestGracefulStopRepeatsNothing stops under load, again and again, at last with another instance standing
// by: not one message is lost or published twice.
func TestGracefulStopRepeatsNothing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	j := newJob(t, ctx, testserver.Newest, trial.Config{Name: "stop", Topic: "stop"}, 3)
	history := j.record()
	var written atomic.Int64
	writing := make(chan error, 1)
	writeCtx, stopWriting := context.WithCancel(ctx)
	defer stopWriting()
	go func() { writing <- trial.WritePostgres(writeCtx, j.URI, 8, 1<<20, &written) }()
	for range 5 {
		r := j.start()
		j.awaitProgress(ctx, 3)
		if err := r.Stop(); err != nil {
			t.Errorf("graceful stop: %v", err)
		}
	}
	first := j.start()
	j.awaitProgress(ctx, 1)
	second := j.start()
	j.awaitLog(ctx, "standing by")
	if err := first.Stop(); err != nil {
		t.Errorf("graceful stop: %v", err)
	}
	stopped := time.Now()
	j.awaitProgress(ctx, 1)
	if took := time.Since(stopped); took > 3*time.Second {
		t.Errorf("after a clean stop the other instance took over in %v, want at once", took)
	}
	stopWriting()
	_ = <-writing // it was interrupted
	j.awaitAll(ctx, history)
	if err := second.Stop(); err != nil {
		t.Errorf("graceful stop: %v", err)
	}
	v := j.verify(ctx, history)
	if v.AllDuplicates() > 0 {
		t.Errorf("%d messages were published twice", v.AllDuplicates())
	}
	t.Logf("%d rows, 7 graceful stops, %d duplicates", v.Rows, v.AllDuplicates())
}

// awaitLog waits until the replicators have logged text.
func (j *job) awaitLog(ctx context.Context, text string) {
	j.t.Helper()
	limit, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		content, err := os.ReadFile(j.log)
		must(j.t, err)
		if strings.Contains(string(content), text) {
			return
		}
		if limit.Err() != nil {
			j.t.Fatalf("nobody has logged %q", text)
		}
		time.Sleep(10 * time.Millisecond) // the pause between two looks at the log
	}
}

// TestStandbyTakesOver runs two instances with the default lease. The one that publishes crashes on another
// host: what it has left behind is a lease that nobody here can tell to be a dead process's.
func TestStandbyTakesOver(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	const ttl = 10 * time.Second // the default
	j := newJob(t, ctx, testserver.Newest, trial.Config{Name: "standby", Topic: "standby", Lease: `"on"`}, 1)
	history := j.record()
	must(t, j.pg.Exec(ctx, trial.InsertOrders(10)))
	first := j.start()
	j.awaitOffset(ctx, func(now string) bool { return now == "10" })
	second := j.start()
	j.awaitLog(ctx, "standing by")

	client := j.redis.Client()
	defer client.Close()
	lease := "{" + j.OffsetKey() + "}:lease"
	holder := client.Get(ctx, lease).Val()
	_, process, found := strings.Cut(holder, "|")
	if !found {
		t.Fatalf("the lease is held by %q", holder)
	}
	must(t, client.SetArgs(ctx, lease, "another-host|"+process, goredis.SetArgs{KeepTTL: true}).Err())
	first.Kill()
	crashed := time.Now()
	must(t, j.pg.Exec(ctx, trial.InsertOrders(5)))
	j.awaitOffset(ctx, func(now string) bool { n, _ := strconv.Atoi(now); return n >= 15 })
	took := time.Since(crashed)
	if took > ttl+3*time.Second {
		t.Errorf("the other instance took over in %v, want the time to live of the lease, %v", took, ttl)
	}
	if took < ttl/2 {
		t.Errorf("the other instance took over in %v, though the lease of another host was not over", took)
	}
	if err := second.Stop(); err != nil {
		t.Errorf("graceful stop: %v", err)
	}
	v := j.verify(ctx, history)
	t.Logf("took over in %.1f s, %d duplicates", took.Seconds(), v.AllDuplicates())
}
