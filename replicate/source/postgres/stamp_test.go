package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
)

// standby starts the server again as a standby of nobody.
func standby(t *testing.T, d database) {
	t.Helper()
	dir := d.query("SHOW data_directory")[0]
	if err := d.pg.Kill(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "PG_VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "standby.signal")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := os.Chown(name, int(owner.Uid), int(owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.pg.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// subscribe fills a table from another database of the same server.
func subscribe(t *testing.T, pg *testserver.Postgres, table string) (statement string) {
	publisher := create(t, pg, "CREATE TABLE "+table+" (id bigint, text text); CREATE PUBLICATION p FOR TABLE "+table)
	// The database can't be dropped while the subscription is there, but the server is.
	return fmt.Sprintf("CREATE SUBSCRIPTION %s_from CONNECTION 'host=127.0.0.1 port=%d user=postgres dbname=%s' "+
		"PUBLICATION p WITH (create_slot = false, slot_name = NONE, enabled = false)",
		publisher.name, pg.Port, publisher.name)
}

// TestChangesAreSeenByTheNextPoll makes changes while the source polls. Each that touches what the proof rests on
// is seen by the very next poll, which uses no row; opening it again then says whether it still holds.
func TestChangesAreSeenByTheNextPoll(t *testing.T) {
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		for _, c := range readCases(t, "changes.sql") {
			t.Run(c.name, func(t *testing.T) {
				d := create(t, pg, c.ddl)
				s := d.source("public.events", options{})
				if err := open(t, s, replicate.Offset{}); err != nil {
					t.Fatal(err)
				}
				if _, err := poll(t, s, nil); err != nil {
					t.Fatal(err)
				}
				d.exec("INSERT INTO events (text) VALUES ('a')")
				if c.subscribe != "" {
					c.change = subscribe(t, pg, c.subscribe)
				}
				d.exec(c.change)
				keys, err := poll(t, s, nil)
				if c.unseen {
					if err != nil || len(keys) == 0 {
						t.Errorf("the poll read %v, %v", keys, err)
					}
					return
				}
				if err == nil || replicate.IsStop(err) || len(keys) > 0 {
					t.Errorf("the next poll read %v, %v, want an error that is retried", keys, err)
				}
				stale := s.(replicate.Rechecker).Recheck(t.Context())
				if stale == nil {
					t.Error("Recheck sees nothing")
				}
				err = open(t, s, replicate.Offset{})
				if c.says != nil {
					stops(t, err, c.says...)
					stops(t, stale, c.says...)
				} else if err != nil {
					t.Errorf("Open: %v", err)
				} else if _, err = poll(t, s, nil); err != nil {
					t.Errorf("poll after Open: %v", err)
				}
			})
		}
	})
}

// TestCache gives the sequence a cache while the loop runs. The job stops before a row that was committed out
// of order could be passed; and the remedy that it names is enough, although a session still has keys cached.
func TestCache(t *testing.T) {
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		d := create(t, pg, identity+"INSERT INTO events (text) VALUES ('a')")
		r := run(t, d.source("public.events", options{}), config())
		r.awaits(1)
		early, late := d.session(), d.session()
		early.exec("ALTER SEQUENCE events_id_seq CACHE 20")
		insert(early, "events") // 2, and 3 to 21 in its cache
		insert(late, "events")  // 22
		stops(t, r.end(), "has CACHE 20 and not 1", "ALTER SEQUENCE public.events_id_seq CACHE 1")
		d.exec("ALTER SEQUENCE public.events_id_seq CACHE 1")
		r = run(t, d.source("public.events", options{}), config())
		r.awaits(1, 2, 22)
		insert(early, "events")
		r.awaits(d.keys("events")...)
		if last := d.keys("events")[3]; last < 23 {
			t.Errorf("key %d came from a cache that should be void", last)
		}
	})
}
