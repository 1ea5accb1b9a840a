// Command make-vectors runs scripts/oracle on real servers and writes internal/oracle/testdata. Run it from the root of
// the repository, with a Python that has scripts/oracle/requirements.txt: make oracle does.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/internal/oracle"
	"github.com/repliqate/repliqate/internal/testserver"
)

func main() {
	python := flag.String("python", "python3", "the interpreter")
	flag.Parse()
	if err := run(context.Background(), *python); err != nil {
		fmt.Fprintln(os.Stderr, "make-vectors:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, python string) error {
	oldest, err := postgres(ctx, python, testserver.Oldest)
	if err != nil {
		return err
	}
	newest, err := postgres(ctx, python, testserver.Newest)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(oldest, newest) {
		return errors.New("the oldest and the newest PostgreSQL give different vectors: leave out the rows that differ")
	}
	if err := newest.Write(".", "postgres"); err != nil {
		return err
	}
	both, err := mysqlVectors(ctx, python)
	if err != nil {
		return err
	}
	if err := both.Write(".", "mysql"); err != nil {
		return err
	}
	lite, err := lite(ctx, python)
	if err != nil {
		return err
	}
	return lite.Write(".", "sqlite")
}

// ask runs the oracle on a database.
func ask(ctx context.Context, python, uri, engine string) (*oracle.Vectors, error) {
	script := filepath.Join("scripts", "oracle", "oracle.py")
	schema := filepath.Join("internal", "oracle", "testdata", engine+".sql")
	cmd := exec.CommandContext(ctx, python, "-B", script, uri, schema)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", python, script, err)
	}
	v := &oracle.Vectors{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r oracle.Row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("the oracle printed %s: %w", lines.Text(), err)
		}
		if len(v.Tables) == 0 || v.Tables[len(v.Tables)-1].Name != r.Table {
			v.Tables = append(v.Tables, oracle.Table{Name: r.Table})
		}
		v.Rows = append(v.Rows, &r)
	}
	return v, lines.Err()
}

// postgres asks the oracle and adds what the server sends for each row.
func postgres(ctx context.Context, python, version string) (v *oracle.Vectors, err error) {
	pg, err := testserver.StartPostgres(ctx, version)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pg.Stop()) }()
	if v, err = ask(ctx, python, pg.URI(), "postgres"); err != nil {
		return nil, err
	}
	conn, err := pgconn.Connect(ctx, pg.URI())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for i := range v.Tables {
		if err := addWire(ctx, conn, v, &v.Tables[i]); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func addWire(ctx context.Context, conn *pgconn.PgConn, v *oracle.Vectors, t *oracle.Table) error {
	columns := conn.ExecParams(ctx, `SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
		WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum`, [][]byte{[]byte(t.Name)}, nil, nil, nil).Read()
	if columns.Err != nil {
		return columns.Err
	}
	for _, c := range columns.Rows {
		t.Columns = append(t.Columns, oracle.Column{Name: string(c[0]), Type: string(c[1])})
	}
	stored := conn.ExecParams(ctx, "SELECT * FROM "+t.Name+" ORDER BY id", nil, nil, nil, []int16{1}).Read()
	rows := v.Of(t.Name)
	if stored.Err != nil {
		return stored.Err
	}
	if len(stored.Rows) != len(rows) {
		return fmt.Errorf("table %s has %d rows, %d were inserted", t.Name, len(stored.Rows), len(rows))
	}
	for i, row := range stored.Rows {
		rows[i].Wire = map[string][]byte{}
		for n, value := range row {
			if value != nil {
				rows[i].Wire[t.Columns[n].Name] = value
			}
		}
	}
	return nil
}

// lite asks the oracle about an SQLite database.
func lite(ctx context.Context, python string) (v *oracle.Vectors, err error) {
	dir, err := os.MkdirTemp("", "repliqate-oracle-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "oracle.db")
	if v, err = ask(ctx, python, "sqlite:///"+file, "sqlite"); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(file, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for i := range v.Tables {
		t := &v.Tables[i]
		err := sqlitex.ExecuteTransient(conn, "SELECT name, type FROM pragma_table_info(?)", &sqlitex.ExecOptions{
			Args: []any{t.Name},
			ResultFunc: func(stmt *sqlite.Stmt) error {
				declared, _, _ := strings.Cut(stmt.ColumnText(1), "(")
				t.Columns = append(t.Columns, oracle.Column{Name: stmt.ColumnText(0), Type: declared})
				return nil
			},
		})
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}
