package sqlite_test

import (
	"errors"
	"path/filepath"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
	source "github.com/repliqate/repliqate/replicate/source/sqlite"
)

type key = replicate.KeyRange[int64]

// TestCount counts no further than it is told, and finds what AUTOINCREMENT has drawn beyond the rows.
func TestCount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "count.db")
	conn, err := sqlite.OpenConn(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	exec := func(sql string) {
		t.Helper()
		if err := sqlitex.ExecuteScript(conn, sql, nil); err != nil {
			t.Fatal(err)
		}
	}
	exec(growing)
	for _, auto := range []bool{true, false} {
		exec("DELETE FROM events; DELETE FROM sqlite_sequence")
		counter := openCounter(t, events(auto), path)
		extent := func(want replicate.Extent[int64]) {
			t.Helper()
			if got, err := counter.Extent(t.Context()); err != nil || got != want {
				t.Errorf("AUTOINCREMENT %t: extent %+v, %v, want %+v", auto, got, err, want)
			}
		}
		extent(replicate.Extent[int64]{})
		exec(`INSERT INTO events (id, text) VALUES (-9223372036854775808, 'a'), (-2, 'a'), (0, 'a'), (1, 'a'), (4, 'a'),
			(9, 'a')`)
		for _, c := range []struct {
			r          key
			most, want int
		}{
			{key{}, 100, 6}, {key{}, 2, 2}, {key{After: 1, HasAfter: true}, 100, 2}, {key{UpTo: 1, HasUpTo: true}, 100, 4},
			{key{After: 0, UpTo: 4, HasAfter: true, HasUpTo: true}, 100, 2},
			{key{After: 4, UpTo: 4, HasAfter: true, HasUpTo: true}, 9, 0},
			{key{After: -1 << 63, HasAfter: true}, 100, 5}, {key{UpTo: -1 << 63, HasUpTo: true}, 100, 1},
		} {
			if got, err := counter.CountRows(t.Context(), c.r, c.most); err != nil || got != c.want {
				t.Errorf("%+v, at most %d: %d rows, %v, want %d", c.r, c.most, got, err, c.want)
			}
		}
		extent(replicate.Extent[int64]{Highest: 9, HasHighest: true, Drawn: 9, HasDrawn: true})
		exec("DELETE FROM events WHERE id > 1")
		want := replicate.Extent[int64]{Highest: 1, HasHighest: true, Drawn: 1, HasDrawn: true}
		if auto {
			want.Drawn = 9
		}
		extent(want)
		exec("DELETE FROM events")
		want = replicate.Extent[int64]{}
		if auto {
			want.Drawn, want.HasDrawn = 9, true
		}
		extent(want)
	}
}

func openCounter(t *testing.T, table *source.Table[event, int64], path string) replicate.Counter[int64] {
	t.Helper()
	codec := json.New("job", "events", table.AppendJSON)
	builder := replicate.NewBuilder(&table.Table, codec, replicate.MessageKey{}, false)
	s, err := table.NewSource(builder, replicate.SourceConfig{URI: "sqlite:///" + path, Warn: func(string) {}})
	if err == nil {
		err = s.Open(t.Context(), replicate.Offset{})
	}
	counter, ok := s.(replicate.Counter[int64])
	if err == nil && !ok {
		err = errors.New("the source counts no rows")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return counter
}
