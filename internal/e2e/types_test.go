package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

// extremes are rows of schemas/alltypes.sql, and what is published of each.
var extremes = []struct{ insert, want string }{
	{`DEFAULT VALUES`, `{"a_bool": null, "a_float8": null, "a_int4": null, "a_int8": null, "a_jsonb": null, ` +
		`"a_mood": null, "a_numeric": null, "a_text": null, "a_timestamptz": null, "a_uuid": null, "c_bool": null, ` +
		`"c_bytea": null, "c_char": null, "c_date": null, "c_float4": null, "c_float8": null, "c_int2": null, ` +
		`"c_int4": null, "c_int8": null, "c_interval": null, "c_json": null, "c_jsonb": null, "c_mood": null, ` +
		`"c_name": null, "c_numeric": null, "c_numeric_2": null, "c_oid": null, "c_positive": null, "c_qchar": null, ` +
		`"c_text": null, "c_time": null, "c_timestamp": null, "c_timestamptz": null, "c_timetz": null, "c_uuid": null, ` +
		`"c_varchar": null, "id": 1}`},
	{`(c_bool, c_int2, c_int4, c_int8) VALUES (true, -32768, 2147483647, -9223372036854775808)`,
		`"c_bool": true|"c_int2": -32768|"c_int4": 2147483647|"c_int8": -9223372036854775808`},
	{`(c_oid, c_positive) VALUES (4294967295, 7)`, `"c_oid": 4294967295|"c_positive": 7`},
	{`(c_float4, c_float8) VALUES (0.1, 1e16)`, `"c_float4": 0.1|"c_float8": 1e+16`},
	{`(c_float4, c_float8) VALUES ('NaN', '-Infinity')`, `"c_float4": "NaN"|"c_float8": "-Infinity"`},
	{`(c_numeric, c_numeric_2) VALUES ('-123456789012345678901234567890.00010', 12.5)`,
		`"c_numeric": "-123456789012345678901234567890.00010"|"c_numeric_2": "12.50"`},
	{`(c_numeric, c_numeric_2) VALUES ('NaN', 0.01)`, `"c_numeric": "NaN"|"c_numeric_2": "0.01"`},
	{`(c_numeric, c_numeric_2) VALUES (0.00001234, -0.1)`, `"c_numeric": "0.00001234"|"c_numeric_2": "-0.10"`},
	{`(c_text, c_varchar, c_char, c_name) VALUES (E'a"b\\c\n\t\x7f é 😀', 'v', 'c', 'n')`,
		`"c_text": "a\"b\\c\n\t\u007f \u00e9 \ud83d\ude00"|"c_varchar": "v"|"c_char": "c    "|"c_name": "n"`},
	{`(c_qchar) VALUES ('x')`, `"c_qchar": "x"`},
	{`(c_uuid, c_bytea) VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '\x00ff10')`,
		`"c_uuid": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"|"c_bytea": "AP8Q"`},
	{`(c_date, c_time, c_timetz) VALUES ('2024-02-29', '24:00', '07:20:17.5+02:30')`,
		`"c_date": "2024-02-29"|"c_time": "24:00:00"|"c_timetz": "07:20:17.5+02:30"`},
	{`(c_date, c_timestamp) VALUES ('0044-03-15 BC', '1969-12-31 23:59:59.999999')`,
		`"c_date": "0044-03-15 BC"|"c_timestamp": "1969-12-31T23:59:59.999999"`},
	{`(c_timestamptz) VALUES ('2024-01-03 07:20:17.120+01')`, `"c_timestamptz": "2024-01-03T06:20:17.12Z"`},
	{`(c_date, c_timestamp, c_timestamptz) VALUES ('4714-11-24 BC', '4714-11-24 00:00 BC', '4714-11-24 00:00Z BC')`,
		`"c_date": "4714-11-24 BC"|"c_timestamp": "4714-11-24T00:00:00 BC"|"c_timestamptz": "4714-11-24T00:00:00Z BC"`},
	{`(c_date, c_timestamp) VALUES ('5874897-12-31', '294276-12-31 23:59:59.999999')`,
		`"c_date": "5874897-12-31"|"c_timestamp": "294276-12-31T23:59:59.999999"`},
	{`(c_date, c_timestamp, c_timestamptz) VALUES ('infinity', '-infinity', '294276-12-31 23:59:59Z')`,
		`"c_date": "infinity"|"c_timestamp": "-infinity"|"c_timestamptz": "294276-12-31T23:59:59Z"`},
	{`(c_interval) VALUES ('1 year 2 months -3 days 04:05:06.5')`, `"c_interval": "P1Y2M-3DT4H5M6.5S"`},
	{`(c_interval) VALUES ('-00:00:00.25')`, `"c_interval": "PT-0.25S"`},
	{`(c_interval) VALUES ('-1 year 2 mons -4 days 5 hours')`, `"c_interval": "P-10M-4DT5H"`},
	{`(c_json, c_jsonb, c_mood) VALUES ('{"b":1,"a":1.10,"a":-0}', '{"z":[1e2,{"y":null}],"é":true}', 'so "so"')`,
		`"c_json": {"a": 0, "b": 1}|"c_jsonb": {"z": [100, {"y": null}], "\u00e9": true}|"c_mood": "so \"so\""`},
	{`(a_bool, a_int4, a_int8, a_float8) VALUES ('{t,NULL}', '{{1,2},{3,4}}', '{}', '{0.1,NaN}')`,
		`"a_bool": [true, null]|"a_int4": [[1, 2], [3, 4]]|"a_int8": []|"a_float8": [0.1, "NaN"]`},
	{`(a_numeric, a_text, a_mood, a_jsonb) VALUES ('{1.50}', '{"a b",NULL,""}', '{sad}', ARRAY['{"b":1,"a":2}'::jsonb])`,
		`"a_numeric": ["1.50"]|"a_text": ["a b", null, ""]|"a_mood": ["sad"]|"a_jsonb": [{"a": 2, "b": 1}]`},
	{`(a_uuid, a_timestamptz) VALUES ('[5:5]={a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', '{2024-01-01 00:00Z}')`,
		`"a_uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]|"a_timestamptz": ["2024-01-01T00:00:00Z"]`},
}

// latin are rows that a database in LATIN1 can hold.
var latin = []string{
	`(c_text, c_json) VALUES ('café ÿ¤', '{"é": "ü"}')`,
	`(c_varchar, a_text) VALUES ('naïve', '{ß,Ø}')`,
}

// TestEveryType publishes extremes of every type from the oldest and the newest PostgreSQL, and from databases in two
// encodings.
func TestEveryType(t *testing.T) {
	suite.Servers(t, "PostgreSQL")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	binary, err := trial.Build(ctx, "alltypes", t.TempDir())
	must(t, err)
	ddl, err := os.ReadFile("../../schemas/alltypes.sql")
	must(t, err)
	var rows []string
	for _, row := range extremes {
		rows = append(rows, row.insert)
	}
	var before, latinBefore []string
	for _, version := range []string{testserver.Oldest, testserver.Newest} {
		pg, err := testserver.StartPostgres(ctx, version, "timezone=Asia/Kolkata", "datestyle=German",
			"extra_float_digits=-3")
		must(t, err)
		t.Cleanup(func() { check(t, pg.Stop()) })
		data := dataOf(t, ctx, pg, binary, string(ddl), "UTF8", rows)
		for i, row := range extremes {
			for _, want := range strings.Split(row.want, "|") {
				if !strings.Contains(data[i], want) {
					t.Errorf("PostgreSQL %s: INSERT %s\n got %s\nwant %s", version, row.insert, data[i], want)
				}
			}
		}
		utf8 := dataOf(t, ctx, pg, binary, string(ddl), "UTF8", latin)
		latin1 := dataOf(t, ctx, pg, binary, string(ddl), "LATIN1", latin)
		if before != nil && (!slices.Equal(data, before) || !slices.Equal(utf8, latinBefore)) || !slices.Equal(utf8, latin1) {
			t.Errorf("two versions or encodings of PostgreSQL give different bytes for the same rows (Promise 6):\n%q\n%q",
				utf8, latin1)
		}
		before, latinBefore = data, utf8
	}
}

// dataOf inserts rows into a new database and returns the data that is published of each.
func dataOf(t *testing.T, ctx context.Context, pg *testserver.Postgres, binary, ddl, encoding string,
	rows []string) []string {
	t.Helper()
	must(t, pg.Exec(ctx, "DROP DATABASE IF EXISTS types"))
	must(t, pg.Exec(ctx, "CREATE DATABASE types TEMPLATE template0 LOCALE 'C' ENCODING '"+encoding+"'"))
	uri := strings.TrimSuffix(pg.URI(), "/postgres") + "/types"
	conn, err := pgconn.Connect(ctx, uri+"?client_encoding=UTF8")
	must(t, err)
	script := ddl
	for _, row := range rows {
		script += "INSERT INTO alltypes " + row + ";"
	}
	_, err = conn.Exec(ctx, script).ReadAll()
	must(t, errors.Join(err, conn.Close(ctx)))
	config := trial.Config{Name: "types", URI: uri, Table: "alltypes", Broker: "127.0.0.1:1"}
	out, status := once(t, binary, config, "--stdout")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if status != 0 || len(lines) != len(rows) {
		t.Fatalf("exit status %d, %d lines, want %d:\n%s", status, len(lines), len(rows), out)
	}
	data := make([]string, len(lines))
	for i, line := range lines {
		var m struct {
			Data json.RawMessage `json:"data"`
		}
		must(t, json.Unmarshal([]byte(line), &m))
		data[i] = string(m.Data)
	}
	return data
}

// once runs a binary with --once and returns what it prints and its exit status.
func once(t *testing.T, binary string, c trial.Config, args ...string) (output string, status int) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.yaml")
	must(t, c.Write(config))
	var out, log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"--config", config, "--once", "-v"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if status = cmd.ProcessState.ExitCode(); status != 0 {
		return log.String(), status
	}
	return out.String(), status
}

// unprovable are changes of the table after which it is refused, with a part of the reason, or not.
var unprovable = []struct{ change, settle, want string }{
	{"ALTER SEQUENCE orders_id_seq CACHE 10", "", "CACHE 10"},
	{"ALTER SEQUENCE orders_id_seq INCREMENT 2", "", "INCREMENT 2"},
	{"ALTER SEQUENCE orders_id_seq CYCLE", "", "CYCLE"},
	{"ALTER TABLE orders ALTER id DROP IDENTITY", "", "set sql_source.settle.sequence to its name"},
	{"ALTER TABLE orders ALTER id DROP IDENTITY; CREATE SEQUENCE s; " +
		"ALTER TABLE orders ALTER id SET DEFAULT nextval('s') * 2", "", "not a plain nextval"},
	{"ALTER TABLE orders ALTER note TYPE varchar(9)", "", "column note of table orders is of type character varying"},
	{"ALTER TABLE orders DROP COLUMN note", "", "no column note"},
	{"ALTER TABLE orders ALTER quantity DROP NOT NULL", "", "column quantity of table orders may be null"},
	{"DROP TABLE orders", "", "does not exist"},
	{"ALTER TABLE orders DROP CONSTRAINT orders_pkey", "", "no unique index"},
	{"CREATE ROLE r LOGIN; GRANT SELECT ON orders TO r", "", ""}, // the superuser may still read
	{"ALTER TABLE orders ALTER id DROP IDENTITY", "      settle: {unsafe_delay_sec: 0.1}\n", ""},
}

// TestUnprovableTablesAreRefused starts on tables whose horizon can't be proven.
func TestUnprovableTablesAreRefused(t *testing.T) {
	suite.Servers(t, "PostgreSQL")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	binary, err := trial.Build(ctx, "orders", t.TempDir())
	must(t, err)
	ddl, err := os.ReadFile("../../schemas/orders.sql")
	must(t, err)
	pg, err := testserver.StartPostgres(ctx, testserver.Newest)
	must(t, err)
	t.Cleanup(func() { check(t, pg.Stop()) })
	for _, c := range unprovable {
		must(t, pg.Exec(ctx, "DROP TABLE IF EXISTS orders; DROP SEQUENCE IF EXISTS s;"+string(ddl)))
		must(t, pg.Exec(ctx, c.change))
		config := trial.Config{Name: "refused", URI: pg.URI(), Table: "orders", Broker: "127.0.0.1:1", Settle: c.settle}
		out, status := once(t, binary, config, "--stdout")
		if c.want == "" && status != 0 || c.want != "" && (status != 1 || !strings.Contains(out, c.want)) {
			t.Errorf("after %s: exit status %d, want %q in:\n%s", c.change, status, c.want, out)
		}
	}
	must(t, pg.Exec(ctx, "DROP TABLE IF EXISTS orders;"+string(ddl)))
	must(t, pg.Exec(ctx, "BEGIN; SELECT nextval('orders_id_seq'); PREPARE TRANSACTION 'open'"))
	must(t, pg.Exec(ctx, `INSERT INTO orders (customer_id, reference, currency, total, quantity, placed_at, token)
		VALUES (1, 'a', 'EUR', 1, 1, now(), gen_random_uuid())`))
	config := trial.Config{Name: "waiting", URI: pg.URI(), Table: "orders", Broker: "127.0.0.1:1"}
	if out, status := once(t, binary, config, "--stdout"); status != 3 {
		t.Errorf("with a prepared transaction that has drawn a key: exit status %d, want 3:\n%s", status, out)
	}
	must(t, pg.Exec(ctx, "ROLLBACK PREPARED 'open'"))
	if out, status := once(t, binary, config, "--stdout"); status != 0 || strings.Count(out, "\n") != 1 {
		t.Errorf("after it ended: exit status %d:\n%s", status, out)
	}
}
