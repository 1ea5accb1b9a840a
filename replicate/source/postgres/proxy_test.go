package postgres_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
)

// proxy stands between a source and its server and counts.
type proxy struct {
	t        testing.TB
	listener net.Listener
	server   string

	mu       sync.Mutex
	fromBack bool // the server spoke last
	turns    int  // how often the source spoke after the server: the round trips
	received int  // bytes that the server sent
}

// through returns a proxy to the database's server and the URI that goes through it.
func (d database) through() (*proxy, string) {
	d.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	p := &proxy{t: d.t, listener: l, server: fmt.Sprintf("127.0.0.1:%d", d.pg.Port)}
	go p.serve()
	d.t.Cleanup(func() { _ = l.Close() })
	return p, strings.Replace(d.uri("postgres"), p.server, l.Addr().String(), 1)
}

func (p *proxy) serve() {
	for {
		front, err := p.listener.Accept()
		if err != nil {
			return
		}
		back, err := net.Dial("tcp", p.server)
		if err != nil {
			p.t.Error(err)
			_ = front.Close()
			continue
		}
		go p.copy(back, front, false)
		go p.copy(front, back, true)
	}
}

func (p *proxy) copy(to io.WriteCloser, from io.Reader, fromBack bool) {
	defer to.Close() // the other end knows
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			p.count(n, fromBack)
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) count(n int, fromBack bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if fromBack {
		p.received += n
	} else if p.fromBack {
		p.turns++
	}
	p.fromBack = fromBack
}

func (p *proxy) roundTrips() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.turns
}

// TestOneRoundTripAPoll counts how often the source speaks, with rows and without, on any table.
func TestOneRoundTripAPoll(t *testing.T) {
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		for _, c := range []struct {
			ddl    string
			settle replicate.Settle
		}{{identity, replicate.Settle{}}, {partitioned, replicate.Settle{}}, {identity, replicate.Settle{UnsafeDelay: 1}}} {
			d := create(t, pg, c.ddl)
			p, uri := d.through()
			s := d.source("public.events", options{uri: uri, settle: c.settle})
			if err := open(t, s, replicate.Offset{}); err != nil {
				t.Fatal(err)
			}
			const polls = 20
			before := p.roundTrips()
			var last *int64
			for i := range polls {
				if i%3 == 0 {
					d.exec("INSERT INTO events (text) VALUES ('a'), ('b')")
				}
				keys, err := poll(t, s, last)
				if err != nil {
					t.Fatal(err)
				}
				if len(keys) > 0 {
					last = &keys[len(keys)-1]
				}
			}
			if *last != 14 {
				t.Errorf("read up to %d, want 14", *last)
			}
			if trips := p.roundTrips() - before; trips != polls {
				t.Errorf("%d round trips for %d polls", trips, polls)
			}
		}
	})
}

// TestHugeRowsAreReadOnce has rows that don't fit a page of many: what is read and thrown away stays small.
func TestHugeRowsAreReadOnce(t *testing.T) {
	const rows, size = 300, 40_000
	d := create(t, newest(t), identity+fmt.Sprintf("ALTER TABLE events ALTER text SET STORAGE EXTERNAL;"+
		"INSERT INTO events (text) SELECT repeat('x', %d) FROM generate_series(1, %d)", size, rows))
	p, uri := d.through()
	s := d.source("public.events", options{uri: uri})
	if err := open(t, s, replicate.Offset{}); err != nil {
		t.Fatal(err)
	}
	req := replicate.PollRequest[int64]{MaxRows: 10_000, MaxBytes: 10 * size,
		OnFence: func(replicate.Fence[int64]) replicate.Bound[int64] {
			return replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
		}}
	var read []int64
	var first int
	for more := true; more; {
		var page replicate.Page[int64]
		result, err := s.Poll(t.Context(), req, &page)
		if err != nil {
			t.Fatal(err)
		}
		if page.Bytes() > 11*size {
			t.Fatalf("a page has %d bytes, the limit is %d", page.Bytes(), req.MaxBytes)
		}
		if len(read) == 0 {
			first = p.received
		}
		read, more = append(read, page.Keys...), result.More
		req.After, req.HasAfter = page.Last, true
	}
	if len(read) != rows || !slices.IsSorted(read) {
		t.Fatalf("read %d rows, want %d", len(read), rows)
	}
	// The first page does not know what a row weighs.
	if got := p.received - first; got > rows*size*3/2 {
		t.Errorf("the server sent %d bytes after the first page for %d bytes of rows", got, rows*size)
	}
}

// TestNothingIsLockedOrWritten looks at the server between polls: no lock, no open transaction, no transaction
// number spent, no slot, and every lock can be had by others.
func TestNothingIsLockedOrWritten(t *testing.T) {
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		d := create(t, pg, identity+"INSERT INTO events (text) VALUES ('a'), ('b')")
		other := d.session()
		const catalog = `SELECT md5(concat(
			(SELECT string_agg(c::text, ' ' ORDER BY c.oid) FROM pg_class c WHERE relkind <> 't'),
			(SELECT string_agg(p::text, ' ' ORDER BY p.oid) FROM pg_proc p), (SELECT count(*) FROM pg_trigger),
			(SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_replication_slots),
			pg_snapshot_xmax(pg_current_snapshot())))`
		before := other.query(catalog)
		s := d.source("public.events", options{})
		if err := open(t, s, replicate.Offset{Key: "1"}); err != nil {
			t.Fatal(err)
		}
		after := int64(1)
		for range 3 {
			if keys, err := poll(t, s, &after); err != nil || len(keys) != 1 {
				t.Fatalf("poll: %v, %v", keys, err)
			}
			if err := s.(replicate.Rechecker).Recheck(t.Context()); err != nil {
				t.Fatal(err)
			}
			backend := "(SELECT pid FROM pg_stat_activity WHERE datname = current_database()" +
				" AND application_name = 'repliqate test')"
			if got := other.query("SELECT mode FROM pg_locks WHERE pid IN " + backend); len(got) > 0 {
				t.Errorf("between polls the source holds %q", got)
			}
			state := other.query("SELECT state || coalesce(' with a snapshot ' || backend_xmin, '') " +
				"FROM pg_stat_activity WHERE pid IN " + backend)
			if !slices.Equal(state, []string{"idle"}) {
				t.Errorf("between polls the source is %q", state)
			}
		}
		if now := other.query(catalog); !slices.Equal(now, before) {
			t.Error("the catalog has changed, or a transaction number was spent")
		}
		other.exec("BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE NOWAIT; ALTER SEQUENCE events_id_seq RESTART; ROLLBACK")
	})
}
