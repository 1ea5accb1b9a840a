package mysql_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop"
	"github.com/repliqate/repliqate/replicate/offset/memory"
)

// six rows are published before their keys are used again.
const six = plain + "; INSERT INTO events (`text`) VALUES ('1'), ('2'), ('3'), ('4'), ('5'), ('6')"

// TestReusedKeys gives out keys again that were published: what a server
// before MySQL 8.0 or MariaDB 10.2.4 does at a restart when the highest rows are gone, what a backup brings, TRUNCATE.
// The ALTER TABLE stands for that restart: it sets the counter behind the highest row.
func TestReusedKeys(t *testing.T) {
	const forgotten = "DELETE FROM events WHERE id > 4; ALTER TABLE events AUTO_INCREMENT = 1"
	const behind, another = "is beyond the AUTO_INCREMENT counter", "is not the one that was published"
	const again = "INSERT INTO events (`text`) VALUES ('x'), ('y')"
	for _, c := range []struct {
		name, sql, want string
		down            bool // only while the job is down: see docs/delivery.md, what it can't see
	}{
		{"a counter that was forgotten", forgotten, behind, false},
		{"and gives out one key again", forgotten + "; INSERT INTO events (`text`) VALUES ('x')", behind, false},
		{"and gives out all of them again", forgotten + "; " + again, another, false},
		{"and has moved on", forgotten + "; " + again + "; " + again, another, false},
		{"TRUNCATE", "TRUNCATE TABLE events", behind, false},
		{"TRUNCATE, and other rows", "TRUNCATE TABLE events; " + again + "; " + again + "; " + again, another, true},
		{"a backup", "DROP TABLE events; " + plain + "; INSERT INTO events VALUES (1, '1'), (2, '2')", behind, true},
		{"a backup, and rows since",
			"DROP TABLE events; " + plain + "; INSERT INTO events VALUES (1, '1'), (5, 'x'); " + again, another, true},
		{"a backup of before the first row", "DROP TABLE events; " + plain, "which has given no key yet", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, m *testserver.MySQL) {
				d, store := create(t, m, six), memory.New()
				r := resume(t, d.source("events", options{}), loop.Config{}, store)
				r.awaits(1, 2, 3, 4, 5, 6)
				if c.down {
					r.stop()
					_ = r.end() // it was cancelled
					d.exec(c.sql)
					r = resume(t, d.source("events", options{}), loop.Config{}, store)
				} else {
					d.exec(c.sql)
				}
				stops(t, r.end(), c.want, "keys were used again")
			})
		})
	}
}

// TestRestart restarts the server when the highest rows are gone: it remembers its counter, and the job goes on.
func TestRestart(t *testing.T) {
	onOwn(t, map[string][]string{"MariaDB": nil, "MySQL": nil}, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, six)
		r := run(t, d.source("events", options{}), loop.Config{})
		r.awaits(1, 2, 3, 4, 5, 6)
		d.exec("DELETE FROM events WHERE id > 4")
		if err := m.Shutdown(); err != nil {
			t.Fatal(err)
		}
		if err := m.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.exec("INSERT INTO events (`text`) VALUES ('7')")
		r.awaits(1, 2, 3, 4, 5, 6, 7)
	})
}

// TestLostLocks takes more locks than the server has room to record: the job that runs stops, another one is refused
// unless a delay is accepted, and after a restart the server has room again.
func TestLostLocks(t *testing.T) {
	room := []string{"performance_schema_max_metadata_locks=200"}
	onOwn(t, map[string][]string{"MariaDB": room, "MySQL": room}, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, plain+"; INSERT INTO events (`text`) VALUES ('a')")
		running := d.source("events", options{})
		if err := open(t, running, replicate.Offset{}); err != nil {
			t.Fatal(err)
		}
		many := d.session()
		for n := range 300 {
			many.exec(fmt.Sprintf("DO GET_LOCK('%d', 0)", n))
		}
		_, err := poll(t, running, nil)
		stops(t, err, "had no room for all metadata locks", "performance_schema_max_metadata_locks")
		stops(t, open(t, d.source("events", options{}), replicate.Offset{}), "had no room for all metadata locks")
		accepted := d.source("events", options{settle: replicate.Settle{UnsafeDelay: time.Second}})
		if err := open(t, accepted, replicate.Offset{}); err != nil {
			t.Errorf("with unsafe_delay_sec: %v", err)
		}
		if err := m.Shutdown(); err != nil {
			t.Fatal(err)
		}
		if err := m.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := open(t, d.source("events", options{}), replicate.Offset{}); err != nil {
			t.Errorf("after a restart: %v", err)
		}
	})
}
