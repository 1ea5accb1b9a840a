package postgres_test

import (
	"strings"
	"testing"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
)

// TestAnyRole opens as a role that is granted one thing after the other. With SELECT on the table and on the
// sequence it does all there is to do.
func TestAnyRole(t *testing.T) {
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		d := create(t, pg, `CREATE SCHEMA s;
			CREATE TABLE s.events (id bigserial, text text NOT NULL) PARTITION BY LIST (text);
			CREATE TABLE s.a PARTITION OF s.events FOR VALUES IN ('a');
			CREATE TABLE s.b PARTITION OF s.events FOR VALUES IN ('b');
			INSERT INTO s.events (text) VALUES ('a'), ('b'), ('a');
			DROP ROLE IF EXISTS r_any; CREATE ROLE r_any LOGIN`)
		t.Cleanup(func() { d.exec("DROP OWNED BY r_any; DROP ROLE r_any") })
		source := d.source("s.events", options{user: "r_any"})
		stops(t, open(t, source, replicate.Offset{}), "permission denied for schema s", "USAGE")
		d.exec("GRANT USAGE ON SCHEMA s TO r_any")
		stops(t, open(t, source, replicate.Offset{}), "may not read column id of table s.events", "GRANT SELECT ON s.events")
		d.exec("GRANT SELECT (id) ON s.events TO r_any")
		stops(t, open(t, source, replicate.Offset{}), "may not read column text of table s.events",
			"GRANT SELECT ON s.events")
		d.exec("GRANT SELECT ON s.events TO r_any")
		stops(t, open(t, source, replicate.Offset{}), "may not read sequence s.events_id_seq",
			"GRANT SELECT ON SEQUENCE s.events_id_seq")
		d.exec("GRANT SELECT ON SEQUENCE s.events_id_seq TO r_any")
		works := func(user string) {
			t.Helper()
			s := d.source("s.events", options{user: user})
			at := replicate.Offset{Key: "1", Checksum: strings.Repeat("0", 64)}
			stops(t, open(t, s, at), "is not the one that was published") // the row at the offset is read
			if err := open(t, s, replicate.Offset{Key: "1"}); err != nil {
				t.Fatalf("Open as %s: %v", user, err)
			}
			low := d.session()
			low.exec("BEGIN; INSERT INTO s.events (text) VALUES ('a')")
			after := int64(1)
			if keys, err := poll(t, s, &after); err != nil || len(keys) != 2 {
				t.Errorf("Poll as %s: %v, %v", user, keys, err)
			}
			low.exec("ROLLBACK")
			if err := s.(replicate.Rechecker).Recheck(t.Context()); err != nil {
				t.Errorf("Recheck as %s: %v", user, err)
			}
			var page replicate.Page[int64]
			req := replicate.PollRequest[int64]{MaxRows: 10, MaxBytes: 1000}
			_, err := s.(replicate.Auditor[int64]).Lookup(t.Context(), []int64{1, 3}, req, &page)
			if err != nil || page.Len() != 2 {
				t.Errorf("Lookup as %s: %d rows, %v", user, page.Len(), err)
			}
		}
		works("r_any")
		// A policy that hides rows must not do so in silence.
		d.exec("ALTER TABLE s.events ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON s.events USING (text = 'a')")
		stops(t, open(t, source, replicate.Offset{}), "row level security hides rows of table s.events", "BYPASSRLS")
		d.exec("ALTER ROLE r_any BYPASSRLS")
		works("r_any")
	})
}

// TestRowSecurityWhileRunning turns row level security on while the source polls.
func TestRowSecurityWhileRunning(t *testing.T) {
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		d := create(t, pg, identity+"INSERT INTO events (text) VALUES ('a'), ('b')")
		d.reader("r_security", "events", "events_id_seq")
		r := run(t, d.source("public.events", options{user: "r_security"}), config())
		r.awaits(1, 2)
		d.exec("ALTER TABLE events ENABLE ROW LEVEL SECURITY")
		stops(t, r.end(), "row-level security", "BYPASSRLS")
	})
}

// TestStandby makes the server a standby, where locks of the primary's transactions can't be seen.
func TestStandby(t *testing.T) {
	suite.Servers(t, "PostgreSQL")
	pg, err := testserver.StartPostgres(t.Context(), testserver.Newest)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Stop(); err != nil {
			t.Error(err)
		}
	})
	d := create(t, pg, identity)
	standby(t, d)
	err = open(t, d.source("public.events", options{}), replicate.Offset{})
	stops(t, err, "the server is a standby", "target_session_attrs=read-write")
}
