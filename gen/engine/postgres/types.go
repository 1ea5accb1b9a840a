package postgres

import (
	"encoding/binary"
	"slices"
	"strings"
)

// typ is everything that is known of a type: one row of the table of types.
type typ struct {
	names      string // names in DDL and in the catalog, the last one as the database formats it
	oid, array uint32 // its number, and that of its array; 0 if they differ from database to database
	goType     string // in package pgbin if it has a capital
	decode     string // func([]byte) (T, error) in pgbin
	append     string // func([]byte, T) []byte in pgbin, writes canonical JSON
	elements   string // how the elements of its array are decoded: an Element in pgbin
	clone      clone
	text       bool // it is read in the database's own text form
	// The sample is a value for generated tests: the bytes that PostgreSQL sends in binary format, and what the message
	// has for them. So generated tests don't take the run time's word for it.
	wire, json string
}

// clone is how a value is copied.
type clone uint8

const (
	noView   clone = iota // it is not a view
	method                // its type has a method Clone
	asString              // strings.Clone
	asBytes               // bytes.Clone
)

// The samples of text end in what is outside of ASCII, and begin with what must be escaped.
const (
	cafe     = "caf\u00e9 \"1\"\n\U0001f680"
	cafeJSON = `"caf\u00e9 \"1\"\n\ud83d\ude80"`
)

var binaryTypes = []typ{
	{"bool,boolean", 16, 1000, "bool", "DecodeBool", "AppendBool", "Bools", noView, false,
		"\x01", "true"},
	{"int2,smallserial,serial2,smallint", 21, 1005, "int16", "DecodeInt2", "AppendInt2", "Int2s", noView, false,
		big(2, -2), "-2"},
	{"int4,int,serial,serial4,integer", 23, 1007, "int32", "DecodeInt4", "AppendInt4", "Int4s", noView, false,
		big(4, -70000), "-70000"},
	{"int8,bigserial,serial8,bigint", 20, 1016, "int64", "DecodeInt8", "AppendInt8", "Int8s", noView, false,
		big(8, 1<<53+1), "9007199254740993"},
	{"oid", 26, 1028, "uint32", "DecodeOID", "AppendOID", "OIDs", noView, false, big(4, 1<<32-1), "4294967295"},
	{"float4,real", 700, 1021, "float32", "DecodeFloat4", "AppendFloat4", "Float4s", noView, false,
		"\x3d\xcc\xcc\xcd", "0.1"},
	{"float8,float,double precision", 701, 1022, "float64", "DecodeFloat8", "AppendFloat8", "Float8s", noView, false,
		"\x43\x41\xc3\x79\x37\xe0\x80\x00", "1e+16"},
	{"decimal,numeric", 1700, 1231, "Numeric", "DecodeNumeric", "AppendNumeric", "Numerics", method, false,
		big(2, 2) + big(2, 0) + big(2, 0) + big(2, 2) + big(2, 12) + big(2, 5000), `"12.50"`},
	{"text", 25, 1009, "string", "DecodeText", "AppendText", "Texts", asString, false, cafe, cafeJSON},
	{"varchar,character varying", 1043, 1015, "string", "DecodeText", "AppendText", "Varchars", asString, false,
		"back\\slash", `"back\\slash"`},
	{"bpchar,char,character", 1042, 1014, "string", "DecodeText", "AppendText", "Bpchars", asString, false, "EU ",
		`"EU "`},
	{`"char"`, 18, 1002, "string", "DecodeChar", "AppendText", "Chars", asString, false, "x", `"x"`},
	{"name", 19, 1003, "string", "DecodeName", "AppendText", "Names", asString, false, "pg_class", `"pg_class"`},
	{"uuid", 2950, 2951, "UUID", "DecodeUUID", "AppendUUID", "UUIDs", noView, false,
		"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", `"00112233-4455-6677-8899-aabbccddeeff"`},
	{"date", 1082, 1182, "Date", "DecodeDate", "AppendDate", "Dates", noView, false, big(4, 8825), `"2024-02-29"`},
	{"time,time without time zone", 1083, 1183, "Time", "DecodeTime", "AppendTime", "Times", noView, false,
		big(8, 45296700000), `"12:34:56.7"`},
	{"timetz,time with time zone", 1266, 1270, "TimeTZ", "DecodeTimeTZ", "AppendTimeTZ", "TimeTZs", noView, false,
		big(8, 45296000000) + big(4, -5400), `"12:34:56+01:30"`},
	{"timestamp,timestamp without time zone", 1114, 1115, "Timestamp", "DecodeTimestamp", "AppendTimestamp", "Timestamps",
		noView, false, big(8, 757581617123456), `"2024-01-03T07:20:17.123456"`},
	{"timestamptz,timestamp with time zone", 1184, 1185, "TimestampTZ", "DecodeTimestampTZ", "AppendTimestampTZ",
		"TimestampTZs", noView, false, big(8, 757581617000000), `"2024-01-03T07:20:17Z"`},
	{"interval", 1186, 1187, "Interval", "DecodeInterval", "AppendInterval", "Intervals", noView, false,
		big(8, 14706700000) + big(4, 3) + big(4, 14), `"P1Y2M3DT4H5M6.7S"`},
	{"bytea", 17, 1001, "[]byte", "DecodeBytea", "AppendBytea", "Byteas", asBytes, false, "\x00\xff", `"AP8="`},
	{"json", 114, 199, "JSON", "DecodeJSON", "AppendJSON", "JSONs", method, false,
		`{"b":1.10, "a":[null,-0]}`, `{"a": [null, 0], "b": 1.1}`},
	{"jsonb", 3802, 3807, "JSON", "DecodeJSONB", "AppendJSON", "JSONBs", method, false,
		"\x01" + `{"b": 1.10, "a": {}}`, `{"a": {}, "b": 1.1}`},
	{"hstore", 0, 0, "Hstore", "DecodeHstore", "AppendHstore", "Hstores", method, false,
		big(4, 2) + big(4, 1) + "b" + big(4, -1) + big(4, 1) + "a" + big(4, 1) + `"`, `{"a": "\"", "b": null}`},
}

// enum is every enum, each of which has names and a number of its own.
var enum = typ{"enum", 0, 0, "string", "DecodeEnum", "AppendText", "Enums", asString, false, "so \"so\"", `"so \"so\""`}

// keyTypes are the types that a key can have. A smaller integer is held in a larger one.
var keyTypes = map[string]string{"smallint": "int64", "integer": "int64", "bigint": "int64"}

// types are all types that the database has by itself, and hstore.
var types = slices.Concat(binaryTypes, readAsText())

var byName = func() map[string]typ {
	all := map[string]typ{}
	for _, t := range types {
		for name := range strings.SplitSeq(t.names, ",") {
			all[name] = t
		}
	}
	return all
}()

// formatted is the type as the database formats it.
func (t *typ) formatted() string { return t.names[strings.LastIndexByte(t.names, ',')+1:] }

func names() (all [][]string) {
	for _, t := range types {
		all = append(all, strings.Split(t.names, ","))
	}
	return all
}

// big is an integer in network order.
func big(bytes int, n int64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	return string(b[8-bytes:])
}
