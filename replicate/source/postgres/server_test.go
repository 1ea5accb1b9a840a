package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
	"github.com/repliqate/repliqate/replicate/source/postgres"
	"github.com/repliqate/repliqate/replicate/source/postgres/pgbin"
)

// wait bounds every wait of these tests. It is never reached where all is well.
const wait = 30 * time.Second

// servers are started when they are first needed and stopped when all tests have ended. Nothing but the
// tests writes: a transaction number that was spent was spent by one of them.
var servers = map[string]func() (*testserver.Postgres, error){
	testserver.Oldest: sync.OnceValues(func() (*testserver.Postgres, error) { return start(testserver.Oldest) }),
	testserver.Newest: sync.OnceValues(func() (*testserver.Postgres, error) { return start(testserver.Newest) }),
}

var started []*testserver.Postgres

func start(version string) (*testserver.Postgres, error) {
	pg, err := testserver.StartPostgres(context.Background(), version, "autovacuum=off", "wal_level=logical")
	if err == nil {
		started = append(started, pg)
	}
	return pg, err
}

func TestMain(m *testing.M) {
	status := m.Run()
	for _, pg := range started {
		if err := pg.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// onEach runs a test on the oldest and the newest PostgreSQL.
func onEach(t *testing.T, test func(t *testing.T, pg *testserver.Postgres)) {
	for _, version := range []string{testserver.Oldest, testserver.Newest} {
		t.Run("PostgreSQL "+version, func(t *testing.T) {
			suite.Servers(t, "PostgreSQL")
			pg, err := servers[version]()
			if err != nil {
				t.Fatal(err)
			}
			test(t, pg)
		})
	}
}

// newest runs a test on the newest PostgreSQL alone.
func newest(t testing.TB) *testserver.Postgres {
	t.Helper()
	suite.Servers(t, "PostgreSQL")
	pg, err := servers[testserver.Newest]()
	if err != nil {
		t.Fatal(err)
	}
	return pg
}

var databases atomic.Int64

// database is one of its own for a test.
type database struct {
	t    testing.TB
	pg   *testserver.Postgres
	name string
}

// create makes a database and runs ddl in it.
func create(t testing.TB, pg *testserver.Postgres, ddl string) database {
	t.Helper()
	d := database{t, pg, fmt.Sprintf("test%d", databases.Add(1))}
	if err := pg.Exec(t.Context(), "CREATE DATABASE "+d.name); err != nil {
		t.Fatal(err)
	}
	d.exec(ddl)
	return d
}

func (d database) uri(user string) string {
	return fmt.Sprintf("postgresql://%s@127.0.0.1:%d/%s", user, d.pg.Port, d.name)
}

// exec runs SQL on a connection of its own.
func (d database) exec(sql string) {
	d.t.Helper()
	s := d.session()
	s.exec(sql)
	s.close()
}

// query returns the first column of a query's rows.
func (d database) query(sql string) []string {
	d.t.Helper()
	s := d.session()
	defer s.close()
	return s.query(sql)
}

// session is a connection whose transactions the test controls.
type session struct {
	t    testing.TB
	conn *pgconn.PgConn
}

func (d database) session() session {
	d.t.Helper()
	conn, err := pgconn.Connect(context.Background(), d.uri("postgres"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return session{d.t, conn}
}

func (s session) close() { _ = s.conn.Close(context.Background()) }

func (s session) exec(sql string) {
	s.t.Helper()
	if err := s.try(sql); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

func (s session) try(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	_, err := s.conn.Exec(ctx, sql).ReadAll()
	return err
}

func (s session) query(sql string) (first []string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	results, err := s.conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	for _, row := range results[len(results)-1].Rows {
		first = append(first, string(row[0]))
	}
	return first
}

// copyIn fills a table by COPY.
func (s session) copyIn(sql, data string) {
	s.t.Helper()
	if _, err := s.conn.CopyFrom(context.Background(), strings.NewReader(data), sql); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

// event is a row of the tests' table: events (id bigint, text text).
type event struct {
	ID   int64
	Text string
}

// events describes a table as generated code does. keyType is the SQL type of its key.
func events(relation, keyType string) *postgres.Table[event, int64] {
	const columns = "SELECT id, text FROM "
	oid, decode := uint32(20), pgbin.DecodeInt8
	switch keyType {
	case "integer":
		oid, decode = 23, func(v []byte) (int64, error) { k, err := pgbin.DecodeInt4(v); return int64(k), err }
	case "smallint":
		oid, decode = 21, func(v []byte) (int64, error) { k, err := pgbin.DecodeInt2(v); return int64(k), err }
	}
	return &postgres.Table[event, int64]{
		Table: replicate.Table[event, int64]{
			Name: strings.TrimPrefix(relation, "public."), KeyColumn: "id", Fields: []string{"id", "text"},
			Columns:    []replicate.Column{{Name: "id", Type: keyType, OID: oid}, {Name: "text", Type: "text", OID: 25}},
			Regenerate: "repliqate-gen --schema events.sql",
			Key:        func(r *event) int64 { return r.ID },
			AppendJSON: func(b []byte, r *event) []byte {
				return append(append(append(append(replicate.AppendKey(append(b, `{"id": `...), r.ID),
					`, "text": "`...), r.Text...), '"'), '}')
			},
			AppendColumn: func(b []byte, r *event, i int) []byte {
				if i == 0 {
					return replicate.AppendKey(b, r.ID)
				}
				return append(append(append(b, '"'), r.Text...), '"')
			},
		},
		Relation: relation,
		First:    columns + relation + " ORDER BY id LIMIT $1",
		Next:     columns + relation + " WHERE id > $1 ORDER BY id LIMIT $2",
		At:       columns + relation + " WHERE id = $1",
		Lookup:   columns + relation + " WHERE id = ANY($1::bigint[]) ORDER BY id",
		Scan: func(r *event, v [][]byte) (err error) {
			r.ID = replicate.NotNull(&err, "id", v[0], decode)
			r.Text = replicate.NotNull(&err, "text", v[1], readable)
			return err
		},
		ScanKey: func(v [][]byte) (key int64, err error) {
			key = replicate.NotNull(&err, "id", v[0], decode)
			return key, err
		},
	}
}

// unreadable is a text that can't be decoded. A database that checks its texts holds none, so the tests have this.
const unreadable = "unreadable"

func readable(v []byte) (string, error) {
	if string(v) == unreadable {
		return "", errors.New("it is unreadable")
	}
	return pgbin.DecodeText(v)
}

// options of a source that differ from test to test.
type options struct {
	user        string
	keyType     string // default bigint
	settle      replicate.Settle
	deadLetters bool
	warn        func(string)
	uri         string
}

// source returns a source of a table of the database.
func (d database) source(relation string, o options) replicate.Source[int64] {
	d.t.Helper()
	if o.user == "" {
		o.user = "postgres"
	}
	if o.keyType == "" {
		o.keyType = "bigint"
	}
	if o.warn == nil {
		o.warn = func(string) {}
	}
	if o.uri == "" {
		o.uri = d.uri(o.user)
	}
	table := events(relation, o.keyType)
	builder := replicate.NewBuilder(&table.Table, json.New("job", table.Name, table.AppendJSON),
		replicate.MessageKey{}, o.deadLetters)
	source, err := table.NewSource(builder,
		replicate.SourceConfig{URI: o.uri, Job: "test", Settle: o.settle, Warn: o.warn})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = source.Close() })
	return source
}

// open opens a source and returns the error.
func open(t testing.TB, s replicate.Source[int64], at replicate.Offset) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	return s.Open(ctx, at)
}

// stops checks that err ends the job, says all of want, and names a remedy.
func stops(t testing.TB, err error, want ...string) (ok bool) {
	t.Helper()
	var stop *replicate.StopError
	if !errors.As(err, &stop) {
		t.Errorf("got %v, want an error that stops the job", err)
		return false
	}
	ok = true
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %v", w, err)
			ok = false
		}
	}
	if stop.Hint == "" {
		t.Errorf("the error names no remedy: %v", err)
		ok = false
	}
	return ok
}
