package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/repliqate/repliqate/gen/model"
)

const (
	postgresPath = "github.com/repliqate/repliqate/replicate/source/postgres"
	pgbinPath    = postgresPath + "/pgbin"
)

// Postgres is PostgreSQL 14 and later.
var Postgres = &Engine{
	Name: "postgres", SQLC: "postgresql", Runtime: postgresPath, Default: "public",
	URI:         "postgresql://${DB_USER:-repliqate}:${DB_PASSWORD}@${DB_HOST:-localhost}:5432/${DB_NAME:-{package}}",
	Kind:        postgresKind,
	Quote:       quotePostgres,
	Placeholder: func(n int) string { return "$" + strconv.Itoa(n) },
	Lookup:      func(key string) string { return key + " = ANY($1::bigint[])" },
	KeyTypes:    map[string]bool{"smallint": true, "integer": true, "bigint": true},
	Words: []string{"AS IDENTITY", "::", "$$", "NEXTVAL", "CREATE TYPE", "CREATE DOMAIN", "CREATE SEQUENCE",
		"CREATE SCHEMA",
		"CREATE EXTENSION", "COMMENT ON", "ALTER TABLE ONLY", "PARTITION BY", "[ ]"},
	Hints: []string{"SERIAL", "BIGSERIAL", "SMALLSERIAL", "SERIAL4", "SERIAL8", "TIMESTAMPTZ", "TIMETZ", "WITH TIME ZONE",
		"JSONB",
		"BYTEA", "UUID", "INTERVAL", "DOUBLE PRECISION"},
}

func quotePostgres(name string) string {
	if plain(name) && !postgresReserved[name] {
		return name
	}
	return doubleQuote(name)
}

// postgresType is one row of the table of types.
type postgresType struct {
	names      string // names in DDL and in the catalog, the last one as the database formats it
	oid, array uint32
	goType     string // in package pgbin where it has a capital
	decode     string
	appendFunc string
	elements   string
	clone      string
}

var postgresTypes = []postgresType{
	{"bool,boolean", 16, 1000, "bool", "Bool", "AppendBool", "Bools", ""},
	{"int2,smallserial,serial2,smallint", 21, 1005, "int16", "Int2", "AppendInt2", "Int2s", ""},
	{"int4,int,serial,serial4,integer", 23, 1007, "int32", "Int4", "AppendInt4", "Int4s", ""},
	{"int8,bigserial,serial8,bigint", 20, 1016, "int64", "Int8", "AppendInt8", "Int8s", ""},
	{"oid", 26, 1028, "uint32", "OID", "AppendOID", "OIDs", ""},
	{"float4,real", 700, 1021, "float32", "Float4", "AppendFloat4", "Float4s", ""},
	{"float8,float,double precision", 701, 1022, "float64", "Float8", "AppendFloat8", "Float8s", ""},
	{"decimal,numeric", 1700, 1231, "Numeric", "NumericOf", "AppendNumeric", "Numerics", "Clone"},
	{"text", 25, 1009, "string", "Text", "AppendText", "Texts", "strings"},
	{"varchar,character varying", 1043, 1015, "string", "Text", "AppendText", "Varchars", "strings"},
	{"bpchar,char,character", 1042, 1014, "string", "Text", "AppendText", "Bpchars", "strings"},
	{`"char"`, 18, 1002, "string", "Char", "AppendText", "Chars", "strings"},
	{"name", 19, 1003, "string", "Name", "AppendText", "Names", "strings"},
	{"uuid", 2950, 2951, "UUID", "UUIDOf", "AppendUUID", "UUIDs", ""},
	{"date", 1082, 1182, "Date", "DateOf", "AppendDate", "Dates", ""},
	{"time,time without time zone", 1083, 1183, "Time", "TimeOf", "AppendTime", "Times", ""},
	{"timetz,time with time zone", 1266, 1270, "TimeTZ", "TimeTZOf", "AppendTimeTZ", "TimeTZs", ""},
	{"timestamp,timestamp without time zone", 1114, 1115, "Timestamp", "TimestampOf", "AppendTimestamp", "Timestamps", ""},
	{"timestamptz,timestamp with time zone", 1184, 1185,
		"TimestampTZ", "TimestampTZOf", "AppendTimestampTZ", "TimestampTZs", ""},
	{"interval", 1186, 1187, "Interval", "IntervalOf", "AppendInterval", "Intervals", ""},
	{"bytea", 17, 1001, "[]byte", "Bytea", "AppendBytea", "Byteas", "bytes"},
	{"json", 114, 199, "JSON", "JSONOf", "AppendJSON", "JSONs", "Clone"},
	{"jsonb", 3802, 3807, "JSON", "JSONBOf", "AppendJSON", "JSONBs", "Clone"},
}

var postgresEnum = postgresType{"enum", 0, 0, "string", "Enum", "AppendText", "Enums", "strings"}

var postgresByName = func() map[string]postgresType {
	byName := map[string]postgresType{}
	for _, t := range postgresTypes {
		for _, name := range strings.Split(t.names, ",") {
			byName[name] = t
		}
	}
	return byName
}()

// postgresKind finds a type in the table; enums, domains and arrays wrap around it.
func postgresKind(t Type) (model.Kind, string, error) {
	name := t.Name
	if t.Base != "" {
		name = t.Base
	}
	row, known := postgresByName[name]
	switch {
	case t.Enum:
		row = postgresEnum
	case !known:
		return model.Kind{}, "", fmt.Errorf("type %s is not supported", t.Name)
	}
	formatted := row.names[strings.LastIndexByte(row.names, ',')+1:]
	if t.Enum || t.Base != "" {
		formatted = quotePostgres(t.Name)
		if t.Schema != "" && t.Schema != "public" {
			formatted = quotePostgres(t.Schema) + "." + formatted
		}
	}
	kind := model.Kind{
		Go: pgbin(row.goType), Decode: pgbin(row.decode), Append: pgbin(row.appendFunc), OID: row.oid,
		Elems: pgbin(row.elements), Sample: postgresSamples[row.names[strings.LastIndexByte(row.names, ',')+1:]],
	}
	switch row.clone {
	case "strings", "bytes":
		kind.Clone = model.Ident{Path: row.clone, Name: "Clone"}
	case "Clone":
		kind.Clone = model.Ident{Path: pgbinPath, Name: row.goType + ".Clone"}
	}
	if t.Array {
		kind.Array, kind.OID, kind.Custom = true, row.array, t.Base != ""
		kind.Sample = arrayOf(kind.Sample, row.oid)
		if t.Base != "" {
			kind.OID = 0
		}
		formatted += "[]"
	}
	return kind, formatted, nil
}

func pgbin(name string) model.Ident {
	if name != "" && name[0] >= 'A' && name[0] <= 'Z' {
		return model.Ident{Path: pgbinPath, Name: name}
	}
	return model.Ident{Name: name}
}

// postgresReserved are the words that can't be a bare column or table name.
var postgresReserved = words(`all analyse analyze and any array as asc asymmetric authorization binary both case cast
	check collate collation column concurrently constraint create cross current_catalog current_date current_role
	current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except
	false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull
	join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order
	outer overlaps placing primary references returning right select session_user similar some symmetric system_user
	table tablesample then to trailing true union unique user using variadic verbose when where window with`)

func words(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}
