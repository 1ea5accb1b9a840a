package postgres_test

import (
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
)

// TestVouchedSequence has keys that the application draws, and a configuration that says from where.
func TestVouchedSequence(t *testing.T) {
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		d := create(t, pg, "CREATE SEQUENCE s; CREATE TABLE events (id bigint PRIMARY KEY, text text NOT NULL)")
		r := run(t, d.source("public.events", options{settle: replicate.Settle{Sequence: "s"}}), config())
		const next = "INSERT INTO events VALUES (nextval('s'), 'x')"
		low := d.session()
		low.exec("BEGIN; CREATE TEMP TABLE drawn AS SELECT nextval('s') AS id")
		d.exec(next)
		r.holds()
		low.exec("INSERT INTO events SELECT id, 'x' FROM drawn; COMMIT")
		r.awaits(1, 2)
		d.exec("ALTER SEQUENCE s CACHE 7")
		stops(t, r.end(), "has CACHE 7")
	})
}

// TestUnsafeDelay waits for everyone who has written to the table, and besides for a time within which a key
// that was drawn must be used; also where partitions are written directly, and where they are new.
func TestUnsafeDelay(t *testing.T) {
	const delay = 3 * time.Second
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		d := create(t, pg, `CREATE SEQUENCE s;
			CREATE TABLE events (id bigint, text text NOT NULL) PARTITION BY LIST (text);
			ALTER TABLE events ALTER id SET NOT NULL; CREATE TABLE a PARTITION OF events FOR VALUES IN ('a');
			CREATE TABLE b PARTITION OF events FOR VALUES IN ('b')`)
		c := config()
		c.SettleDelay = delay
		r := run(t, d.source("public.events", options{settle: replicate.Settle{UnsafeDelay: delay}}), c)
		// Drawn and not yet written, for less than the delay.
		key := d.query("SELECT nextval('s')")[0]
		d.exec("INSERT INTO b VALUES (nextval('s'), 'b')")
		r.holds()
		d.exec("INSERT INTO a VALUES (" + key + ", 'a')")
		r.awaits(1, 2)
		// Written to a partition, for longer than the delay.
		low := d.session()
		low.exec("BEGIN; INSERT INTO a VALUES (nextval('s'), 'a')")
		d.exec("INSERT INTO b VALUES (nextval('s'), 'b')")
		r.outlasts(delay)
		r.holds(1, 2)
		low.exec("COMMIT")
		r.awaits(1, 2, 3, 4)
		// Written to a partition that is new.
		d.exec("CREATE TABLE c PARTITION OF events FOR VALUES IN ('c')")
		low.exec("BEGIN; INSERT INTO c VALUES (nextval('s'), 'c')")
		d.exec("INSERT INTO b VALUES (nextval('s'), 'b')")
		r.outlasts(delay)
		r.holds(1, 2, 3, 4)
		low.exec("COMMIT")
		r.awaits(1, 2, 3, 4, 5, 6)
	})
}
