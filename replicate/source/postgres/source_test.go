package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/replicatetest"
)

func TestSource(t *testing.T) {
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		replicatetest.ExerciseSource(t, func(t *testing.T) replicatetest.SourceHarness { return harness(t, pg) })
	})
}

func harness(t *testing.T, pg *testserver.Postgres) replicatetest.SourceHarness {
	d := create(t, pg, identity)
	s := d.session()
	quoted := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	change := func(key int64, text string) {
		s.exec(fmt.Sprintf("UPDATE events SET text = %s WHERE id = %d", quoted(text), key))
	}
	return replicatetest.SourceHarness{
		New: func(deadLetters bool) replicate.Source[int64] {
			return d.source("public.events", options{deadLetters: deadLetters})
		},
		Insert: func(rows ...replicatetest.Row) {
			values, top := "", int64(0)
			for _, r := range rows {
				values += fmt.Sprintf(", (%d, %s)", r.ID, quoted(r.Text))
				top = max(top, r.ID)
			}
			s.exec("INSERT INTO events (id, text) VALUES " + values[2:])
			if top > 0 {
				s.exec(fmt.Sprintf("SELECT setval('events_id_seq', greatest(%d, (SELECT last_value FROM events_id_seq)))", top))
			}
		},
		Delete:  func(key int64) { s.exec(fmt.Sprintf("DELETE FROM events WHERE id = %d", key)) },
		Change:  change,
		Corrupt: func(key int64) { change(key, unreadable) },
		Begin: func() func() {
			writer := d.session()
			writer.exec("BEGIN")
			insert(writer, "events")
			return func() { writer.exec("COMMIT"); writer.close() }
		},
		Break: func() {
			s.exec("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'repliqate test'" +
				" AND datname = current_database()")
		},
		Remove:  func() { s.exec("ALTER TABLE events RENAME TO away") },
		Restore: func() { s.exec("ALTER TABLE away RENAME TO events") },
	}
}

// poll polls once without a bound.
func poll(t testing.TB, s replicate.Source[int64], after *int64) (keys []int64, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	req := replicate.PollRequest[int64]{MaxRows: 1000, MaxBytes: 1 << 20,
		OnFence: func(replicate.Fence[int64]) replicate.Bound[int64] {
			return replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
		}}
	if after != nil {
		req.After, req.HasAfter = *after, true
	}
	var page replicate.Page[int64]
	_, err = s.Poll(ctx, req, &page)
	return page.Keys, err
}
