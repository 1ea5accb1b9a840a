package mysql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
	"github.com/repliqate/repliqate/replicate/source/mysql"
	"github.com/repliqate/repliqate/replicate/source/mysql/mybin"
)

// wait bounds every wait of these tests. It is never reached where all is well.
const wait = 30 * time.Second

// products are the servers that every test runs on. They are started when they are first needed and stopped when
// all tests have ended.
var products = []struct {
	name  string
	start func() (*testserver.MySQL, error)
}{
	{"MariaDB", sync.OnceValues(func() (*testserver.MySQL, error) { return start(testserver.StartMariaDB) })},
	{"MySQL", sync.OnceValues(func() (*testserver.MySQL, error) { return start(testserver.StartMySQL) })},
}

var started []*testserver.MySQL

func start(server func(context.Context, ...string) (*testserver.MySQL, error)) (*testserver.MySQL, error) {
	m, err := server(context.Background(), "max_allowed_packet=256M", "sql_mode=")
	if err == nil {
		started = append(started, m)
	}
	return m, err
}

func TestMain(m *testing.M) {
	status := m.Run()
	for _, s := range started {
		if err := s.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// onEach runs a test on MariaDB, and on MySQL where that can be had.
func onEach(t *testing.T, test func(t *testing.T, m *testserver.MySQL)) {
	for _, p := range products {
		t.Run(p.name, func(t *testing.T) { test(t, running(t, p.start)) })
	}
}

// onOwn runs a test on a server of its own of each product, with settings for the product.
func onOwn(t *testing.T, settings map[string][]string, test func(t *testing.T, m *testserver.MySQL)) {
	suite.Servers(t, "MariaDB", "MySQL")
	for product := range settings {
		t.Run(product, func(t *testing.T) { test(t, own(t, product, settings[product]...)) })
	}
}

// own starts a server of its own for a test.
func own(t testing.TB, product string, settings ...string) *testserver.MySQL {
	t.Helper()
	start := testserver.StartMariaDB
	if product == "MySQL" {
		start = testserver.StartMySQL
	}
	m := running(t, func() (*testserver.MySQL, error) { return start(t.Context(), settings...) })
	t.Cleanup(func() {
		if err := m.Stop(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func running(t testing.TB, start func() (*testserver.MySQL, error)) *testserver.MySQL {
	t.Helper()
	suite.Servers(t, "MariaDB", "MySQL")
	m, err := start()
	if errors.Is(err, testserver.ErrNoMySQL) {
		suite.LeaveOutWithout(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var databases atomic.Int64

// database is one of its own for a test.
type database struct {
	t    testing.TB
	m    *testserver.MySQL
	name string
}

// create makes a database and runs ddl in it.
func create(t testing.TB, m *testserver.MySQL, ddl string) database {
	t.Helper()
	d := database{t, m, fmt.Sprintf("test%d", databases.Add(1))}
	if err := m.Exec(t.Context(), "CREATE DATABASE "+d.name+" CHARACTER SET utf8mb4"); err != nil {
		t.Fatal(err)
	}
	d.exec(ddl)
	return d
}

func (d database) uri(user string) string {
	return fmt.Sprintf("mysql+pymysql://%s@127.0.0.1:%d/%s", user, d.m.Port, d.name)
}

// exec runs SQL on a connection of its own.
func (d database) exec(statements string) {
	d.t.Helper()
	s := d.session()
	s.exec(statements)
	s.close()
}

// query returns the first column of a query's rows.
func (d database) query(statement string) []string {
	d.t.Helper()
	s := d.session()
	defer s.close()
	return s.query(statement)
}

// session is a connection whose transactions the test controls. Its client is not the one under test.
type session struct {
	t    testing.TB
	db   *sql.DB
	conn *sql.Conn
}

func (d database) session() session {
	d.t.Helper()
	db, err := d.m.Open(d.name)
	if err != nil {
		d.t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		d.t.Fatal(err)
	}
	s := session{d.t, db, conn}
	d.t.Cleanup(s.close)
	return s
}

func (s session) close() {
	_ = s.conn.Close() // a second time, at the test's end, it is closed already
	_ = s.db.Close()
}

func (s session) exec(statements string, args ...any) {
	s.t.Helper()
	if err := s.try(statements, args...); err != nil {
		s.t.Fatalf("%.200s: %v", statements, err)
	}
}

func (s session) try(statements string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	_, err := s.conn.ExecContext(ctx, statements, args...)
	return err
}

func (s session) query(statement string) (first []string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	rows, err := s.conn.QueryContext(ctx, statement)
	if err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			s.t.Fatalf("%s: %v", statement, err)
		}
		first = append(first, text)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
	return first
}

// event is a row of the tests' table: events (id bigint, text text).
type event struct {
	ID   int64
	Text string
}

// events describes a table as generated code does. keyType is the SQL type of its key.
func events(table, keyType string) *mysql.Table[event, int64] {
	columns, relation := "SELECT id, `text` FROM ", "`"+table+"`"
	decode := mybin.DecodeBigint
	if keyType == "int" {
		decode = func(v []byte) (int64, error) { k, err := mybin.DecodeInt(v); return int64(k), err }
	}
	return &mysql.Table[event, int64]{
		Table: replicate.Table[event, int64]{
			Name: table, KeyColumn: "id", Fields: []string{"id", "text"},
			Columns:    []replicate.Column{{Name: "id", Type: keyType}, {Name: "text", Type: "longtext"}},
			Regenerate: "repliqate-gen --schema events.sql",
			Key:        func(r *event) int64 { return r.ID },
			AppendJSON: func(b []byte, r *event) []byte {
				b = mybin.AppendInt(append(b, `{"id": `...), r.ID)
				return append(mybin.AppendText(append(b, `, "text": `...), r.Text), '}')
			},
			AppendColumn: func(b []byte, r *event, i int) []byte {
				if i == 0 {
					return mybin.AppendInt(b, r.ID)
				}
				return mybin.AppendText(b, r.Text)
			},
		},
		Unqualified: table, Relation: relation,
		First:  columns + relation + " ORDER BY id LIMIT ?",
		Next:   columns + relation + " WHERE id > ? ORDER BY id LIMIT ?",
		At:     columns + relation + " WHERE id = ?",
		Lookup: columns + relation + " WHERE id IN (" + mysql.KeysParameter + ") ORDER BY id",
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

// plain is the table that most tests read.
const plain = "CREATE TABLE events (id bigint AUTO_INCREMENT PRIMARY KEY, `text` longtext NOT NULL)"

// unreadable is a text that can't be decoded. A server checks its texts, so the tests have this.
const unreadable = "unreadable"

func readable(v []byte) (string, error) {
	if string(v) == unreadable {
		return "", errors.New("it is unreadable")
	}
	return mybin.DecodeText(v)
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
func (d database) source(table string, o options) replicate.Source[int64] {
	d.t.Helper()
	if o.user == "" {
		o.user = "root"
	}
	if o.keyType == "" {
		o.keyType = "bigint"
	}
	if o.uri == "" {
		o.uri = d.uri(o.user)
	}
	return newSource(d.t, events(table, o.keyType), o)
}

func newSource[R any, K replicate.Key](t testing.TB, table *mysql.Table[R, K], o options) replicate.Source[K] {
	t.Helper()
	if o.warn == nil {
		o.warn = func(string) {}
	}
	builder := replicate.NewBuilder(&table.Table, json.New("job", table.Name, table.AppendJSON),
		replicate.MessageKey{}, o.deadLetters)
	source, err := table.NewSource(builder,
		replicate.SourceConfig{URI: o.uri, Job: "test", Settle: o.settle, Warn: o.warn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close() })
	return source
}

// open opens a source and returns the error.
func open[K replicate.Key](t testing.TB, s replicate.Source[K], at replicate.Offset) error {
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

// poll polls once without a bound.
func poll[K replicate.Key](t testing.TB, s replicate.Source[K], after *K) (page *replicate.Page[K], err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	req := replicate.PollRequest[K]{MaxRows: 1000, MaxBytes: 1 << 20,
		OnFence: func(replicate.Fence[K]) replicate.Bound[K] {
			return replicate.Bound[K]{Kind: replicate.BoundUnlimited}
		}}
	if after != nil {
		req.After, req.HasAfter = *after, true
	}
	page = &replicate.Page[K]{}
	_, err = s.Poll(ctx, req, page)
	return page, err
}
