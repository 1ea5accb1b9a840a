package daemon_test

import (
	"context"
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
)

// TestMissingOffsetContinuesFromTheWitness deletes the key in Redis while no job runs: the next start goes on
// from the copy in Kafka and says so. How to begin again after all is the command offset reset.
func TestMissingOffsetContinuesFromTheWitness(t *testing.T) {
	b := newBed(t)
	b.insert(3)
	b.once()
	b.redis.FlushAll()
	b.insert(1)
	j := b.start()
	j.await("the offset store had no offset: continuing from the copy in Kafka.*offset reset.*\"offset\":\"3\"")
	j.await(`"msg":"committed".*"offset":"4"`)
	j.stop()
	if got, want := b.published(), "1 2 3 4"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
	b.both("4")
	b.redis.FlushAll()
	b.offset(0, "reset", "now offset 4", "4 rows are published again")
	b.once()
	if got, want := b.published(), "1 2 3 4 1 2 3 4"; got != want {
		t.Errorf("after a reset published %s, want %s", got, want)
	}
}

// TestLowerKeyIsReplayed sets a lower key by hand, which is how people have always published rows again. It is
// honoured, and the copy in Kafka does not undo it when Redis is lost at once.
func TestLowerKeyIsReplayed(t *testing.T) {
	b := newBed(t)
	b.insert(4)
	b.once()
	if err := b.redis.Set(bedKey, "2"); err != nil {
		t.Fatal(err)
	}
	b.once()
	if got, want := b.published(), "1 2 3 4 3 4"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
	b.both("4")
}

// TestRedisIsFlushedWhileAJobRuns on a real server, with a FLUSHALL and with the lease of nobody: the offset
// is stored again from memory once the lease is held again, and no row is published twice.
func TestRedisIsFlushedWhileAJobRuns(t *testing.T) {
	suite.Servers(t, "Redis")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	live, err := testserver.StartRedis(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := live.Stop(); err != nil {
			t.Error(err)
		}
	})
	client := live.Client()
	defer client.Close()
	b := newBed(t)
	b.redisAddr = live.Addr
	b.insert(3)
	j := b.start()
	j.await(`"msg":"committed".*"offset":"3"`)
	for range 3 {
		j.forget()
		if err := client.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		b.insert(1)
		j.await(`the offset can't be stored; going on with it in memory.*lease(.|\n)*"msg":"committed"`)
	}
	if key, err := client.Get(ctx, bedKey).Result(); err != nil || key != "6" {
		t.Errorf("the offset in Redis is %q, %v, want 6", key, err)
	}
	// A failover to a copy that had fallen behind: the next commit writes the offset forward again.
	j.forget()
	if err := client.Set(ctx, bedKey, "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	b.insert(1)
	j.await(`"msg":"committed".*"offset":"7"`)
	j.stop()
	if got, want := b.published(), "1 2 3 4 5 6 7"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
}

// TestHolderWithoutRedis takes Redis away from a job that runs, and lets another instance have the lease when
// it is back.
func TestHolderWithoutRedis(t *testing.T) {
	b := newBed(t)
	b.settings = "lease: {ttl_sec: 2}"
	b.insert(1)
	j := b.start()
	j.await(`"msg":"committed".*"offset":"1"`)
	b.redis.SetError("LOADING Redis is loading the dataset in memory")
	j.await("the lease can't be renewed; going on, since the worst case is duplicates")
	b.insert(1)
	j.await(`"msg":"published".*"last":"2"`)
	j.await("the offset can't be stored; going on with it in memory")
	b.redis.SetError("")
	j.await("the offset is stored again")
	if err := b.redis.Set("{"+bedKey+"}:lease", "elsewhere|boot|1|1|x"); err != nil {
		t.Fatal(err)
	}
	j.await("another instance publishes this job; standing by.*elsewhere")
	b.insert(1)
	b.redis.Del("{" + bedKey + "}:lease")
	j.await(`"msg":"committed".*"offset":"3"`)
	j.stop()
	if got, want := b.published(), "1 2 3"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
}

// TestStrictLeaseStopsWithoutRedis is the choice of those who rather wait than publish twice.
func TestStrictLeaseStopsWithoutRedis(t *testing.T) {
	b := newBed(t)
	b.settings = "lease: {mode: strict, ttl_sec: 2}"
	b.insert(1)
	j := b.start()
	j.await(`"msg":"committed".*"offset":"1"`)
	b.redis.SetError("LOADING Redis is loading the dataset in memory")
	j.await("the lease has expired and is strict: not publishing")
	j.await(`"state":"standby"(.|\n)*"state":"standby"`)
	b.insert(1)
	b.redis.SetError("")
	j.await(`"msg":"committed".*"offset":"2"`)
	j.stop()
	if got, want := b.published(), "1 2"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
}

// TestStandbyTakesOver from an instance that stops, with Redis and with a file.
func TestStandbyTakesOver(t *testing.T) {
	for name, store := range map[string]func(*bed){
		"Redis": func(*bed) {},
		"file":  func(b *bed) { b.noRedis, b.settings = true, "offset_file: "+b.dir+"/offset" },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			store(b)
			b.insert(2)
			first := b.start()
			first.await(`"msg":"committed".*"offset":"2"`)
			second := b.start()
			second.await(`another instance publishes this job; standing by.*\(process `)
			first.stop()
			second.await("holding the lease")
			b.insert(1)
			second.await(`"msg":"committed".*"offset":"3"`)
			second.stop()
			if got, want := b.published(), "1 2 3"; got != want {
				t.Errorf("published %s, want %s", got, want)
			}
		})
	}
}
