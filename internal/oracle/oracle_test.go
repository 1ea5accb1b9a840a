package oracle_test

import (
	"maps"
	"slices"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/repliqate/repliqate/internal/oracle"
	"github.com/repliqate/repliqate/replicate/source/postgres/pgbin"
	"github.com/repliqate/repliqate/replicate/source/sqlite/sqlval"
)

func load(t *testing.T, engine string) *oracle.Vectors {
	t.Helper()
	v, err := oracle.Load(engine)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Rows) < 200 {
		t.Fatalf("%d vectors of %s: make oracle writes more", len(v.Rows), engine)
	}
	return v
}

// check compares every row, and wants every difference that is listed to be among them.
func check(t *testing.T, v *oracle.Vectors, data func(table oracle.Table, r *oracle.Row) []byte) {
	t.Helper()
	seen, differing := 0, 0
	for _, table := range v.Tables {
		if table.Differs() {
			differing += len(v.Of(table.Name))
		}
		for i, r := range v.Of(table.Name) {
			if err := v.Check(r, data(table, r)); err != nil {
				t.Errorf("table %s, row %d, %q: %v", table.Name, i+1, r.Row, err)
			}
			seen++
		}
	}
	if seen != len(v.Rows) || differing != len(v.Differences) {
		t.Errorf("%d of %d rows were compared; %d rows differ, %d are listed",
			seen, len(v.Rows), differing, len(v.Differences))
	}
}

// A render decodes a value from the wire and writes it as JSON.
type render func([]byte) ([]byte, error)

func one[T any](decode func([]byte) (T, error), write func([]byte, T) []byte) render {
	return func(wire []byte) ([]byte, error) {
		v, err := decode(wire)
		if err != nil {
			return nil, err
		}
		return write(nil, v), nil
	}
}

func many[T any](e *pgbin.Element[T]) render {
	return one(e.DecodeArray, pgbin.AppendArray[T])
}

// renders are what generated code calls for a column, by the type as PostgreSQL formats it.
var renders = map[string]render{
	"boolean":                       one(pgbin.DecodeBool, pgbin.AppendBool),
	"smallint":                      one(pgbin.DecodeInt2, pgbin.AppendInt2),
	"integer":                       one(pgbin.DecodeInt4, pgbin.AppendInt4),
	"bigint":                        one(pgbin.DecodeInt8, pgbin.AppendInt8),
	"oid":                           one(pgbin.DecodeOID, pgbin.AppendOID),
	"positive":                      one(pgbin.DecodeInt4, pgbin.AppendInt4),
	"real":                          one(pgbin.DecodeFloat4, pgbin.AppendFloat4),
	"double precision":              one(pgbin.DecodeFloat8, pgbin.AppendFloat8),
	"numeric":                       one(pgbin.DecodeNumeric, pgbin.AppendNumeric),
	"text":                          one(pgbin.DecodeText, pgbin.AppendText),
	"note":                          one(pgbin.DecodeText, pgbin.AppendText),
	"character varying":             one(pgbin.DecodeText, pgbin.AppendText),
	"character":                     one(pgbin.DecodeText, pgbin.AppendText),
	`"char"`:                        one(pgbin.DecodeChar, pgbin.AppendText),
	"name":                          one(pgbin.DecodeName, pgbin.AppendText),
	"mood":                          one(pgbin.DecodeEnum, pgbin.AppendText),
	"uuid":                          one(pgbin.DecodeUUID, pgbin.AppendUUID),
	"bytea":                         one(pgbin.DecodeBytea, pgbin.AppendBytea),
	"date":                          one(pgbin.DecodeDate, pgbin.AppendDate),
	"time without time zone":        one(pgbin.DecodeTime, pgbin.AppendTime),
	"time with time zone":           one(pgbin.DecodeTimeTZ, pgbin.AppendTimeTZ),
	"timestamp without time zone":   one(pgbin.DecodeTimestamp, pgbin.AppendTimestamp),
	"timestamp with time zone":      one(pgbin.DecodeTimestampTZ, pgbin.AppendTimestampTZ),
	"interval":                      one(pgbin.DecodeInterval, pgbin.AppendInterval),
	"json":                          one(pgbin.DecodeJSON, pgbin.AppendJSON),
	"jsonb":                         one(pgbin.DecodeJSONB, pgbin.AppendJSON),
	"boolean[]":                     many(pgbin.Bools),
	"smallint[]":                    many(pgbin.Int2s),
	"integer[]":                     many(pgbin.Int4s),
	"bigint[]":                      many(pgbin.Int8s),
	"oid[]":                         many(pgbin.OIDs),
	"positive[]":                    one(pgbin.Int4s.DecodeDomainArray, pgbin.AppendArray[int32]),
	"real[]":                        many(pgbin.Float4s),
	"double precision[]":            many(pgbin.Float8s),
	"numeric[]":                     many(pgbin.Numerics),
	"text[]":                        many(pgbin.Texts),
	"character varying[]":           many(pgbin.Varchars),
	"character[]":                   many(pgbin.Bpchars),
	`"char"[]`:                      many(pgbin.Chars),
	"name[]":                        many(pgbin.Names),
	"mood[]":                        many(pgbin.Enums),
	"uuid[]":                        many(pgbin.UUIDs),
	"bytea[]":                       many(pgbin.Byteas),
	"date[]":                        many(pgbin.Dates),
	"time without time zone[]":      many(pgbin.Times),
	"time with time zone[]":         many(pgbin.TimeTZs),
	"timestamp without time zone[]": many(pgbin.Timestamps),
	"timestamp with time zone[]":    many(pgbin.TimestampTZs),
	"interval[]":                    many(pgbin.Intervals),
	"json[]":                        many(pgbin.JSONs),
	"jsonb[]":                       many(pgbin.JSONBs),
}

// What PostgreSQL sends for the rows is published as the Python daemon publishes them.
func TestPostgresVectors(t *testing.T) {
	v := load(t, "postgres")
	check(t, v, func(table oracle.Table, r *oracle.Row) []byte { return rendered(t, renders, table, r) })
}

// methods are what generated code calls for a column of SQLite, by its declared type.
var methods = map[string]func(sqlval.Value, []byte) []byte{
	"BOOLEAN": sqlval.Value.AppendBool, "BOOL": sqlval.Value.AppendBool,
	"JSON": sqlval.Value.AppendEmbedded, "JSONB": sqlval.Value.AppendEmbedded,
}

// What SQLite holds after the rows were inserted is published as the Python daemon publishes it.
func TestSQLiteVectors(t *testing.T) {
	v := load(t, "sqlite")
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := v.FillSQLite(conn); err != nil {
		t.Fatal(err)
	}
	rows := map[string]*sqlval.Row{}
	check(t, v, func(table oracle.Table, r *oracle.Row) []byte {
		row := rows[table.Name]
		if row == nil {
			row = &sqlval.Row{Stmt: conn.Prep("SELECT * FROM " + table.Name + " ORDER BY id")}
			rows[table.Name] = row
		}
		if found, err := row.Stmt.Step(); err != nil || !found {
			t.Fatalf("table %s ends early: %v", table.Name, err)
		}
		row.Next()
		values := map[string]string{}
		for i, c := range table.Columns {
			value, err := row.Value(i)
			if err != nil {
				t.Errorf("column %s: %v", c.Name, err)
			}
			write := methods[c.Type]
			if write == nil {
				write = sqlval.Value.AppendJSON
			}
			values[c.Name] = string(write(value, nil))
		}
		return oracle.Data(values, slices.Sorted(maps.Keys(values)))
	})
}
