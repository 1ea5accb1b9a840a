package mysql

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// typ is everything that is known of a type: one row of the table of types.
type typ struct {
	names  string // names in DDL, the last one as the run time finds it in the catalog
	goType string // in package mybin if it has a capital
	decode string // func([]byte) (T, error) in mybin
	append string // func([]byte, T) []byte in mybin, writes canonical JSON
	clone  clone
	key    string // what holds it as a key; empty if it can't be a key
	// The sample is a value for generated tests: the bytes that the server sends in the binary protocol, and what the
	// message has for them. So generated tests don't take the run time's word for it.
	wire, json string
}

// clone is how a value is copied.
type clone uint8

const (
	noView   clone = iota // it is not a view
	method                // its type has a method Clone
	asString              // strings.Clone
	asBytes               // bytes.Clone
	asSlice               // slices.Clone
)

// The samples of text end in what is outside of ASCII, and begin with what must be escaped.
const (
	cafe     = "caf\u00e9 \"1\"\n\U0001f680"
	cafeJSON = `"caf\u00e9 \"1\"\n\ud83d\ude80"`
)

var types = []typ{
	{"int1,bool,boolean,tinyint", "int8", "DecodeTinyint", "AppendInt", noView, "int64", "\xfe", "-2"},
	{"tinyint unsigned", "uint8", "DecodeTinyintUnsigned", "AppendUint", noView, "int64", "\xff", "255"},
	{"int2,smallint", "int16", "DecodeSmallint", "AppendInt", noView, "int64", little(2, -2), "-2"},
	{"smallint unsigned", "uint16", "DecodeSmallintUnsigned", "AppendUint", noView, "int64", "\xff\xff", "65535"},
	{"int3,middleint,mediumint", "int32", "DecodeInt", "AppendInt", noView, "int64", little(4, -8388608), "-8388608"},
	{"mediumint unsigned", "uint32", "DecodeIntUnsigned", "AppendUint", noView, "int64", little(4, 16777215), "16777215"},
	{"int4,integer,int", "int32", "DecodeInt", "AppendInt", noView, "int64", little(4, -70000), "-70000"},
	{"int unsigned", "uint32", "DecodeIntUnsigned", "AppendUint", noView, "int64", "\xff\xff\xff\xff", "4294967295"},
	{"int8,bigint", "int64", "DecodeBigint", "AppendInt", noView, "int64", little(8, 1<<53+1), "9007199254740993"},
	{"bigint unsigned", "uint64", "DecodeBigintUnsigned", "AppendUint", noView, "uint64", little(8, -1),
		"18446744073709551615"},
	{"dec,fixed,numeric,number,decimal", "Decimal", "DecodeDecimal", "AppendDecimal", method, "", "12.50", `"12.50"`},
	{"float4,float", "float32", "DecodeFloat", "AppendFloat", noView, "", little(4, 0x3dcccccd), "0.1"},
	{"float8,double precision,real,double", "float64", "DecodeDouble", "AppendDouble", noView, "",
		little(8, 0x4341c37937e08000), "1e+16"},
	{"bit", "uint64", "DecodeBit", "AppendUint", noView, "", "\x02\x01", "513"},
	{"year", "uint16", "DecodeYear", "AppendUint", noView, "", little(2, 2155), "2155"},
	{"date", "Date", "DecodeDate", "AppendDate", noView, "", day(2024, 2, 29), `"2024-02-29"`},
	{"time", "Time", "DecodeTime", "AppendTime", noView, "", "\x01" + little(4, 34) + "\x16\x3b\x3b", `"-838:59:59"`},
	{"datetime", "Datetime", "DecodeDatetime", "AppendDatetime", noView, "",
		day(2024, 1, 3) + "\x07\x14\x11" + little(4, 123456), `"2024-01-03T07:20:17.123456"`},
	{"timestamp", "Timestamp", "DecodeTimestamp", "AppendTimestamp", noView, "",
		day(2024, 1, 3) + "\x07\x14\x11", `"2024-01-03T07:20:17Z"`},
	{"character,nchar,char", "string", "DecodeText", "AppendText", asString, "", "EU", `"EU"`},
	{"nvarchar,varcharacter,varchar2,varchar", "string", "DecodeText", "AppendText", asString, "",
		"back\\slash", `"back\\slash"`},
	{"tinytext", "string", "DecodeText", "AppendText", asString, "", "x", `"x"`},
	{"text", "string", "DecodeText", "AppendText", asString, "", cafe, cafeJSON},
	{"mediumtext", "string", "DecodeText", "AppendText", asString, "", cafe, cafeJSON},
	{"clob,longtext", "string", "DecodeText", "AppendText", asString, "", cafe, cafeJSON},
	{"binary", "[]byte", "DecodeBinary", "AppendBinary", asBytes, "", "a\x00", `"YQA="`},
	{"raw,varbinary", "[]byte", "DecodeBinary", "AppendBinary", asBytes, "", "\x00\xff", `"AP8="`},
	{"tinyblob", "[]byte", "DecodeBinary", "AppendBinary", asBytes, "", "\x00\xff", `"AP8="`},
	{"blob", "[]byte", "DecodeBinary", "AppendBinary", asBytes, "", "\x00\xff", `"AP8="`},
	{"mediumblob", "[]byte", "DecodeBinary", "AppendBinary", asBytes, "", "\x00\xff", `"AP8="`},
	{"longblob", "[]byte", "DecodeBinary", "AppendBinary", asBytes, "", "\x00\xff", `"AP8="`},
	{"enum", "string", "DecodeEnum", "AppendText", asString, "", "so \"so\"", `"so \"so\""`},
	{"set", "string", "DecodeSet", "AppendText", asString, "", "x,y z", `"x,y z"`},
	{"json", "JSON", "DecodeJSON", "AppendJSON", method, "", `{"b":1.10, "a":[null,-0]}`,
		`{"a": [null, 0], "b": 1.1}`},
	{"uuid", "string", "DecodeText", "AppendText", asString, "", "00112233-4455-6677-8899-aabbccddeeff",
		`"00112233-4455-6677-8899-aabbccddeeff"`},
	{"inet4", "string", "DecodeText", "AppendText", asString, "", "192.0.2.1", `"192.0.2.1"`},
	{"inet6", "string", "DecodeText", "AppendText", asString, "", "2001:db8::1", `"2001:db8::1"`},
	{"vector", "Vector", "DecodeVector", "AppendVector", asSlice, "", little(4, 0x3f800000) + little(4, 0x40200000),
		"[1.0, 2.5]"},
	geometry("geometry"), geometry("point"), geometry("linestring"), geometry("polygon"), geometry("multipoint"),
	geometry("multilinestring"), geometry("multipolygon"), geometry("geomcollection,geometrycollection"),
}

// geometry is a row of a kind of geometries, whose sample is a point, since all travel alike.
func geometry(names string) typ {
	point := "\x01" + little(4, 1) + little(8, 0x3ff0000000000000) + little(8, 0x4000000000000000)
	return typ{names, "Geometry", "DecodeGeometry", "AppendGeometry", asSlice, "", little(4, 0) + point,
		`"` + base64.StdEncoding.EncodeToString([]byte(point)) + `"`}
}

var byName = func() map[string]typ {
	all := map[string]typ{}
	for _, t := range types {
		for name := range strings.SplitSeq(t.names, ",") {
			all[name] = t
		}
	}
	return all
}()

// live is the type as the run time finds it in the catalog.
func (t *typ) live() string { return t.names[strings.LastIndexByte(t.names, ',')+1:] }

func names() (all [][]string) {
	for _, t := range types {
		all = append(all, strings.Split(t.names, ","))
	}
	return all
}

// little is an integer as it travels.
func little(bytes int, n int64) string {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	return string(b[:bytes])
}

// day is a date as it travels.
func day(year int64, month, day byte) string { return little(2, year) + string([]byte{month, day}) }
