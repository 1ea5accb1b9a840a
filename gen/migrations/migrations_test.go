package migrations_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen/migrations"
)

// make makes files in an empty folder and goes there. A name may have content after a colon.
func makeFiles(t *testing.T, names ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range names {
		name, content, _ := strings.Cut(name, ":")
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFolders(t *testing.T) {
	for tool, c := range map[string]struct{ have, want string }{
		"golang-migrate": {"10_c.up.sql 10_c.down.sql 1_a.up.sql 1_a.down.sql 2_b.up.sql", "1_a.up.sql 2_b.up.sql " +
			"10_c.up.sql"},
		"numbers": {"10_c.sql 002_b.sql 1_a.sql seed.sql", "1_a.sql 002_b.sql 10_c.sql seed.sql"},
		"times": {"20240102030405_b.sql 20231231000000_a.sql 20240102030405123_c.sql",
			"20231231000000_a.sql 20240102030405_b.sql 20240102030405123_c.sql"},
		"Flyway": {"V1__a.sql V1.10__d.sql V1.2__c.sql V1_1__b.sql V2__e.sql R__z.sql R__y.sql U2__e.sql sub/V3__f.sql",
			"V1__a.sql V1_1__b.sql V1.2__c.sql V1.10__d.sql V2__e.sql sub/V3__f.sql R__y.sql R__z.sql"},
		"Flyway's baseline": {"V1__a.sql V2__b.sql B2__b.sql V3__c.sql", "B2__b.sql V3__c.sql"},
		"Prisma": {"20240102_b/migration.sql 20240101_a/migration.sql migration_lock.toml",
			"20240101_a/migration.sql 20240102_b/migration.sql"},
		"Diesel": {"2024-01-02-0_b/up.sql 2024-01-02-0_b/down.sql 00000000000000_setup/up.sql",
			"00000000000000_setup/up.sql 2024-01-02-0_b/up.sql"},
		"drizzle": {"0000_z.sql 0001_a.sql meta/0000_snapshot.json " +
			"meta/_journal.json:" +
			"{\"entries\":[{\"idx\":1,\"tag\":\"0000_z\"},{\"idx\":0,\"tag\":\"0001_a\"}]}",
			"0001_a.sql 0000_z.sql"},
		"sqitch": {"sqitch.plan:%project=x\n\nb\u00a02024-01-01T00:00:00Z\u00a0a\u00a0<a@b>\n" +
			"@v1\u00a02024\na\u00a0[b]\n@v2\u00a02024\nb\u00a0[b@v1] " +
			"deploy/a.sql deploy/b.sql deploy/b@v1.sql revert/a.sql verify/a.sql", "deploy/b@v1.sql deploy/a.sql " +
			"deploy/b.sql"},
		"sqitch.conf": {"sqitch.conf:[core]\n\ttop_dir\u00a0=\u00a0db\n db/sqitch.plan:a db/deploy/a.sql",
			"db/deploy/a.sql"},
		"Atlas": {"atlas.sum:h1:x=\n2.sql\u00a0h1:y=\n3.sql\u00a0h1:z=\n 1.sql 2.sql 3.sql", "2.sql 3.sql"},
		"Rails": {"structure.sql schema.rb migrate/1_a.rb seeds.sql", "structure.sql"},
		"Liquibase": {"changelog.xml:" +
			"<databaseChangeLog><include\u00a0file=\"db/b.sql\"/><include\u00a0file='a.sql'/></databaseChangeLog> a.sql b.sql",
			"b.sql a.sql"},
		"postgrator": {"001.do.sql 001.undo.sql 002.do.x.sql", "001.do.sql 002.do.x.sql"},
	} {
		t.Run(tool, func(t *testing.T) {
			names := strings.Split(c.have, " ")
			for i := range names {
				names[i] = strings.ReplaceAll(names[i], "\u00a0", " ")
			}
			makeFiles(t, names...)
			set, err := migrations.Find([]string{"."})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range set.Files {
				got = append(got, filepath.ToSlash(f.Path))
			}
			if want := strings.Fields(c.want); !slices.Equal(got, want) {
				t.Errorf("the files are %q, want %q; %q", got, want, set.Notes)
			}
		})
	}
}

// A glob hands over files in the order of their bytes, the way down first.
func TestNamedFiles(t *testing.T) {
	makeFiles(t, "1_a.down.sql", "1_a.up.sql", "2_b.down.sql", "10_c.sql", "x/1.sql")
	set, err := migrations.Find([]string{"10_c.sql", "1_a.down.sql", "1_a.up.sql", "2_b.down.sql", "x", "./10_c.sql"})
	if err != nil {
		t.Fatal(err)
	}
	want := []migrations.File{{"10_c.sql", "10_c.sql"}, {"1_a.up.sql", "1_a.up.sql"}, {"2_b.down.sql", "2_b.down.sql"},
		{filepath.Join("x", "1.sql"), "x"}}
	if !slices.Equal(set.Files, want) {
		t.Errorf("the files are %v, want %v", set.Files, want)
	}
	if notes := strings.Join(set.Notes, "\n"); !strings.Contains(notes, "1_a.down.sql: left out, the way down of "+
		"1_a.up.sql") {
		t.Errorf("what was left out is not said: %s", notes)
	}
}

func TestRefused(t *testing.T) {
	for want, have := range map[string]string{
		"read schema db: there are no .sql files in it": "db/x.txt",
		"structure.sql, which Rails writes":             "db/1_a.rb",
		"alembic upgrade head --sql":                    "db/1_a.py",
		"name one of the folders in it: a, b":           "db/a/1.sql db/b/1.sql",
		"sqitch.plan names deploy/a.sql":                "db/sqitch.plan:a",
		"no JSON that drizzle writes":                   "db/meta/_journal.json:x",
		"read schema db: there is no such file":         "x",
	} {
		makeFiles(t, strings.Fields(have)...)
		if _, err := migrations.Find([]string{"db"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with %s: %v, want %s", have, err, want)
		}
	}
}

func TestUp(t *testing.T) {
	for name, text := range map[string]string{
		"goose": "-- +goose Up\nup;\n-- +goose StatementBegin\nup;\n-- +goose StatementEnd\n-- +goose " +
			"Down\ndown;\n",
		"lower goose":     "-- +goose up\r\nup;\r\n--  +goose down\r\ndown;",
		"dbmate":          "-- migrate:up transaction:false\nup;\n-- migrate:down\ndown;\n",
		"down first":      "-- migrate:down\ndown;\n-- migrate:up\nup;",
		"sql-migrate":     "-- +migrate Up notransaction\nup;\n-- +migrate Down\ndown;\n",
		"tern":            "up;\n\n---- create above / drop below ----\n\ndown;\n",
		"node-pg-migrate": "-- Up Migration\nup;\n-- Down Migration\ndown;",
		"Play":            "# --- !Ups\nup;\n# --- !Downs\ndown;",
		"MyBatis":         "-- // create\nup;\n-- //@UNDO\ndown;",
		"Atlas":           "-- atlas:txtar\n-- checks.sql --\ndown;\n-- migration.sql --\nup;\n-- down.sql --\ndown;",
		"letters":         "-- migrate:up\nup; é\n-- migrate:down\ndown; é\n",
	} {
		up, note := migrations.Up(text)
		if len(up) != len(text) || strings.Count(up, "\n") != strings.Count(text, "\n") {
			t.Errorf("%s: positions have changed: %q", name, up)
		}
		if strings.Contains(up, "down;") || strings.Count(up, "up;") != strings.Count(text, "up;") ||
			!strings.Contains(note, "the way down of") {
			t.Errorf("%s: %q (%s)", name, up, note)
		}
	}
	for _, text := range []string{"", "-- goose Down\nCREATE TABLE a (b text); -- down", "--rollback DROP TABLE a;\n"} {
		if up, note := migrations.Up(text); up != text || note != "" {
			t.Errorf("%q became %q: %s", text, up, note)
		}
	}
	if _, note := migrations.Up("-- migrate:up\nup;\n-- migrate:down\ndown;\n"); !strings.HasPrefix(note,
		"lines 3 to 4 are") {
		t.Errorf("the lines are told as %s", note)
	}
}
