package gen_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
)

// nasty are names that a careless generator would print where they mean something else.
var nasty = []string{"type", "Type", "TYPE", "func", "range", "select", "from", "Order", "user-id", "user_id", "userId",
	"größe", "名前", "🚀", "e\u0301t\u00e9", "two words", `say "hi"`, `back\slash`, "tick`s", "it's",
	"a tab\t", "a line\nbreak",
	"carriage\rreturn", "del\x7f", "1st", "---", "%s", "%!", "a.b", "a;b", "-- no", "/* no */", "*/",
	"$1", "?1", "{{.}}", "${HOME}",
	"<b>&amp;", "nil", "true", "string", "int64", "len", "append", "r", "b", "i", "v", "err", "row", "key", "scan", "Row",
	"Table", "Checksum", "Clone", "checksum2", "data", "members",
	"zero\u200bwidth", "\u2028", "\ufffd", "rowid2", "repliqate"}

// Everything that is generated here to be built lies in one module that is not ours, and is built, vetted and tested
// there by one command each. In it, whatever the columns are called, the code compiles, go vet has nothing to say, its
// golden tests pass, and the programs publish rows of the real tables, with the configuration that was written beside
// them.
func TestGeneratedCode(t *testing.T) {
	suite.Builds(t)
	foreignModule(t)
	again := generateForeign(t)
	writeInput(t, "postgres.sql", nastyPostgres())
	writeInput(t, "sqlite.sql", nastySQLite())
	mustGenerate(t, "--schema", "postgres.sql", "--schema", "sqlite.sql", "--with", "config,dockerfile,systemd")
	fields := []string{"🚀", `say "hi"`, "TYPE", "a line\nbreak"}
	mustGenerate(t, "--schema", "postgres.sql", "--table", "Sales Dept.Order; x", "--fields", strings.Join(fields, ","),
		"--out", "some")
	goCommand(t, "vet", "./...")
	goCommand(t, "test", "./...")
	if again := mustGenerate(t, again...); strings.Contains(again, "go get") || !strings.Contains(again, "up to date") {
		t.Errorf("a second run prints:\n%s", again)
	}
	t.Run("sqlite", publishNastySQLite)
	t.Run("postgres", publishNastyPostgres)
}

// generateForeign checks that in a module that is not ours the imports follow its go.mod, that the command which is
// said to be missing is all that is missing, and that the programs build. It returns how it has called the generator.
func generateForeign(t *testing.T) (args []string) {
	t.Helper()
	writeInput(t, "shop.sql", []byte("CREATE TABLE orders (id bigserial PRIMARY KEY, note text, tags text[]);\n"))
	writeInput(t, "local.sql", []byte("CREATE TABLE ledger (id INTEGER PRIMARY KEY AUTOINCREMENT, note TEXT);\n"))
	args = []string{"--schema", "shop.sql", "--schema", "local.sql", "--out", "internal/replicas"}
	said := regexp.MustCompile(`run: go (get .*)`).FindStringSubmatch(mustGenerate(t, args...))
	if said == nil {
		t.Fatal("it does not say which go get is missing")
	}
	goCommand(t, strings.Fields(said[1])...)
	for name, want := range map[string]string{
		"orders": `"example.com/shop/internal/replicas/orders"`, "ledger": `"example.com/shop/internal/replicas/ledger"`,
	} {
		main := read(t, filepath.Join("internal/replicas", name, "cmd", "repliqate-"+name, "main.gen.go"))
		if !strings.Contains(main, want) {
			t.Errorf("main of %s does not import %s:\n%s", name, want, main)
		}
	}
	goCommand(t, "build", "./...")
	return args
}

func publishNastySQLite(t *testing.T) {
	database := filepath.Join(t.TempDir(), "nasty.db")
	conn, err := sqlite.OpenConn(database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	insert := "\nINSERT INTO \"Some ledger\" DEFAULT VALUES; INSERT INTO [select] (`where`) VALUES ('{\"a\":1}');"
	if err := sqlitex.ExecuteScript(conn, string(nastySQLite())+insert, nil); err != nil {
		t.Fatal(err)
	}
	checkNasty(t, published(t, "generated/some_ledger", "sqlite:///"+database))
	if got := published(t, "generated/select_table", "sqlite:///"+database); got != `{"from": 1, "where": {"a": 1}}` {
		t.Errorf("the row of table select is %s", got)
	}
}

func publishNastyPostgres(t *testing.T) {
	server, err := testserver.StartPostgres(t.Context(), testserver.Newest)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	insert := `INSERT INTO "Sales Dept"."Order; x" DEFAULT VALUES`
	if err := server.Exec(t.Context(), string(nastyPostgres())+insert); err != nil {
		t.Fatal(err)
	}
	checkNasty(t, published(t, "generated/sales_dept_order__x", server.URI()))
	if err := server.Exec(t.Context(), "INSERT INTO events_windows DEFAULT VALUES"); err != nil {
		t.Fatal(err)
	}
	if got := published(t, "generated/events_windows_table", server.URI()); got != `{"id": 1}` {
		t.Errorf("the row of table events_windows is %s", got)
	}
	want := `{"TYPE": "", "a line\nbreak": null, "say \"hi\"": null, "\ud83d\ude80": null}`
	if got := published(t, "some/sales_dept_order__x", server.URI()); got != want {
		t.Errorf("the row of some fields is %s", got)
	}
}

// published builds a package's program and returns the data of the only row that it publishes.
func published(t *testing.T, dir, uri string) string {
	t.Helper()
	config, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if errors.Is(err, fs.ErrNotExist) { // it was generated without: the whole table's serves with its fields
		config = []byte(strings.Replace(read(t, filepath.Join("generated", filepath.Base(dir), "config.yaml")), "fields: []",
			`fields: ["\U0001f680", "say \"hi\"", TYPE, "a line\nbreak"]`, 1))
	} else if err != nil {
		t.Fatal(err)
	}
	config = regexp.MustCompile(`(?m)^( +uri: ).*$`).ReplaceAll(config, []byte("${1}"+uri))
	name := filepath.Join(t.TempDir(), "config.yaml")
	writeInput(t, name, config)
	binary := filepath.Join(t.TempDir(), "replicator")
	goCommand(t, "build", "-o", binary, "./"+filepath.ToSlash(filepath.Join(dir, "cmd", "repliqate-"+filepath.Base(dir))))
	cmd := exec.CommandContext(t.Context(), binary, "--config", name, "--once", "--stdout")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", dir, err, &stderr)
	}
	var message struct{ Data json.RawMessage }
	if err := json.Unmarshal(out, &message); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return string(message.Data)
}

// checkNasty looks for every column in the data.
func checkNasty(t *testing.T, data string) {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(data), &members); err != nil {
		t.Fatal(err)
	}
	lower := map[string]bool{}
	for name := range members {
		lower[strings.ToLower(name)] = true
	}
	for _, name := range nasty {
		if !lower[strings.ToLower(name)] {
			t.Errorf("column %q is not published", name)
		}
	}
}

func quoteSQL(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func nastyPostgres() []byte {
	var b bytes.Buffer
	b.WriteString(`CREATE SCHEMA "Sales Dept"; CREATE TYPE "Mood's" AS ENUM ('a "b"');` + "\n")
	b.WriteString(`CREATE DOMAIN "Sales Dept"."Price" AS numeric(10,2);` + "\n")
	b.WriteString(`CREATE TYPE "Sales Dept".mood AS ENUM ('c');` + "\n")
	b.WriteString(`CREATE TABLE "Sales Dept"."Order; x" (` + "\n" +
		`"Id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY`)
	types := []string{"text", "text[]", "text NOT NULL DEFAULT ''", `"Mood's"`, `"Mood's"[]`,
		`"Sales Dept"."Price"`, `"Sales Dept"."Price"[]`, `"Sales Dept".mood`}
	for i, name := range nasty {
		b.WriteString(",\n" + quoteSQL(name) + " " + types[i%len(types)])
	}
	b.WriteString("\n);\n" +
		`COMMENT ON TABLE "Sales Dept"."Order; x" IS E'*/ a comment\n//go:build ignore\n\x60 + "';` + "\n")
	b.WriteString(`COMMENT ON COLUMN "Sales Dept"."Order; x"."🚀" IS E'of\n}\nmore lines \ufeff';` + "\n")
	b.WriteString("CREATE TABLE int64 (nil bigserial PRIMARY KEY); CREATE TABLE x_test (id serial PRIMARY KEY);\n")
	b.WriteString("CREATE TABLE events_windows (id smallserial PRIMARY KEY); " +
		"CREATE TABLE \"a b\" (id bigserial PRIMARY KEY);\n")
	b.WriteString("CREATE TABLE \"a__b\" (id bigserial PRIMARY KEY); " +
		"CREATE TABLE postgres (\"replicate\" bigserial PRIMARY KEY);\n")
	return b.Bytes()
}

func nastySQLite() []byte {
	var b bytes.Buffer
	b.WriteString(`CREATE TABLE "Some ledger" ("Id Key" INTEGER PRIMARY KEY AUTOINCREMENT`)
	seen := map[string]bool{}
	for i, name := range nasty {
		if lower := strings.ToLower(name); !seen[lower] { // SQLite's names differ in more than case
			seen[lower] = true
			b.WriteString(",\n" + quoteSQL(name) +
				[]string{"", " TEXT", " DOUBLE PRECISION", ` "my ""type"""`, " VARCHAR(20)"}[i%5])
		}
	}
	b.WriteString("\n);\nCREATE TABLE [select] ([from] INTEGER PRIMARY KEY, `where` JSON);\n")
	return b.Bytes()
}
