package statsd_test

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/metrics/statsd"
)

const base = ",name=orders,version=v1.2.3"

// server is a real UDP socket that the packets arrive at.
func server(t *testing.T) (addr string, read func(n int) []string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String(), func(n int) []string {
		t.Helper()
		var packets []string
		buf := make([]byte, 2048)
		for range n {
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			size, _, err := conn.ReadFrom(buf)
			if err != nil {
				t.Fatalf("after %d of %d packets %q: %v", len(packets), n, packets, err)
			}
			packets = append(packets, string(buf[:size]))
		}
		return packets
	}
}

func client(t *testing.T, addr string) *statsd.Client {
	t.Helper()
	c := statsd.New(statsd.Config{
		Addr: addr, Job: "orders", Version: "v1.2.3", Table: "public.orders", Topic: "t",
		UnsafeDelay: 1500 * time.Millisecond, Host: "h1",
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

var errAway = errors.New("away")

// packets are what an event becomes.
type packets struct {
	name string
	emit func(replicate.Hooks)
	want []string
}

// originals are events that the Python daemon had too.
var originals = []packets{
	{"poll", func(h replicate.Hooks) {
		h.OnPoll(replicate.PollInfo{Rows: 7, Duration: 1500 * time.Microsecond, Behind: 1 << 63,
			HorizonAge: 61500 * time.Millisecond})
	}, []string{
		"repliqate.source.read" + base + ",success=true,table=public.orders:1|c",
		"repliqate.source.read_latency" + base + ",success=true,table=public.orders:1.500000|ms",
		"repliqate.source.rows_read" + base + ",success=true,table=public.orders:7|c",
		"repliqate.lag.keys" + base + ",table=public.orders:9223372036854775808|g",
		"repliqate.horizon.age" + base + ",table=public.orders:61.500|g",
	}},
	{"errAway poll", func(h replicate.Hooks) {
		h.OnPoll(replicate.PollInfo{Duration: time.Second, Err: errAway})
	}, []string{
		"repliqate.source.read" + base + ",success=false,table=public.orders:1|c",
		"repliqate.source.read_latency" + base + ",success=false,table=public.orders:1000.000000|ms",
	}},
	{"publish", func(h replicate.Hooks) {
		h.OnPublish(replicate.PublishInfo{Rows: 3, Duration: 2 * time.Millisecond})
	}, []string{
		"repliqate.target.publish" + base + ",success=true,topic=t:3|c",
		"repliqate.target.publish_latency" + base + ",success=true,topic=t:2.000000|ms",
	}},
	{"errAway publish", func(h replicate.Hooks) {
		h.OnPublish(replicate.PublishInfo{Rows: 3, Err: errAway})
	}, []string{
		"repliqate.target.publish" + base + ",success=false,topic=t:1|c",
		"repliqate.target.publish_latency" + base + ",success=false,topic=t:0.000000|ms",
	}},
	{"load", func(h replicate.Hooks) {
		h.OnLoad(replicate.LoadInfo{Duration: time.Millisecond})
	}, []string{
		"repliqate.store.read" + base + ",success=true:1|c",
		"repliqate.store.read_latency" + base + ",success=true:1.000000|ms",
	}},
	{"commit", func(h replicate.Hooks) {
		h.OnCommit(replicate.CommitInfo{Offset: replicate.Offset{Key: "12"}})
	}, []string{
		"repliqate.store.write" + base + ",success=true:1|c",
		"repliqate.store.write_latency" + base + ",success=true:0.000000|ms",
		"repliqate.offset.position" + base + ",table=public.orders:12|g",
	}},
	{"errAway commit", func(h replicate.Hooks) {
		h.OnCommit(replicate.CommitInfo{Err: errAway})
	}, []string{
		"repliqate.store.write" + base + ",success=false:1|c",
		"repliqate.store.write_latency" + base + ",success=false:0.000000|ms",
	}},
	{"negative offset", func(h replicate.Hooks) {
		h.OnCommit(replicate.CommitInfo{Offset: replicate.Offset{Key: "-5"}})
	}, []string{
		"repliqate.store.write" + base + ",success=true:1|c",
		"repliqate.store.write_latency" + base + ",success=true:0.000000|ms",
		"repliqate.offset.position" + base + ",table=public.orders:0|g\n" +
			"repliqate.offset.position" + base + ",table=public.orders:-5|g",
	}},
}

// additions are events that it did not have.
var additions = []packets{
	{"bad rows", func(h replicate.Hooks) {
		h.OnPoll(replicate.PollInfo{Rows: 1, BadRows: 1})
	}, []string{
		"repliqate.source.read" + base + ",success=true,table=public.orders:1|c",
		"repliqate.source.read_latency" + base + ",success=true,table=public.orders:0.000000|ms",
		"repliqate.bad_rows" + base + ",table=public.orders:1|c",
		"repliqate.source.rows_read" + base + ",success=true,table=public.orders:1|c",
		"repliqate.lag.keys" + base + ",table=public.orders:0|g",
		"repliqate.horizon.age" + base + ",table=public.orders:0.000|g",
	}},
	{"retry", func(h replicate.Hooks) {
		h.OnRetry(replicate.RetryInfo{Op: "sink", Err: errAway})
	}, []string{
		"repliqate.retry" + base + ",op=sink:1|c",
	}},
	{"lease", func(h replicate.Hooks) {
		h.OnLease(replicate.LeaseInfo{Held: true})
		h.OnLease(replicate.LeaseInfo{Holder: "b"})
	}, []string{
		"repliqate.lease.held" + base + ",host=h1:1|g",
		"repliqate.lease.held" + base + ",host=h1:0|g",
	}},
	{"horizon held back", func(h replicate.Hooks) {
		h.OnHorizon(replicate.HorizonInfo{Age: 61500 * time.Millisecond})
	}, []string{"repliqate.horizon.age" + base + ",table=public.orders:61.500|g"}},
	{"states", func(h replicate.Hooks) {
		h.OnState(replicate.StateInfo{State: "running"})
		h.OnState(replicate.StateInfo{State: "stopped"})
	}, []string{
		"repliqate.state" + base + ",host=h1:3|g",
		"repliqate.settle.unsafe_delay" + base + ",table=public.orders:1.5|g",
		"repliqate.state" + base + ",host=h1:0|g",
		"repliqate.settle.unsafe_delay" + base + ",table=public.orders:1.5|g",
	}},
	{"audit", func(h replicate.Hooks) {
		h.OnAudit(replicate.AuditInfo{Late: []string{"4", "7"}, Published: true, Watched: 3, Forgotten: 5})
		h.OnAudit(replicate.AuditInfo{Watched: 3, Forgotten: 1})
		h.OnAudit(replicate.AuditInfo{Forgotten: 2})
	}, []string{
		"repliqate.audit.late_rows" + base + ",table=public.orders,published=true:2|c",
		"repliqate.audit.dropped" + base + ",table=public.orders:5|c",
		"repliqate.audit.watched" + base + ",table=public.orders:3|g",
		"repliqate.audit.dropped" + base + ",table=public.orders:1|c",
		"repliqate.audit.watched" + base + ",table=public.orders:3|g",
		"repliqate.audit.dropped" + base + ",table=public.orders:2|c",
		"repliqate.audit.watched" + base + ",table=public.orders:0|g",
	}},
}

func TestEventsBecomePackets(t *testing.T) {
	for _, tt := range append(slices.Clone(originals), additions...) {
		t.Run(tt.name, func(t *testing.T) {
			addr, read := server(t)
			tt.emit(statsd.Hooks(client(t, addr)))
			if got := read(len(tt.want)); !slices.Equal(got, tt.want) {
				t.Errorf("packets\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
			}
		})
	}
}

func TestTagValuesCannotBreakThePacket(t *testing.T) {
	addr, read := server(t)
	client(t, addr).Count("retry", 1, statsd.Tag{Name: "op", Value: "a,b=c:1|c\nd e"})
	want := "repliqate.retry" + base + ",op=a_b_c_1_c_d_e:1|c"
	if got := read(1)[0]; got != want {
		t.Errorf("packet %q, want %q", got, want)
	}
}

func TestCloseSendsWhatWaits(t *testing.T) {
	addr, read := server(t)
	c := statsd.New(statsd.Config{Addr: addr, Job: "j", Version: "v"})
	for range 50 {
		c.Count("n", 1)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	read(50)
}

// Servers forget gauges, so the last value of one that seldom changes is sent again.
func TestHeldGaugesAreSentAgain(t *testing.T) {
	addr, read := server(t)
	c := statsd.New(statsd.Config{Addr: addr, Job: "j", Version: "v", Host: "h", Refresh: 10 * time.Millisecond})
	defer func() { _ = c.Close() }()
	h := statsd.Hooks(c)
	h.OnState(replicate.StateInfo{State: "starting"})
	h.OnState(replicate.StateInfo{State: "running"})
	h.OnAudit(replicate.AuditInfo{Watched: 3}) // a gauge that changes is not held
	const starting, running = "repliqate.state,name=j,version=v,host=h:2|g", "repliqate.state,name=j,version=v,host=h:3|g"
	seen := map[string]int{}
	for seen[running] < 3 {
		packet := read(1)[0]
		if seen[packet]++; packet == starting && seen[running] > 0 {
			t.Error("an outdated value was sent again")
		}
	}
	if n := seen["repliqate.audit.watched,name=j,version=v,table=:3|g"]; n != 1 {
		t.Errorf("a gauge that is not held was sent %d times: %v", n, seen)
	}
}

// A server that is not there, or whose name does not resolve, must cost the loop nothing but the metric.
func TestNeverBlocks(t *testing.T) {
	c := statsd.New(statsd.Config{Addr: "name.invalid:8125", Job: "j", Version: "v"})
	start := time.Now()
	for range 100_000 {
		c.Count("n", 1)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("100,000 counts took %v", d)
	}
	_ = c.Close()
	if c.Dropped() == 0 {
		t.Error("nothing was dropped, though nothing could be sent")
	}
}
