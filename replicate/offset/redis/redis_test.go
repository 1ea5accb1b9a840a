package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/offset/redis"
	"github.com/repliqate/repliqate/replicate/replicatetest"
)

const offsetKey = "repliqate:replication:offset:name=job&table=t&topic=events"

// server is a Redis, real or in this process.
type server struct {
	addr   string
	client *goredis.Client
	expire func()
}

const leaseTTL = 400 * time.Millisecond

// onServers runs test on a Redis in this process and on a real one.
func onServers(t *testing.T, test func(t *testing.T, s server)) {
	t.Run("in process", func(t *testing.T) {
		mini := miniredis.RunT(t)
		test(t, server{addr: mini.Addr(), client: client(t, mini.Addr()), expire: func() { mini.FastForward(leaseTTL) }})
	})
	t.Run("real", func(t *testing.T) {
		suite.Servers(t, "Redis")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		r, err := testserver.StartRedis(ctx)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := r.Stop(); err != nil {
				t.Error(err)
			}
		})
		c := client(t, r.Addr)
		test(t, server{addr: r.Addr, client: c, expire: func() { awaitNoLease(t, c) }})
	})
}

func client(t *testing.T, addr string) *goredis.Client {
	c := goredis.NewClient(&goredis.Options{Addr: addr, Protocol: 2, DisableIdentity: true})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// awaitNoLease waits until the server has let the lease go.
func awaitNoLease(t *testing.T, c *goredis.Client) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for c.Exists(t.Context(), "{"+offsetKey+"}:lease").Val() > 0 {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the lease does not expire")
		}
	}
}

func (s server) config() redis.Config {
	return redis.Config{Addr: s.addr, Job: "job", Table: "t", Topic: "events", LeaseTTL: leaseTTL}
}

func open(t *testing.T, c redis.Config) *redis.Store {
	t.Helper()
	s, err := redis.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (s server) flush(t *testing.T) {
	t.Helper()
	if err := s.client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	onServers(t, func(t *testing.T, s server) {
		replicatetest.ExerciseOffsetStore(t, func(t *testing.T) func() replicate.OffsetStore {
			s.flush(t)
			return func() replicate.OffsetStore { return open(t, s.config()) }
		})
	})
}

func TestLease(t *testing.T) {
	onServers(t, func(t *testing.T, s server) {
		replicatetest.ExerciseLease(t, func(t *testing.T) replicatetest.LeaseHarness {
			s.flush(t)
			c := s.config()
			c.Lease = true
			return replicatetest.LeaseHarness{New: func() replicatetest.Instance { return open(t, c) }, Expire: s.expire}
		})
	})
}

// TestFormat is the contract with the Python daemon: its key, and a bare decimal.
func TestFormat(t *testing.T) {
	onServers(t, func(t *testing.T, s server) {
		store := open(t, s.config())
		sum := strings.Repeat("0f", 32)
		if err := store.Commit(t.Context(), replicate.Offset{Key: "41", Checksum: sum}); err != nil {
			t.Fatal(err)
		}
		if got := s.client.Get(t.Context(), offsetKey).Val(); got != "41" {
			t.Errorf("the offset's key holds %q", got)
		}
		if got := s.client.Get(t.Context(), "{"+offsetKey+"}:sum").Val(); got != "41:"+sum {
			t.Errorf("the checksum's key holds %q", got)
		}
		if n := s.client.DBSize(t.Context()).Val(); n != 2 {
			t.Errorf("%d keys, want 2", n)
		}
		// By hand, or by the Python daemon: the checksum is then another row's.
		s.client.Set(t.Context(), offsetKey, "17", 0)
		if got, err := store.Load(t.Context()); err != nil || got != (replicate.Offset{Key: "17"}) {
			t.Errorf("an offset set by hand: %+v, %v", got, err)
		}
	})
}

// clusterSlot is the slot of a key as Redis Cluster's specification defines it: the remainder of the
// part that is hashed, as a polynomial over bits, divided by x^16 + x^12 + x^5 + 1.
func clusterSlot(key string) uint32 {
	if _, rest, ok := strings.Cut(key, "{"); ok {
		if inner, _, ok := strings.Cut(rest, "}"); ok && inner != "" {
			key = inner
		}
	}
	remainder := uint32(0)
	for _, b := range []byte(key + "\x00\x00") {
		for bit := 7; bit >= 0; bit-- {
			remainder = remainder<<1 | uint32(b>>bit&1)
			if remainder&0x10000 != 0 {
				remainder ^= 0x11021
			}
		}
	}
	return remainder % 16384
}

// TestBraces keeps the siblings in the slot of the offset's key, whatever braces names hold.
func TestBraces(t *testing.T) {
	// The slots that Redis's documentation gives.
	for key, want := range map[string]uint32{"123456789": 12739, "somekey": 11058, "foo{hash_tag}": 2515} {
		if got := clusterSlot(key); got != want {
			t.Fatalf("slot of %q: %d, want %d", key, got, want)
		}
	}
	mini := miniredis.RunT(t)
	for _, job := range []string{"plain", "{a}", "a{b}c", "{}", "{", "}", "}{", "{}x{y}", "a{b", "a}b"} {
		mini.FlushAll()
		c := server{addr: mini.Addr()}.config()
		c.Job, c.Lease = job, true
		s := open(t, c)
		if held, _, err := s.Acquire(t.Context()); err != nil || !held {
			t.Fatal(held, err)
		}
		if err := s.Commit(t.Context(), replicate.Offset{Key: "1", Checksum: "x"}); err != nil {
			t.Fatal(err)
		}
		keys, want := mini.Keys(), clusterSlot(redis.Key(job, "t", "events"))
		for _, key := range keys {
			if got := clusterSlot(key); got != want {
				t.Errorf("job %q: key %q lies in slot %d, the offset in slot %d", job, key, got, want)
			}
		}
		if len(keys) != 3 {
			t.Errorf("job %q: keys %q, want three", job, keys)
		}
	}
}

func TestWhatIsNoOffsetStops(t *testing.T) {
	onServers(t, func(t *testing.T, s server) {
		store := open(t, s.config())
		check := func(what string) {
			t.Helper()
			_, err := store.Load(t.Context())
			if !replicate.IsStop(err) {
				t.Errorf("%s: Load: %v, want a stop", what, err)
			}
			if err := store.Commit(t.Context(), replicate.Offset{Key: "5"}); !replicate.IsStop(err) {
				t.Errorf("%s: Commit: %v, want a stop", what, err)
			}
		}
		for _, value := range []string{"", "abc", "1.5", "007", "-0", "None", "1 "} {
			s.client.Set(t.Context(), offsetKey, value, 0)
			check(fmt.Sprintf("%q", value))
			if _, err := store.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "name=job&table=t&topic=events") {
				t.Errorf("%q: %v does not name the key", value, err)
			}
		}
		s.client.Del(t.Context(), offsetKey)
		s.client.HSet(t.Context(), offsetKey, "a", "b")
		check("a hash")
	})
}

func TestForce(t *testing.T) {
	onServers(t, func(t *testing.T, s server) {
		store := open(t, s.config())
		for _, o := range []replicate.Offset{{}, {Key: "9", Checksum: strings.Repeat("ab", 32)}, {Key: "3"}, {}} {
			if err := store.Force(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if got, err := store.Load(t.Context()); err != nil || got != o {
				t.Fatalf("after Force(%+v): %+v, %v", o, got, err)
			}
		}
		if n := s.client.DBSize(t.Context()).Val(); n != 1 {
			t.Errorf("a reset leaves %d keys, want the mark alone", n)
		}
		if err := store.Force(t.Context(), replicate.Offset{Key: "x"}); err == nil {
			t.Error("an offset that is no number was taken")
		}
	})
}

// TestForceNeedsTheLease keeps an operator from moving the offset under an instance that runs.
func TestForceNeedsTheLease(t *testing.T) {
	onServers(t, func(t *testing.T, s server) {
		c := s.config()
		c.Lease, c.LeaseTTL = true, time.Hour
		running, operator := open(t, c), open(t, c)
		if held, _, err := running.Acquire(t.Context()); err != nil || !held {
			t.Fatal(held, err)
		}
		if err := running.Commit(t.Context(), replicate.Offset{Key: "5"}); err != nil {
			t.Fatal(err)
		}
		for _, o := range []replicate.Offset{{}, {Key: "3"}, {Key: "9"}} {
			if err := operator.Force(t.Context(), o); !errors.Is(err, replicate.ErrLeaseLost) {
				t.Errorf("Force(%+v) without the lease: %v, want ErrLeaseLost", o, err)
			}
		}
		if got, err := operator.Load(t.Context()); err != nil || got.Key != "5" {
			t.Errorf("the offset is %+v, %v, want 5", got, err)
		}
		if err := running.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if held, _, err := operator.Acquire(t.Context()); err != nil || !held {
			t.Fatal(held, err)
		}
		if err := operator.Force(t.Context(), replicate.Offset{Key: "3"}); err != nil {
			t.Errorf("with the lease: %v", err)
		}
	})
}

// TestForceUnderAStaleInstance moves the offset while an instance can't reach Redis, and runs on: it must not
// undo that when it is back and the lease is free.
func TestForceUnderAStaleInstance(t *testing.T) {
	onServers(t, func(t *testing.T, s server) {
		c := s.config()
		c.Lease, c.LeaseTTL = true, time.Hour
		stale, operator := open(t, c), open(t, c)
		acquire := func(store *redis.Store) {
			t.Helper()
			if held, _, err := store.Acquire(t.Context()); err != nil || !held {
				t.Fatal(held, err)
			}
		}
		release := func(store *redis.Store) {
			t.Helper()
			if err := store.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, to := range []replicate.Offset{{Key: "3"}, {}, {Key: "4"}} {
			acquire(stale)
			if _, err := stale.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := stale.Commit(t.Context(), replicate.Offset{Key: "5"}); err != nil {
				t.Fatal(err)
			}
			release(stale) // it expired
			acquire(operator)
			if err := operator.Force(t.Context(), to); err != nil {
				t.Fatal(err)
			}
			release(operator)
			acquire(stale)
			if err := stale.Commit(t.Context(), replicate.Offset{Key: "6"}); !replicate.IsStop(err) {
				t.Errorf("after a move to %q the stale instance commits: %v, want a stop", to.Key, err)
			}
			if got, err := operator.Load(t.Context()); err != nil || got != to {
				t.Errorf("the offset is %+v, %v, want %+v", got, err, to)
			}
			release(stale)
		}
		// A Redis that has lost the mark with everything else is repaired as ever.
		acquire(stale)
		if _, err := stale.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.flush(t)
		acquire(stale)
		if err := stale.Commit(t.Context(), replicate.Offset{Key: "7"}); err != nil {
			t.Errorf("after a flush: %v", err)
		}
	})
}

const secret = "hunter2-secret"

func TestPassword(t *testing.T) {
	mini := miniredis.RunT(t)
	mini.RequireUserAuth("ann", secret)
	for name, c := range map[string]redis.Config{
		"none":  {Addr: mini.Addr()},
		"wrong": {Addr: mini.Addr(), Username: "ann", Password: secret + "x"},
		"url":   {Addr: "redis://ann:" + secret + "x@" + mini.Addr()},
	} {
		_, err := open(t, c).Load(t.Context())
		if !replicate.IsStop(err) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s password: %v, want a stop without it", name, err)
		}
	}
	for name, c := range map[string]redis.Config{
		"settings": {Addr: mini.Addr(), Username: "ann", Password: secret},
		"url":      {Addr: "redis://ann:" + secret + "@" + mini.Addr()},
		"both":     {Addr: "redis://ann:other@" + mini.Addr() + "/0", Password: secret},
	} {
		if _, err := open(t, c).Load(t.Context()); err != nil {
			t.Errorf("right password in %s: %v", name, err)
		}
	}
}

func TestAddress(t *testing.T) {
	for _, addr := range []string{
		"", "host", "http://u:" + secret + "@host:1", "redis://u:" + secret + "@host:1/x", "unix://" + secret,
		"redis://u:" + secret + "@host:1?unknown=1", "redis://u:" + secret + "@%zz",
	} {
		_, err := redis.New(redis.Config{Addr: addr})
		if err == nil || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "redis.Config.Addr") {
			t.Errorf("%q: %v, want an error that names redis.Config.Addr and no password", addr, err)
		}
	}
	for _, addr := range []string{"host:6379", "[::1]:6379", "redis://host", "redis://host:1/2", "rediss://host"} {
		open(t, redis.Config{Addr: addr})
	}
}

// TestUnreachable is an error that the loop retries, soon, and never an empty offset.
func TestUnreachable(t *testing.T) {
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := refusing.Addr().String()
	if err := refusing.Close(); err != nil {
		t.Fatal(err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, addr := range map[string]string{"refused": addr, "silent": silent.Addr().String()} {
		s := open(t, redis.Config{Addr: addr})
		begun := time.Now()
		_, loadErr := s.Load(t.Context())
		commitErr := s.Commit(t.Context(), replicate.Offset{Key: "1"})
		_, _, leaseErr := s.Acquire(t.Context())
		for _, err := range []error{loadErr, commitErr, leaseErr} {
			if err == nil || replicate.IsStop(err) || errors.Is(err, replicate.ErrLeaseLost) {
				t.Errorf("%s: %v, want an error that can be retried", name, err)
			}
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%s: three commands took %v", name, took)
		}
	}
}

// TestRedisLosesItsData is repaired by the next commit, once the lease is ours again.
func TestRedisLosesItsData(t *testing.T) {
	onServers(t, func(t *testing.T, s server) {
		c := s.config()
		c.Lease, c.LeaseTTL = true, time.Hour
		store := open(t, c)
		o := replicate.Offset{Key: "12", Checksum: strings.Repeat("cd", 32)}
		acquireAndCommit := func() {
			t.Helper()
			if held, holder, err := store.Acquire(t.Context()); err != nil || !held {
				t.Fatal(held, holder, err)
			}
			if err := store.Commit(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		acquireAndCommit()
		s.flush(t)
		if err := store.Commit(t.Context(), o); !errors.Is(err, replicate.ErrLeaseLost) {
			t.Fatalf("Commit after the loss: %v, want ErrLeaseLost", err)
		}
		acquireAndCommit()
		if got, err := store.Load(t.Context()); err != nil || got != o {
			t.Fatalf("%+v, %v", got, err)
		}
	})
}
