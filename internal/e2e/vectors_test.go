package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"

	"github.com/repliqate/repliqate/internal/gobuild"
	"github.com/repliqate/repliqate/internal/oracle"
	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

// hostile are settings that change what a session of PostgreSQL prints, reads or names.
var hostile = []string{
	"TimeZone = 'Asia/Kolkata'", "DateStyle = 'German, DMY'", "IntervalStyle = 'sql_standard'", "extra_float_digits = -15",
	"bytea_output = 'escape'", "xmlbinary = 'hex'", "lc_monetary = 'C.UTF-8'", "lc_numeric = 'C.UTF-8'",
	"search_path = 'pg_catalog, decoy'", "client_encoding = 'LATIN1'", "standard_conforming_strings = off",
	"escape_string_warning = off", "array_nulls = off", "quote_all_identifiers = on", "transform_null_equals = on",
	"default_transaction_isolation = 'serializable'", "default_transaction_read_only = on", "row_security = on",
	"timezone_abbreviations = 'India'", "jit = off", "plan_cache_mode = 'force_generic_plan'",
}

// TestVectors publishes the differential vectors of PostgreSQL, the oldest and the newest, from databases whose
// settings are as installed, hostile for the database and hostile for the role. Each time the Python daemon's data and
// hashes come out (Promise 6).
func TestVectors(t *testing.T) {
	suite.Servers(t, "PostgreSQL")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	v, err := oracle.Load("postgres")
	must(t, err)
	binaries := buildVectors(t, ctx, "postgres", v)
	for _, version := range []string{testserver.Oldest, testserver.Newest} {
		pg, err := testserver.StartPostgres(ctx, version)
		must(t, err)
		t.Cleanup(func() { check(t, pg.Stop()) })
		must(t, pg.Exec(ctx, "CREATE ROLE plain LOGIN; CREATE ROLE picky LOGIN"))
		for database, role := range map[string]string{"plain": "plain", "hostile": "plain", "personal": "picky"} {
			must(t, pg.Exec(ctx, "CREATE DATABASE "+database))
			uri := func(role string) string {
				return fmt.Sprintf("postgresql://%s@127.0.0.1:%d/%s", role, pg.Port, database)
			}
			must(t, fill(ctx, uri("postgres"), v))
			switch database {
			case "hostile":
				must(t, set(ctx, pg, "ALTER DATABASE hostile SET "))
			case "personal":
				must(t, set(ctx, pg, "ALTER ROLE picky SET "))
			}
			for _, table := range v.Tables {
				name := fmt.Sprintf("PostgreSQL %s, database %s, table %s", version, database, table.Name)
				compare(t, name, v, table, binaries, uri(role))
			}
		}
	}
}

func fill(ctx context.Context, uri string, v *oracle.Vectors) error {
	conn, err := pgconn.Connect(ctx, uri)
	if err != nil {
		return err
	}
	if err = v.FillPostgres(ctx, conn); err == nil {
		_, err = conn.Exec(ctx, `GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;
			GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO PUBLIC;
			CREATE SCHEMA decoy; CREATE TABLE decoy.numbers (id integer); GRANT USAGE ON SCHEMA decoy TO PUBLIC`).ReadAll()
	}
	return errors.Join(err, conn.Close(ctx))
}

func set(ctx context.Context, pg *testserver.Postgres, alter string) error {
	for _, setting := range hostile {
		if err := pg.Exec(ctx, alter+setting); err != nil {
			return fmt.Errorf("%s%s: %w", alter, setting, err)
		}
	}
	return nil
}

// TestSQLiteVectors publishes those of SQLite.
func TestSQLiteVectors(t *testing.T) {
	suite.Builds(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	v, err := oracle.Load("sqlite")
	must(t, err)
	binaries := buildVectors(t, ctx, "sqlite", v)
	file := filepath.Join(t.TempDir(), "vectors.db")
	conn, err := sqlite.OpenConn(file, sqlite.OpenReadWrite, sqlite.OpenCreate)
	must(t, err)
	must(t, v.FillSQLite(conn))
	must(t, conn.Close())
	for _, table := range v.Tables {
		compare(t, "table "+table.Name, v, table, binaries, "sqlite:///"+file)
	}
}

// TestMySQLVectors publishes those of MySQL and MariaDB, from servers whose settings are as installed and hostile.
func TestMySQLVectors(t *testing.T) {
	suite.Servers(t, "MariaDB", "MySQL")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	all, err := oracle.Load("mysql")
	must(t, err)
	binaries := buildVectors(t, ctx, "mysql", all)
	for name, start := range map[string]func(context.Context, ...string) (*testserver.MySQL, error){
		"MariaDB": testserver.StartMariaDB, "MySQL": testserver.StartMySQL,
	} {
		t.Run(name, func(t *testing.T) {
			m, err := start(ctx)
			if errors.Is(err, testserver.ErrNoMySQL) {
				suite.LeaveOutWithout(t, err)
			}
			must(t, err)
			t.Cleanup(func() { check(t, m.Stop()) })
			must(t, m.Exec(ctx, "CREATE DATABASE vectors CHARACTER SET utf8mb4"))
			db, err := m.Open("vectors")
			must(t, err)
			t.Cleanup(func() { check(t, db.Close()) })
			must(t, all.FillMySQL(ctx, db, m.Product))
			v := all.On(m.Product)
			for _, settings := range []string{"", hostileMySQL} {
				must(t, m.Exec(ctx, "DO 0; "+settings))
				for _, table := range v.Tables {
					compare(t, "table "+table.Name+" "+settings, v, table, binaries, m.URI("vectors"))
				}
			}
		})
	}
}

// hostileMySQL are settings of a server that change what a session reads.
const hostileMySQL = "SET GLOBAL time_zone = '+05:30', GLOBAL character_set_results = 'latin1'," +
	" GLOBAL completion_type = 1, GLOBAL sql_select_limit = 1," +
	" GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'"

// compare runs the replicator of a table and checks every message.
func compare(t *testing.T, name string, v *oracle.Vectors, table oracle.Table, binaries, uri string) {
	t.Helper()
	binary := filepath.Join(binaries, "repliqate-"+table.Name)
	out, status := once(t, binary, trial.Config{Name: "v", URI: uri, Table: table.Name, Broker: "127.0.0.1:1"}, "--stdout")
	rows, lines := v.Of(table.Name), strings.Split(strings.TrimSpace(out), "\n")
	if status != 0 || len(lines) != len(rows) {
		t.Errorf("%s: exit status %d, %d lines for %d rows: %.2000s", name, status, len(lines), len(rows), out)
		return
	}
	for i, line := range lines {
		var m struct {
			Data json.RawMessage `json:"data"`
			Hash string          `json:"hash"`
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Errorf("%s: %v: %s", name, err, line)
			continue
		}
		if err := v.Check(rows[i], m.Data); err != nil {
			t.Errorf("%s, row %d, %q: %v", name, i+1, rows[i].Row, err)
		}
		if rows[i].Hash != m.Hash && !table.Differs() {
			t.Errorf("%s, row %d: hash %s, want %s", name, i+1, m.Hash, rows[i].Hash)
		}
	}
}

// buildVectors generates a replicator for each table of the vectors and builds them as one program that goes by the
// name it is called by. It returns the folder of these names. The code is laid over this module, so that nothing is
// written into it.
func buildVectors(t *testing.T, ctx context.Context, engine string, v *oracle.Vectors) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("../..")
	must(t, err)
	module := []byte("module github.com/repliqate/repliqate\n\ngo 1.26\n")
	must(t, os.WriteFile(filepath.Join(dir, "go.mod"), module, 0o644))
	schema, code := filepath.Join(dir, engine+".sql"), filepath.Join(dir, "vectors", engine)
	must(t, os.WriteFile(schema, []byte(v.Schema), 0o644))
	must(t, gobuild.Run(ctx, root, "run", "./cmd/repliqate-gen", "--schema", schema, "--engine", engine, "--out", code))
	must(t, os.WriteFile(filepath.Join(code, "main.go"), vectorsMain(engine, v), 0o644))

	overlay := struct{ Replace map[string]string }{map[string]string{}}
	must(t, filepath.WalkDir(code, func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".go" {
			overlay.Replace[root+strings.TrimPrefix(path, dir)] = path
		}
		return err
	}))
	content, err := json.Marshal(overlay)
	must(t, err)
	over := filepath.Join(dir, "overlay.json")
	must(t, os.WriteFile(over, content, 0o644))
	binary := filepath.Join(dir, "all")
	must(t, gobuild.Run(ctx, root, "build", "-overlay", over, "-o", binary, "./vectors/"+engine))
	for _, table := range v.Tables {
		must(t, os.Symlink(binary, filepath.Join(dir, "repliqate-"+table.Name)))
	}
	return dir
}

// vectorsMain is the program: the generated mains of all tables.
func vectorsMain(engine string, v *oracle.Vectors) []byte {
	var imports, cases strings.Builder
	for _, table := range v.Tables {
		fmt.Fprintf(&imports, "\t\"github.com/repliqate/repliqate/vectors/%s/%s\"\n", engine, table.Name)
		fmt.Fprintf(&cases, "\tcase \"repliqate-%[1]s\":\n\t\tdaemon.Main(daemon.Program[%[1]s.Row, int64]{Engine: %[2]q, "+
			"Table: %[1]s.Table(), NewSource: %[1]s.NewSource})\n", table.Name, engine)
	}
	return []byte("package main\n\nimport (\n\t\"os\"\n\t\"path/filepath\"\n\n" + imports.String() +
		"\t\"github.com/repliqate/repliqate/replicate/daemon\"\n)\n\nfunc main() {\n" +
		"\tswitch filepath.Base(os.Args[0]) {\n" + cases.String() + "\t}\n}\n")
}
