package sqlite_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
	"github.com/repliqate/repliqate/replicate/replicatetest"
	"github.com/repliqate/repliqate/replicate/source/sqlite"
	"github.com/repliqate/repliqate/replicate/source/sqlite/sqlval"
)

// event is a row of the tests' table: events (id, text).
type event struct {
	ID   int64
	Text sqlval.Value
}

// events describes the table as generated code does.
func events(autoIncrement bool) *sqlite.Table[event, int64] {
	const columns = "SELECT id, text FROM events"
	return &sqlite.Table[event, int64]{
		Table: replicate.Table[event, int64]{
			Name: "events", KeyColumn: "id", Fields: []string{"id", "text"},
			Columns:    []replicate.Column{{Name: "id", Type: "INTEGER"}, {Name: "text", Type: "TEXT"}},
			Regenerate: "repliqate-gen --schema events.sql",
			Key:        func(r *event) int64 { return r.ID },
			AppendJSON: func(b []byte, r *event) []byte {
				b = replicate.AppendKey(append(b, `{"id": `...), r.ID)
				return append(r.Text.AppendJSON(append(b, `, "text": `...)), '}')
			},
			AppendColumn: func(b []byte, r *event, i int) []byte {
				if i == 0 {
					return replicate.AppendKey(b, r.ID)
				}
				return r.Text.AppendJSON(b)
			},
		},
		Relation: "events", AutoIncrement: autoIncrement,
		First:  columns + " ORDER BY id LIMIT ?1",
		Next:   columns + " WHERE id > ?1 ORDER BY id LIMIT ?2",
		At:     columns + " WHERE id = ?1",
		Lookup: columns + " WHERE id IN (SELECT value FROM json_each(?1)) ORDER BY id",
		Scan: func(r *event, row *sqlval.Row) (err error) {
			r.ID = sqlval.NotNull(&err, "id", row, 0, sqlval.DecodeInteger)
			r.Text = sqlval.Scan(&err, "text", row, 1)
			return err
		},
		ScanKey: func(row *sqlval.Row) (key int64, err error) {
			key = sqlval.NotNull(&err, "id", row, 0, sqlval.DecodeInteger)
			return key, err
		},
	}
}

// database is a file of its own for a test.
type database struct {
	t      *testing.T
	path   string
	warned []string
}

const (
	growing = "CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL)"
	bare    = "CREATE TABLE events (id INTEGER PRIMARY KEY, text TEXT NOT NULL) /* not AUTOINCREMENT */"
)

func create(t *testing.T, ddl string) *database {
	t.Helper()
	d := &database{t: t, path: filepath.Join(t.TempDir(), "events.db")}
	d.exec(ddl)
	return d
}

// exec runs SQL on a connection of its own.
func (d *database) exec(sql string, args ...any) {
	d.t.Helper()
	conn, err := zombiezen.OpenConn(d.path, zombiezen.OpenReadWrite|zombiezen.OpenCreate|zombiezen.OpenWAL)
	if err != nil {
		d.t.Fatal(err)
	}
	if len(args) == 0 {
		err = sqlitex.ExecuteScript(conn, sql, nil)
	} else {
		err = sqlitex.Execute(conn, sql, &sqlitex.ExecOptions{Args: args})
	}
	if err = errors.Join(err, conn.Close()); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
}

func (d *database) source(autoIncrement, deadLetters bool) replicate.Source[int64] {
	d.t.Helper()
	table := events(autoIncrement)
	builder := replicate.NewBuilder(&table.Table, json.New("job", "events", table.AppendJSON),
		replicate.MessageKey{}, deadLetters)
	source, err := table.NewSource(builder, replicate.SourceConfig{
		URI: "sqlite:///" + d.path, Job: "job", Warn: func(msg string) { d.warned = append(d.warned, msg) },
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = source.Close() })
	return source
}

func TestSource(t *testing.T) {
	for name, autoIncrement := range map[string]bool{"AUTOINCREMENT": true, "without AUTOINCREMENT": false} {
		t.Run(name, func(t *testing.T) {
			replicatetest.ExerciseSource(t, func(t *testing.T) replicatetest.SourceHarness { return harness(t, autoIncrement) })
		})
	}
}

func harness(t *testing.T, autoIncrement bool) replicatetest.SourceHarness {
	ddl := bare
	if autoIncrement {
		ddl = growing
	}
	d := create(t, ddl)
	return replicatetest.SourceHarness{
		New: func(deadLetters bool) replicate.Source[int64] { return d.source(autoIncrement, deadLetters) },
		Insert: func(rows ...replicatetest.Row) {
			sql := "INSERT INTO events (id, text) VALUES (?, ?)" + strings.Repeat(", (?, ?)", len(rows)-1)
			var args []any
			for _, r := range rows {
				args = append(args, r.ID, r.Text)
			}
			d.exec(sql, args...)
		},
		Delete:  func(key int64) { d.exec("DELETE FROM events WHERE id = ?", key) },
		Change:  func(key int64, text string) { d.exec("UPDATE events SET text = ? WHERE id = ?", text, key) },
		Corrupt: func(key int64) { d.exec("UPDATE events SET text = CAST(x'41ff' AS TEXT) WHERE id = ?", key) },
		Remove:  func() { d.exec("ALTER TABLE events RENAME TO away") },
		Restore: func() { d.exec("ALTER TABLE away RENAME TO events") },
	}
}

// at is an offset without a checksum.
func at(key string) replicate.Offset { return replicate.Offset{Key: key} }

func stops(t *testing.T, err error, want ...string) {
	t.Helper()
	if !replicate.IsStop(err) {
		t.Errorf("got %v, want an error that stops the job", err)
		return
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %v", w, err)
		}
	}
}

// TestReusedKeys has an offset that the table is behind.
func TestReusedKeys(t *testing.T) {
	const back = "DELETE FROM events; UPDATE sqlite_sequence SET seq = 1"
	for name, c := range map[string]struct {
		ddl, then string
		auto      bool
		offset    string
		want      string // empty where it goes on
	}{
		"all is well":                     {growing, "", true, "3", ""},
		"newest deleted, AUTOINCREMENT":   {growing, "DELETE FROM events WHERE id > 1", true, "3", ""},
		"all deleted, AUTOINCREMENT":      {growing, "DELETE FROM events", true, "3", ""},
		"sequence behind":                 {growing, back, true, "3", "which is at 1"},
		"sequence gone":                   {growing, "DELETE FROM events; DELETE FROM sqlite_sequence", true, "3", "empty"},
		"oldest deleted":                  {bare, "DELETE FROM events WHERE id < 3", false, "3", ""},
		"newest deleted":                  {bare, "DELETE FROM events WHERE id = 3", false, "3", "AUTOINCREMENT"},
		"all deleted":                     {bare, "DELETE FROM events", false, "3", "which is empty"},
		"AUTOINCREMENT that is not known": {growing, "DELETE FROM events", false, "3", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := create(t, c.ddl+"; INSERT INTO events (text) VALUES ('a'), ('b'), ('c'); "+c.then)
			err := d.source(c.auto, false).Open(t.Context(), at(c.offset))
			if c.want == "" && err != nil {
				t.Errorf("Open: %v", err)
			}
			if c.want != "" {
				stops(t, err, "the offset 3 is beyond the highest key of table events", c.want, "offset set KEY")
			}
		})
	}
}

// TestHighestKeyFallsBack deletes the newest row while the source is open: without AUTOINCREMENT its key comes again.
func TestHighestKeyFallsBack(t *testing.T) {
	for _, auto := range []bool{true, false} {
		d := create(t, map[bool]string{true: growing, false: bare}[auto]+"; INSERT INTO events (text) VALUES ('a'), ('b')")
		s := d.source(auto, false)
		if err := s.Open(t.Context(), replicate.Offset{}); err != nil {
			t.Fatal(err)
		}
		req := replicate.PollRequest[int64]{MaxRows: 10, MaxBytes: 1 << 20,
			OnFence: func(replicate.Fence[int64]) replicate.Bound[int64] {
				return replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
			}}
		var page replicate.Page[int64]
		if _, err := s.Poll(t.Context(), req, &page); err != nil || page.Len() != 2 {
			t.Fatalf("Poll: %d rows, %v", page.Len(), err)
		}
		d.exec("DELETE FROM events WHERE id = 2")
		_, err := s.Poll(t.Context(), req, &page)
		if auto && err != nil {
			t.Errorf("with AUTOINCREMENT: %v", err)
		}
		if !auto {
			stops(t, err, "fell back from 2", "AUTOINCREMENT")
		}
	}
}

// TestLiveTable changes the table after the code was generated.
func TestLiveTable(t *testing.T) {
	const rowid = "CREATE TABLE events (id INTEGER PRIMARY KEY, "
	for name, c := range map[string]struct {
		ddl     string
		auto    bool
		want    string
		warning string
	}{
		"as generated":      {ddl: bare},
		"no table":          {ddl: "CREATE TABLE other (id INTEGER)", want: "table events is not in database"},
		"no column":         {ddl: "CREATE TABLE events (id INTEGER PRIMARY KEY)", want: "no column text any more; regen"},
		"another type":      {ddl: rowid + "text BLOB NOT NULL)", want: "column text of table events is of type BLOB"},
		"nullable":          {ddl: rowid + "text TEXT)", want: "column text of table events may be null"},
		"an extra column":   {ddl: rowid + "text TEXT NOT NULL, more INT)", warning: "column more of table events is new"},
		"not AUTOINCREMENT": {ddl: bare, auto: true, want: "is not AUTOINCREMENT any more"},
		"a key that is null": {ddl: "CREATE TABLE events (id INTEGER UNIQUE, text TEXT NOT NULL)",
			want: "key id of table events may be null"},
		"a key that is not unique": {
			ddl:  "CREATE TABLE events (id INTEGER NOT NULL, text TEXT NOT NULL); CREATE UNIQUE INDEX u ON events (id, text)",
			want: "has no unique index"},
		"a key of the application": {ddl: "CREATE TABLE events (id INTEGER NOT NULL UNIQUE, text TEXT NOT NULL)",
			warning: "made by the application"},
		"without rowid": {ddl: rowid + "text TEXT NOT NULL) WITHOUT ROWID"},
	} {
		t.Run(name, func(t *testing.T) {
			d := create(t, c.ddl)
			s := d.source(c.auto, false)
			for range 2 {
				err := s.Open(t.Context(), replicate.Offset{})
				if c.want != "" {
					stops(t, err, c.want)
				} else if err != nil {
					t.Errorf("Open: %v", err)
				}
			}
			warned := strings.Join(d.warned, "\n")
			if !strings.Contains(warned, c.warning) || len(d.warned) > 1 || c.warning == "" && warned != "" {
				t.Errorf("warned %q, want %q once", warned, c.warning)
			}
		})
	}
}

// TestRowWithoutKey has a primary key that is not the rowid, which can hold null: the rows before are read, and a row
// without a key stops the job, since no keyset query would ever find it.
func TestRowWithoutKey(t *testing.T) {
	// DESC is what makes this a column like any other.
	d := create(t, "CREATE TABLE events (id INTEGER PRIMARY KEY DESC, text TEXT NOT NULL); "+
		"INSERT INTO events VALUES (1, 'a')")
	s := d.source(false, false)
	if err := s.Open(t.Context(), replicate.Offset{}); err != nil {
		t.Fatal(err)
	}
	var page replicate.Page[int64]
	req := replicate.PollRequest[int64]{MaxRows: 10, MaxBytes: 1000,
		OnFence: func(replicate.Fence[int64]) replicate.Bound[int64] {
			return replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
		}}
	if _, err := s.Poll(t.Context(), req, &page); err != nil || page.Len() != 1 {
		t.Errorf("%d rows, %v", page.Len(), err)
	}
	d.exec("INSERT INTO events VALUES (NULL, 'lost'), (2, 'b')")
	_, err := s.Poll(t.Context(), req, &page)
	stops(t, err, "a row whose key id is null", "delete it")
}

// TestRecheck changes the table while the source is open.
func TestRecheck(t *testing.T) {
	d := create(t, bare)
	s := d.source(false, false)
	if err := s.Open(t.Context(), replicate.Offset{}); err != nil {
		t.Fatal(err)
	}
	rechecker := s.(replicate.Rechecker)
	if err := rechecker.Recheck(t.Context()); err != nil {
		t.Errorf("Recheck: %v", err)
	}
	req := replicate.PollRequest[int64]{MaxRows: 10, MaxBytes: 1000,
		OnFence: func(replicate.Fence[int64]) replicate.Bound[int64] {
			t.Error("a page is used after the schema has changed")
			return replicate.Bound[int64]{}
		}}
	for _, change := range []string{"CREATE TABLE other (x INT)", "ALTER TABLE events RENAME COLUMN text TO words"} {
		d.exec(change)
		var page replicate.Page[int64]
		if _, err := s.Poll(t.Context(), req, &page); err == nil || replicate.IsStop(err) {
			t.Errorf("after %s the poll returned %v, want an error that is retried", change, err)
		}
	}
	stops(t, rechecker.Recheck(t.Context()), "no column text any more")
	stops(t, s.Open(t.Context(), replicate.Offset{}), "no column text any more")
}
