package specimens_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/repliqate/repliqate/generated/alltypes"
	"github.com/repliqate/repliqate/generated/othertypes"
	"github.com/repliqate/repliqate/internal/reprint"
	"github.com/repliqate/repliqate/internal/specimens"
	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	codec "github.com/repliqate/repliqate/replicate/codec/json"
)

// docs/types.md has the examples of this package.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/types.md")
	if err != nil {
		t.Fatal(err)
	}
	if want, err := specimens.Page(string(page)); err != nil || want != string(page) {
		t.Errorf("docs/types.md is not what is written: run go run ./internal/specimens/write (%v)", err)
	}
}

// What is published of each value is what is listed, on the oldest and the newest PostgreSQL, and is the database's
// own text, read by another client.
func TestEveryValue(t *testing.T) {
	suite.Servers(t, "PostgreSQL")
	for _, version := range []string{testserver.Oldest, testserver.Newest} {
		t.Run(version, func(t *testing.T) {
			pg, err := testserver.StartPostgres(t.Context(), version, "timezone=Asia/Kolkata", "datestyle=German",
				"extra_float_digits=-3", "bytea_output=escape", "intervalstyle=sql_standard")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := pg.Stop(); err != nil {
					t.Error(err)
				}
			})
			compare(t, pg, alltypes.Table(), alltypes.NewSource)
			compare(t, pg, othertypes.Table(), othertypes.NewSource)
		})
	}
}

func compare[R any](t *testing.T, pg *testserver.Postgres, table *replicate.Table[R, int64],
	newSource func(*replicate.Builder[R, int64], replicate.SourceConfig) (replicate.Source[int64], error)) {
	t.Helper()
	vectors := fill(t, pg, table.Name)
	published := publish(t, pg, table, newSource)
	if len(published) != len(vectors) {
		t.Fatalf("table %s: %d rows, want %d", table.Name, len(published), len(vectors))
	}
	conn := connect(t, pg.URI()+"?timezone=UTC&datestyle=ISO,MDY&intervalstyle=iso_8601&extra_float_digits=1&"+
		"search_path=public&lc_monetary=C&bytea_output=hex")
	for i, v := range vectors {
		if got := string(published[i][v.Column]); got != v.JSON {
			t.Errorf("%s %s\n got %s\nwant %s", v.Type, v.Value, got, v.JSON)
		}
		if want := independent(t, conn, table, v, i+1); want != "" && want != v.JSON {
			t.Errorf("%s %s: PostgreSQL itself has %s, listed is %s", v.Type, v.Value, want, v.JSON)
		}
	}
}

// fill creates the table of a schema file and inserts a row for each vector, with one column that is not null.
func fill(t *testing.T, pg *testserver.Postgres, table string) (vectors []specimens.Vector) {
	t.Helper()
	ddl, err := os.ReadFile("../../schemas/" + table + ".sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := pg.Exec(t.Context(), string(ddl)); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, pg.URI()+"?datestyle=ISO,MDY&lc_monetary=C&intervalstyle=postgres")
	for _, v := range specimens.Vectors {
		if v.Table != table {
			continue
		}
		vectors = append(vectors, v)
		sql := "INSERT INTO " + table + " (" + v.Column + ") VALUES ('" + strings.ReplaceAll(v.Value, "'", "''") + "')"
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return vectors
}

// publish reads all rows as the replicator does.
func publish[R any](t *testing.T, pg *testserver.Postgres, table *replicate.Table[R, int64],
	newSource func(*replicate.Builder[R, int64], replicate.SourceConfig) (replicate.Source[int64], error),
) (rows []map[string]json.RawMessage) {
	t.Helper()
	builder := replicate.NewBuilder(table, codec.New("job", table.Name, table.AppendJSON), replicate.MessageKey{}, false)
	s, err := newSource(builder, replicate.SourceConfig{URI: pg.URI(), Job: "types", Warn: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Open(t.Context(), replicate.Offset{}); err != nil {
		t.Fatal(err)
	}
	page := new(replicate.Page[int64])
	req := replicate.PollRequest[int64]{MaxRows: 1000, MaxBytes: 1 << 20,
		OnFence: func(replicate.Fence[int64]) replicate.Bound[int64] {
			return replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
		}}
	if _, err := s.Poll(t.Context(), req, page); err != nil {
		t.Fatal(err)
	}
	for _, m := range page.Messages() {
		var message struct {
			Data map[string]json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(m.Value, &message); err != nil {
			t.Fatalf("%v: %s", err, m.Value)
		}
		rows = append(rows, message.Data)
	}
	return rows
}

// independent is what another client reads: the text of the database, or its own JSON of an array. It is empty for
// types that have a form of their own in messages.
func independent[R any](t *testing.T, conn *pgx.Conn, table *replicate.Table[R, int64], v specimens.Vector,
	id int) string {
	t.Helper()
	var asText, isArray bool
	for _, c := range table.Columns {
		if c.Name == v.Column {
			asText, isArray = c.AsText, c.Delimiter != "" || c.Element != 0 || strings.HasSuffix(c.Type, "[]")
		}
	}
	var text string
	read := func(expression string) string {
		if err := conn.QueryRow(t.Context(), "SELECT "+expression+" FROM "+table.Name+" WHERE id = $1", id).
			Scan(&text); err != nil {
			t.Fatalf("%s of %s %s: %v", expression, v.Type, v.Value, err)
		}
		return text
	}
	switch {
	case v.Column == "c_hstore":
		return parsed(t, read("hstore_to_json(c_hstore)::text"))
	case v.Column == "a_address":
		return parsed(t, read("array_to_json(a_address::text[])::text"))
	case v.Column == "a_discount" || v.Column == "a_numeric":
		return parsed(t, read("array_to_json("+v.Column+"::text[])::text"))
	case isArray:
		return parsed(t, read("array_to_json("+v.Column+")::text"))
	case asText, v.Column == "c_numeric", v.Column == "c_uuid", v.Column == "c_date",
		v.Column == "c_text", v.Column == "c_interval":
		return reprint.Quote(read("format('%s', " + v.Column + ")")) // a cast of inet has another form
	}
	return ""
}

func parsed(t *testing.T, document string) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	return reprint.Value(value)
}

func connect(t *testing.T, uri string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the server may be gone
	return conn
}
