package postgres_test

import (
	"context"
	"testing"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
)

// idlePoll polls after key 3 as the loop does when nothing was left to read.
func idlePoll(t *testing.T, s replicate.Source[int64]) (unchanged bool, keys []int64, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	var page replicate.Page[int64]
	result, err := s.Poll(ctx, replicate.PollRequest[int64]{After: 3, HasAfter: true, MaxRows: 1000, MaxBytes: 1 << 20,
		Idle: true, OnFence: func(replicate.Fence[int64]) replicate.Bound[int64] {
			return replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
		}}, &page)
	return result.Unchanged, page.Keys, err
}

// TestIdlePoll changes something on a table that is idle. Whatever has drawn a key, or has moved the sequence, is seen
// by a brief look of one round trip; what is not seen is what a row does not come from.
func TestIdlePoll(t *testing.T) {
	const sequence = "pg_get_serial_sequence('events', 'id')"
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		for name, c := range map[string]struct {
			sql  string
			seen bool
			rows int
		}{
			"nothing":                          {"SELECT", false, 0},
			"a row":                            {"INSERT INTO events (text) VALUES ('x')", true, 1},
			"a key that is rolled back":        {"BEGIN; INSERT INTO events (text) VALUES ('x'); ROLLBACK", true, 0},
			"a key that waits":                 {"BEGIN; SELECT nextval(" + sequence + ")", true, 0},
			"a row whose key was set aside":    {"INSERT INTO events (id, text) SELECT nextval(" + sequence + "), 'x'", true, 1},
			"a row above the sequence":         {"INSERT INTO events (id, text) VALUES (100, 'x')", false, 0},
			"the sequence at the same value":   {"SELECT setval(" + sequence + ", 5)", false, 0},
			"the same value, to be drawn next": {"SELECT setval(" + sequence + ", 5, false)", true, 0},
			"the sequence set back":            {"SELECT setval(" + sequence + ", 2)", true, 0},
			"the sequence set forward":         {"SELECT setval(" + sequence + ", 99)", true, 0},
			"a table that is emptied":          {"TRUNCATE events RESTART IDENTITY", true, 0},
			"a sequence of another name":       {"ALTER SEQUENCE events_id_seq RENAME TO other", true, 0},
			"a change of the catalog":          {"ALTER SEQUENCE events_id_seq CACHE 20", false, 0},
		} {
			t.Run(name, func(t *testing.T) {
				d := create(t, pg, identity+"INSERT INTO events (text) VALUES ('a'), ('b'), ('c');"+
					"SELECT setval('events_id_seq', 5)")
				p, uri := d.through()
				s := d.source("public.events", options{uri: uri})
				if err := open(t, s, replicate.Offset{}); err != nil {
					t.Fatal(err)
				}
				last := int64(3)
				if _, err := poll(t, s, &last); err != nil {
					t.Fatal(err)
				}
				other := d.session()
				other.exec(c.sql)
				before := p.roundTrips()
				unchanged, keys, err := idlePoll(t, s)
				if unchanged == c.seen || len(keys) != c.rows {
					t.Errorf("unchanged %t, rows %v, %v", unchanged, keys, err)
				}
				if trips := p.roundTrips() - before; unchanged && trips != 1 {
					t.Errorf("%d round trips", trips)
				}
			})
		}
	})
}
