package postgres_test

import (
	"strings"
	"testing"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
)

// ranged is partitioned by something else than the key, so that a partition may have any keys.
const ranged = `CREATE TABLE events (id bigserial, text text NOT NULL) PARTITION BY LIST (text);
	CREATE TABLE a PARTITION OF events FOR VALUES IN ('a');
	CREATE TABLE other PARTITION OF events DEFAULT;
	CREATE TABLE c (id bigint NOT NULL DEFAULT nextval('events_id_seq'), text text NOT NULL);
	INSERT INTO events (text) SELECT 'a' FROM generate_series(1, 6);
	DELETE FROM events WHERE id IN (3, 4);`

// TestAttachedPartition attaches a partition while the loop runs. The role may read the parent alone.
func TestAttachedPartition(t *testing.T) {
	const attach = "ALTER TABLE events ATTACH PARTITION c FOR VALUES IN ('c');"
	for name, c := range map[string]struct {
		change string
		want   []string // what the stop says; nil where the loop goes on
		then   []int64  // all that is published
	}{
		"empty": {attach + "INSERT INTO events (text) VALUES ('c')", nil, []int64{1, 2, 5, 6, 7}},
		"with new keys": {"INSERT INTO c (text) VALUES ('c'), ('c'); " + attach + "INSERT INTO events (text) VALUES ('a')",
			nil, []int64{1, 2, 5, 6, 7, 8, 9}},
		"with old keys": {"INSERT INTO c VALUES (3, 'c'), (4, 'c');" + attach,
			[]string{"partition c was attached to table events with 2 rows whose keys, 3 to 4, were passed",
				"start again", "with offset set 2"}, nil},
		"with the lowest key": {"INSERT INTO c VALUES (-9223372036854775808, 'c');" + attach,
			[]string{"with 1 rows", "offset reset"}, nil},
		"with many old keys": {"INSERT INTO c SELECT -g, 'c' FROM generate_series(1, 20000) AS g;" + attach,
			[]string{"with more than 10000 rows whose keys, -20000 to 6, were passed", "offset set -20001"}, nil},
		"made of partitions": {"CREATE TABLE d (id bigint NOT NULL, text text NOT NULL) PARTITION BY RANGE (id);" +
			"ALTER TABLE d ATTACH PARTITION c FOR VALUES FROM (MINVALUE) TO (MAXVALUE); INSERT INTO d VALUES (3, 'c');" +
			strings.Replace(attach, "PARTITION c", "PARTITION d", 1), []string{"partition c was attached", "3 to 3"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, pg *testserver.Postgres) {
				d := create(t, pg, ranged)
				d.reader("r_cover", "events", "events_id_seq")
				r := run(t, d.source("public.events", options{user: "r_cover"}), config())
				r.awaits(1, 2, 5, 6)
				d.exec(c.change)
				if c.want == nil {
					r.awaits(c.then...)
					return
				}
				stops(t, r.end(), c.want...)
				// A new process has no memory: started again, it goes on.
				r = run(t, d.source("public.events", options{user: "r_cover"}), config())
				r.awaits(d.keys("events")...)
			})
		})
	}
}

// TestReattachedPartition detaches a partition and attaches it again: what was published before is no reason to
// stop, what came in meanwhile and was passed is.
func TestReattachedPartition(t *testing.T) {
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		const detach = "ALTER TABLE events DETACH PARTITION a"
		const attach = "ALTER TABLE events ATTACH PARTITION a FOR VALUES IN ('a')"
		d := create(t, pg, ranged)
		r := run(t, d.source("public.events", options{}), config())
		r.awaits(1, 2, 5, 6)
		d.exec(detach)
		r.settle()
		d.exec("INSERT INTO events (text) VALUES ('x')")
		r.awaits(1, 2, 5, 6, 7)
		d.exec(attach)
		r.holds(1, 2, 5, 6, 7)
		d.exec(detach)
		r.settle()
		d.exec("INSERT INTO a (id, text) VALUES (nextval('events_id_seq'), 'a'); INSERT INTO events (text) VALUES ('x')")
		r.awaits(1, 2, 5, 6, 7, 9)
		d.exec(attach)
		stops(t, r.end(), "partition a was attached to table events with 1 rows whose keys, 8 to 8, were passed",
			"offset set 7")
	})
}

// TestAttachedWhileDisconnected loses the connection right after the first page; a partition is attached before it
// is there again.
func TestAttachedWhileDisconnected(t *testing.T) {
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		d := create(t, pg, ranged)
		s := d.source("public.events", options{})
		if err := open(t, s, replicate.Offset{}); err != nil {
			t.Fatal(err)
		}
		if keys, err := poll(t, s, nil); err != nil || len(keys) != 4 {
			t.Fatalf("poll: %v, %v", keys, err)
		}
		d.exec("INSERT INTO c VALUES (3, 'c'); ALTER TABLE events ATTACH PARTITION c FOR VALUES IN ('c')")
		stops(t, open(t, s, replicate.Offset{Key: "5"}), "partition c was attached", "3 to 3")
		// Beyond 6 this source was not: another instance was, and nothing is known of what it has read.
		d.exec("INSERT INTO events (text) VALUES ('a')")
		if err := open(t, s, replicate.Offset{Key: "7"}); err != nil {
			t.Error(err)
		}
	})
}
