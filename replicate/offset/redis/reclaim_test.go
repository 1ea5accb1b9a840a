package redis_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/offset/redis"
)

// holderAddr makes the test binary an instance that takes the lease and is killed with it.
const holderAddr = "REPLIQATE_TEST_LEASE_HOLDER"

func TestMain(m *testing.M) {
	if addr := os.Getenv(holderAddr); addr != "" {
		holdLease(addr)
	}
	os.Exit(m.Run())
}

func holdLease(addr string) {
	s, err := redis.New(leaseConfig(addr))
	if err == nil {
		var held bool
		if held, _, err = s.Acquire(context.Background()); err == nil && held {
			_, _ = os.Stdout.WriteString("held\n") // the parent sees whether it arrives
			select {}
		}
	}
	_, _ = os.Stderr.WriteString("the lease can't be taken\n")
	os.Exit(1)
}

func leaseConfig(addr string) redis.Config {
	return redis.Config{Addr: addr, Job: "job", Table: "t", Topic: "events", Lease: true, LeaseTTL: time.Hour}
}

// TestReclaim kills a holder. An instance on the same host takes its lease over at once, and one on
// another host, which can't see that the process is gone, does not.
func TestReclaim(t *testing.T) {
	onServers(t, func(t *testing.T, s server) { reclaim(t, s.addr) })
}

func reclaim(t *testing.T, addr string) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holderAddr+"="+addr)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the holder said %q, %v", line, err)
	}
	here, elsewhere := leaseConfig(addr), leaseConfig(addr)
	elsewhere.Identity = "another-host"
	same, other := open(t, here), open(t, elsewhere)
	if held, holder, err := same.Acquire(t.Context()); err != nil || held || !strings.Contains(holder, "process") {
		t.Fatalf("while the holder runs: held %t, holder %q, %v", held, holder, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if held, _, err := other.Acquire(t.Context()); err != nil || held {
		t.Fatalf("another host took over before the lease expired: %t, %v", held, err)
	}
	if held, holder, err := same.Acquire(t.Context()); err != nil || !held {
		t.Fatalf("the same host did not take over at once: holder %q, %v", holder, err)
	}
}

// TestReclaimTellsReusedNumbers puts this process's number, with another start time, into the lease: the
// process that took it is gone, though one of its number runs.
func TestReclaimTellsReusedNumbers(t *testing.T) {
	mini := miniredis.RunT(t)
	first := open(t, leaseConfig(mini.Addr()))
	if held, _, err := first.Acquire(t.Context()); err != nil || !held {
		t.Fatal(held, err)
	}
	key := "{" + offsetKey + "}:lease"
	token, err := mini.Get(key)
	if err != nil {
		t.Fatal(err)
	}
	second := open(t, leaseConfig(mini.Addr()))
	for _, c := range []struct {
		field int
		value string
		held  bool
	}{{-1, "", false}, {1, "another-boot", false}, {3, "1", true}} {
		parts := strings.Split(token, "|")
		if c.field >= 0 {
			parts[c.field] = c.value
		}
		if err := mini.Set(key, strings.Join(parts, "|")); err != nil {
			t.Fatal(err)
		}
		if held, _, err := second.Acquire(t.Context()); err != nil || held != c.held {
			t.Errorf("field %d set to %q: held %t, %v, want %t", c.field, c.value, held, err, c.held)
		}
	}
}

// TestHolder looks at the lease without asking for it, as an operator does.
func TestHolder(t *testing.T) {
	mini := miniredis.RunT(t)
	look := open(t, leaseConfig(mini.Addr()))
	check := func(want string) {
		t.Helper()
		if got, err := look.Holder(t.Context()); err != nil || got != want {
			t.Errorf("the holder is %q, %v, want %q", got, err, want)
		}
	}
	check("")
	there := leaseConfig(mini.Addr())
	there.Identity = "db|7"
	holder := open(t, there)
	if held, _, err := holder.Acquire(t.Context()); err != nil || !held {
		t.Fatal(held, err)
	}
	number := strconv.Itoa(os.Getpid())
	check("db-7 (process " + number + ")")
	if err := holder.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("")
	if held, _, err := look.Acquire(t.Context()); err != nil || !held {
		t.Fatal(held, err)
	}
	key := "{" + offsetKey + "}:lease"
	token, err := mini.Get(key)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, "|")
	parts[3] = "1" // another process has this number now
	if err := mini.Set(key, strings.Join(parts, "|")); err != nil {
		t.Fatal(err)
	}
	check(parts[0] + " (process " + number + "), which no longer runs")
	mini.Close()
	if _, err := look.Holder(t.Context()); err == nil || replicate.IsStop(err) {
		t.Errorf("without Redis: %v, want an error that can be retried", err)
	}
}

// TestLeaseTime leaves a standby a tenth of the time to find the lease free.
func TestLeaseTime(t *testing.T) {
	mini := miniredis.RunT(t)
	for ttl, want := range map[time.Duration]time.Duration{0: 9 * time.Second, time.Minute: 54 * time.Second} {
		mini.FlushAll()
		c := leaseConfig(mini.Addr())
		c.LeaseTTL = ttl
		if held, _, err := open(t, c).Acquire(t.Context()); err != nil || !held {
			t.Fatal(held, err)
		}
		if got := mini.TTL("{" + offsetKey + "}:lease"); got != want {
			t.Errorf("a lease of %v lives %v in Redis, want %v", ttl, got, want)
		}
	}
}

func TestWhere(t *testing.T) {
	for addr, want := range map[string]string{
		"redis:6379":                       "Redis redis:6379, key " + offsetKey,
		"redis://ann:" + secret + "@r:1/2": "Redis r:1, database 2, key " + offsetKey,
	} {
		if got := open(t, leaseConfig(addr)).Where(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}
