package e2e

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/repliqate/repliqate/generated/mysqltypes"
	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
	"github.com/repliqate/repliqate/replicate/loop"
	"github.com/repliqate/repliqate/replicate/offset/memory"
)

// rowValues is a sink that hands on what is published.
type rowValues chan string

func (rowValues) Open(context.Context) (replicate.SinkInfo, error) { return replicate.SinkInfo{}, nil }
func (rowValues) Close() error                                     { return nil }

func (s rowValues) Publish(_ context.Context, b *replicate.Batch, done func(error)) {
	for _, m := range b.Messages() {
		s <- string(m.Value)
	}
	done(nil)
}

// mysqlExtremes are rows of schemas/mysqltypes.sql, and what is published of each.
var mysqlExtremes = []struct{ insert, want string }{
	{`(c_bigint_u, c_tinyint_u, c_bool) VALUES (18446744073709551615, 255, 2)`,
		`"c_bigint_u": 18446744073709551615|"c_tinyint_u": 255|"c_bool": 2`},
	{`(c_date, c_datetime, c_timestamp) VALUES ('0000-00-00', '2024-02-00 00:00:00', '0000-00-00 00:00:00')`,
		`"c_date": "0000-00-00"|"c_datetime": "2024-02-00 00:00:00"|"c_timestamp": "0000-00-00 00:00:00"`},
	{`(c_time) VALUES ('-838:59:59')`, `"c_time": "-838:59:59"`},
	{`(c_time) VALUES ('24:00:00.5')`, `"c_time": "24:00:00.5"`},
	{`(c_bit, c_year, c_enum, c_set) VALUES (b'1000000001', 2155, 'b,c', 'x,y z')`,
		`"c_bit": 513|"c_year": 2155|"c_enum": "b,c"|"c_set": "x,y z"`},
	{`(c_varchar, c_bytes, c_text) VALUES ('été', 'abc', 'café')`,
		`"c_varchar": "\u00e9t\u00e9"|"c_bytes": "YWJj"|"c_text": "caf\u00e9"`},
	{`(c_float, c_decimal_u, c_json) VALUES (16777215, 12.5, '{"b": 1, "a": [null]}')`,
		`"c_float": 16777215.0|"c_decimal_u": "12.50"|"c_json": {"a": [null], "b": 1}`},
	{`(c_binary) VALUES ('a')`, `"c_binary": "YQAA"`},
}

// TestMySQLExtremes reads extremes of the types on both servers, the public reports among them.
func TestMySQLExtremes(t *testing.T) {
	suite.Servers(t, "MariaDB", "MySQL")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for name, start := range map[string]func(context.Context, ...string) (*testserver.MySQL, error){
		"MariaDB": testserver.StartMariaDB, "MySQL": testserver.StartMySQL,
	} {
		t.Run(name, func(t *testing.T) {
			server, err := start(ctx, "sql_mode=")
			if errors.Is(err, testserver.ErrNoMySQL) {
				suite.LeaveOutWithout(t, err)
			}
			must(t, err)
			t.Cleanup(func() { check(t, server.Stop()) })
			mysqlExtremesOn(t, ctx, server)
		})
	}
}

func mysqlExtremesOn(t *testing.T, ctx context.Context, server *testserver.MySQL) {
	ddl, err := os.ReadFile("../../schemas/mysqltypes.sql")
	must(t, err)
	sql := "CREATE DATABASE shop; USE shop; " + string(ddl)
	for _, e := range mysqlExtremes {
		sql += "INSERT INTO mysqltypes " + e.insert + ";"
	}
	must(t, server.Exec(ctx, sql))
	builder := replicate.NewBuilder(mysqltypes.Table(), json.New("types", "mysqltypes", mysqltypes.AppendJSON),
		replicate.MessageKey{}, false)
	source, err := mysqltypes.NewSource(builder,
		replicate.SourceConfig{URI: server.URI("shop"), Job: "types", Warn: func(string) {}})
	must(t, err)
	values := make(rowValues, 100)
	r, err := loop.New(loop.Parts[int64]{Config: loop.Config{PollInterval: 10 * time.Millisecond},
		Source: source, Sink: values, Store: memory.New()})
	must(t, err)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	for _, e := range mysqlExtremes {
		select {
		case got := <-values:
			for want := range strings.SplitSeq(e.want, "|") {
				if !strings.Contains(got, want) {
					t.Errorf("%s: %s is not in %s", e.insert, want, got)
				}
			}
		case err := <-ended:
			t.Fatalf("Run ended: %v", err)
		}
	}
}
