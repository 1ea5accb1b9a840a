package mysql_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate/loop"
)

// begun begins a transaction and writes in it.
func begun(write func(s session)) func(s session) {
	return func(s session) {
		s.exec("BEGIN")
		write(s)
	}
}

// TestHorizon holds a transaction open that has drawn a low key, commits a high one, and sees that nothing from
// the low one on is published before it has ended, and then all of it in order.
func TestHorizon(t *testing.T) { onEach(t, exerciseHorizon) }

// TestLockModes does so where InnoDB hands out keys in the ways that the servers of the other tests don't.
func TestLockModes(t *testing.T) {
	onOwn(t, map[string][]string{"MariaDB": {"innodb_autoinc_lock_mode=2"}, "MySQL": {"innodb_autoinc_lock_mode=0"}},
		exerciseHorizon)
}

func exerciseHorizon(t *testing.T, m *testserver.MySQL) {
	for name, draw := range map[string]func(s session){
		"INSERT":         begun(func(s session) { insert(s, "events") }),
		"INSERT of many": begun(func(s session) { s.exec("INSERT INTO events (`text`) VALUES ('a'), ('b')") }),
		"INSERT ... SELECT": begun(func(s session) {
			s.exec("INSERT INTO events (`text`) SELECT 'low' FROM information_schema.collations LIMIT 3")
		}),
		"INSERT IGNORE, which leaves holes": begun(func(s session) {
			s.exec("INSERT IGNORE INTO events (id, `text`) VALUES (1, 'twice'); INSERT INTO events (`text`) VALUES ('low')")
		}),
		"a key of three, as of a node of a cluster": func(s session) {
			s.exec("SET auto_increment_increment = 3; BEGIN")
			insert(s, "events")
		},
	} {
		for _, end := range []string{"COMMIT", "ROLLBACK"} {
			t.Run(name+"/"+end, func(t *testing.T) {
				d := create(t, m, plain+"; INSERT INTO events (`text`) VALUES ('first')")
				r := run(t, d.source("events", options{}), loop.Config{})
				r.awaits(1)
				low := d.session()
				draw(low)
				d.exec("INSERT INTO events (`text`) VALUES ('high')")
				r.holds(1)
				low.exec(end)
				r.awaits(d.keys("events")...)
			})
		}
	}
}

// TestRace has eight writers whose transactions end in any order, and a reader of "id > last" beside the real one.
func TestRace(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, plain)
		r := run(t, d.source("events", options{}), loop.Config{})
		stop := make(chan struct{})
		var naive []int64
		var reader, writers sync.WaitGroup
		reader.Go(func() { naive = d.naive(stop) })
		for w := range 8 {
			s, random := d.session(), rand.New(rand.NewPCG(1, uint64(w)))
			writers.Go(func() {
				for range 120 {
					s.exec("BEGIN")
					insert(s, "events")
					s.exec(fmt.Sprintf("DO SLEEP(%d / 1000)", random.IntN(15)))
					if random.IntN(10) == 0 {
						s.exec("ROLLBACK")
					} else {
						s.exec("COMMIT")
					}
				}
			})
		}
		writers.Wait()
		close(stop)
		reader.Wait()
		want := d.keys("events")
		r.until("all rows", func() bool { return len(r.published) >= len(want) })
		r.mu.Lock()
		defer r.mu.Unlock()
		if !slices.Equal(r.published, want) {
			t.Errorf("%d rows were published of %d", len(r.published), len(want))
		}
		t.Logf("the naive reader has lost %d of %d rows", len(want)-len(naive), len(want))
		if len(naive) >= len(want) {
			t.Error("the naive reader lost nothing: this test no longer bites")
		}
	})
}

// TestBusySession has a session begin its next transaction at once: what the one before has held back is published
// all the same.
func TestBusySession(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, plain+"; INSERT INTO events (`text`) VALUES ('first')")
		r := run(t, d.source("events", options{}), loop.Config{})
		r.awaits(1)
		busy := d.session()
		busy.exec("BEGIN")
		insert(busy, "events")
		d.exec("INSERT INTO events (`text`) VALUES ('high')")
		r.holds(1)
		busy.exec("COMMIT; BEGIN; INSERT INTO events (`text`) VALUES ('next')")
		r.awaits(1, 2, 3)
		busy.exec("COMMIT")
		r.awaits(1, 2, 3, 4)
	})
}

// TestSessionsThatLookBusy has a server that does not tell transactions of one session apart: that is said, and rows
// come when the session pauses.
func TestSessionsThatLookBusy(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		consumer := func(enabled string) error {
			return m.Exec(t.Context(), "UPDATE performance_schema.setup_consumers SET ENABLED = '"+enabled+
				"' WHERE NAME = 'events_statements_current'")
		}
		if err := consumer("NO"); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := consumer("YES"); err != nil {
				t.Error(err)
			}
		}()
		d := create(t, m, plain)
		warned := make(chan string, 10)
		r := run(t, d.source("events", options{warn: func(msg string) { warned <- msg }}), loop.Config{})
		if msg := <-warned; !strings.Contains(msg, "performance-schema-consumer-events-statements-current=ON") {
			t.Errorf("the warning names no remedy: %s", msg)
		}
		busy := d.session()
		for range 3 {
			busy.exec("BEGIN")
			insert(busy, "events")
			d.exec("INSERT INTO events (`text`) VALUES ('high')")
			busy.exec("COMMIT")
		}
		r.awaits(1, 2, 3, 4, 5, 6)
	})
}

// naive reads "id > last" until it is stopped, and then once more.
func (d database) naive(stop chan struct{}) (seen []int64) {
	s, last := d.session(), int64(0)
	for done := false; !done; {
		select {
		case <-stop:
			done = true
		case <-time.After(time.Millisecond):
		}
		for _, text := range s.query(fmt.Sprintf("SELECT id FROM events WHERE id > %d ORDER BY id", last)) {
			k, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				d.t.Error(err)
			}
			seen, last = append(seen, k), k
		}
	}
	return seen
}

// TestPreparedTransaction ends the session of an XA transaction that it has prepared.
func TestPreparedTransaction(t *testing.T) {
	for _, end := range []string{"COMMIT", "ROLLBACK"} {
		t.Run(end, func(t *testing.T) {
			onEach(t, func(t *testing.T, m *testserver.MySQL) {
				d := create(t, m, plain+"; INSERT INTO events (`text`) VALUES ('first')")
				r := run(t, d.source("events", options{}), loop.Config{StuckAfter: 1})
				r.awaits(1)
				low := d.session()
				xid := "'" + d.name + "'"
				low.exec("XA START " + xid)
				t.Cleanup(func() { _ = d.session().try("XA ROLLBACK " + xid) }) // where the test has failed
				insert(low, "events")
				d.exec("INSERT INTO events (`text`) VALUES ('high')")
				r.holds(1)
				low.exec("XA END " + xid + "; XA PREPARE " + xid)
				r.holds(1)
				low.close()
				r.holds(1)
				r.named("prepared XA transaction")
				d.exec("XA " + end + " " + xid)
				r.awaits(d.keys("events")...)
			})
		})
	}
}

// TestHoldersAreNamed says who holds the horizon back.
func TestHoldersAreNamed(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, plain)
		low := d.session()
		low.exec("BEGIN")
		insert(low, "events")
		d.exec("INSERT INTO events (`text`) VALUES ('high')")
		r := run(t, d.source("events", options{}), loop.Config{StuckAfter: 1})
		id := strings.Join(low.query("SELECT CONNECTION_ID()"), "")
		r.named("session " + id + ", user root, host 127.0.0.1, sleep, for ")
		low.exec("ROLLBACK")
		r.awaits(2)
	})
}

// TestAnotherTable gives the table's name to another table between two polls, and empties it.
func TestAnotherTable(t *testing.T) {
	const copied = "CREATE TABLE ghost LIKE events; INSERT INTO ghost SELECT * FROM events; "
	for _, c := range []struct{ name, sql, want string }{
		{"an added column", "ALTER TABLE events ADD COLUMN more int", ""},
		{"a table that is built again", "ALTER TABLE events ADD COLUMN more int FIRST, FORCE", ""},
		{"a swap, as tools for schema changes do it", copied + "RENAME TABLE events TO old, ghost TO events", ""},
		{"a swap with another table", "CREATE TABLE other LIKE events;" +
			" INSERT INTO other VALUES (1, 'a'), (2, 'other'), (9, 'x');" +
			" RENAME TABLE events TO old, other TO events", "is not the one that was published"},
		{"TRUNCATE", "TRUNCATE TABLE events", "is beyond the AUTO_INCREMENT counter"},
		{"a column of another type", "ALTER TABLE events MODIFY `text` blob NOT NULL", "column text of table events"},
		{"a key without AUTO_INCREMENT", "ALTER TABLE events MODIFY id bigint", "is not AUTO_INCREMENT"},
		{"no table", "DROP TABLE events", "doesn't exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, m *testserver.MySQL) {
				d := create(t, m, plain+"; INSERT INTO events (`text`) VALUES ('a'), ('b')")
				r := run(t, d.source("events", options{}), loop.Config{})
				r.awaits(1, 2)
				d.exec(c.sql)
				if c.want != "" {
					stops(t, r.end(), c.want)
					return
				}
				d.exec("INSERT INTO events (`text`) VALUES ('c')")
				r.awaits(1, 2, 3)
				if !slices.ContainsFunc(r.retries, func(s string) bool { return strings.Contains(s, "the table was changed") }) {
					t.Errorf("nobody noticed: %q", r.retries)
				}
			})
		})
	}
}
