package mysql_test

import (
	"testing"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/replicatetest"
)

func TestSource(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		replicatetest.ExerciseSource(t, func(t *testing.T) replicatetest.SourceHarness { return harness(t, m) })
	})
}

func harness(t *testing.T, m *testserver.MySQL) replicatetest.SourceHarness {
	d := create(t, m, plain)
	s := d.session()
	s.exec("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
	return replicatetest.SourceHarness{
		New: func(deadLetters bool) replicate.Source[int64] {
			return d.source("events", options{deadLetters: deadLetters})
		},
		Insert: func(rows ...replicatetest.Row) {
			s.exec("BEGIN")
			for _, r := range rows {
				s.exec("INSERT INTO events VALUES (?, ?)", r.ID, r.Text)
			}
			s.exec("COMMIT")
		},
		Delete: func(key int64) { s.exec("DELETE FROM events WHERE id = ?", key) },
		Change: func(key int64, text string) { s.exec("UPDATE events SET `text` = ? WHERE id = ?", text, key) },
		Corrupt: func(key int64) {
			s.exec("UPDATE events SET `text` = ? WHERE id = ?", unreadable, key)
		},
		Begin: func() func() {
			writer := d.session()
			writer.exec("BEGIN")
			insert(writer, "events")
			return func() { writer.exec("COMMIT"); writer.close() }
		},
		Break: func() {
			// A session that has just answered may not be asleep yet, and one that was killed may not have ended.
			others := "SELECT ID FROM information_schema.processlist WHERE DB = DATABASE() AND ID <> CONNECTION_ID()"
			for ids := s.query(others); len(ids) > 0; ids = s.query(others) {
				for _, id := range ids {
					_ = s.try("KILL " + id) // it may be gone already
				}
			}
		},
		Remove:  func() { s.exec("ALTER TABLE events RENAME TO away") },
		Restore: func() { s.exec("ALTER TABLE away RENAME TO events") },
	}
}

func insert(s session, table string) { s.exec("INSERT INTO " + table + " (`text`) VALUES ('low')") }
