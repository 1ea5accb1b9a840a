package engine

import (
	"encoding/binary"

	"github.com/repliqate/repliqate/gen/model"
)

// postgresSamples has a value of each type, by the name that the database formats: the bytes that
// PostgreSQL sends in binary format, and what the message has for them. Generated tests are made of
// these, so that they don't take the run time's word for it.
var postgresSamples = map[string]model.Sample{
	"boolean":          {Wire: "\x01", JSON: "true"},
	"smallint":         {Wire: big(2, -2), JSON: "-2"},
	"integer":          {Wire: big(4, -70000), JSON: "-70000"},
	"bigint":           {Wire: big(8, 1<<53+1), JSON: "9007199254740993"},
	"oid":              {Wire: big(4, 1<<32-1), JSON: "4294967295"},
	"real":             {Wire: "\x3d\xcc\xcc\xcd", JSON: "0.1"},
	"double precision": {Wire: "\x43\x41\xc3\x79\x37\xe0\x80\x00", JSON: "1e+16"},
	"numeric": {Wire: big(2, 2) + big(2, 0) + big(2, 0) + big(2, 2) + big(2, 12) + big(2, 5000),
		JSON: `"12.50"`},
	"text":              {Wire: "caf\u00e9 \"1\"\n\U0001f680", JSON: `"caf\u00e9 \"1\"\n\ud83d\ude80"`},
	"character varying": {Wire: "back\\slash", JSON: `"back\\slash"`},
	"character":         {Wire: "EU ", JSON: `"EU "`},
	`"char"`:            {Wire: "x", JSON: `"x"`},
	"name":              {Wire: "pg_class", JSON: `"pg_class"`},
	"uuid": {Wire: "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
		JSON: `"00112233-4455-6677-8899-aabbccddeeff"`},
	"date":                        {Wire: big(4, 8825), JSON: `"2024-02-29"`},
	"time without time zone":      {Wire: big(8, 45296700000), JSON: `"12:34:56.7"`},
	"time with time zone":         {Wire: big(8, 45296000000) + big(4, -5400), JSON: `"12:34:56+01:30"`},
	"timestamp without time zone": {Wire: big(8, 757581617123456), JSON: `"2024-01-03T07:20:17.123456"`},
	"timestamp with time zone":    {Wire: big(8, 757581617000000), JSON: `"2024-01-03T07:20:17Z"`},
	"interval":                    {Wire: big(8, 14706700000) + big(4, 3) + big(4, 14), JSON: `"P1Y2M3DT4H5M6.7S"`},
	"bytea":                       {Wire: "\x00\xff", JSON: `"AP8="`},
	"json":                        {Wire: `{"b":1.10, "a":[null,-0]}`, JSON: `{"a": [null, 0], "b": 1.1}`},
	"jsonb":                       {Wire: "\x01" + `{"b": 1.10, "a": {}}`, JSON: `{"a": {}, "b": 1.1}`},
	"enum":                        {Wire: "so \"so\"", JSON: `"so \"so\""`},
}

// big is an integer of so many bytes in network order.
func big(bytes int, n int64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	return string(b[8-bytes:])
}

// arrayOf is a sample of an array of two elements, of which the second is null.
func arrayOf(element model.Sample, oid uint32) model.Sample {
	header := big(4, 1) + big(4, 1) + big(4, int64(oid)) + big(4, 2) + big(4, 1)
	return model.Sample{Wire: header + big(4, int64(len(element.Wire))) + element.Wire + big(4, -1),
		JSON: "[" + element.JSON + ", null]"}
}

// sqliteSamples has a value by the method that writes it, and by declared type where that is usual.
var sqliteSamples = map[string]model.Sample{
	"AppendJSON":     {Class: "Text", Wire: "caf\u00e9 \"1\"\n", JSON: `"caf\u00e9 \"1\"\n"`},
	"AppendBool":     {Class: "Integer", Wire: "1", JSON: "true"},
	"AppendEmbedded": {Class: "Text", Wire: `{"b":1.10, "a":[null]}`, JSON: `{"a": [null], "b": 1.1}`},
	"INTEGER":        {Class: "Integer", Wire: "9007199254740993", JSON: "9007199254740993"},
	"INT":            {Class: "Integer", Wire: "-2", JSON: "-2"},
	"BIGINT":         {Class: "Integer", Wire: "9007199254740993", JSON: "9007199254740993"},
	"REAL":           {Class: "Real", Wire: "1e+16", JSON: "1e+16"},
	"BLOB":           {Class: "Blob", Wire: "\x00\xff", JSON: `"AP8="`},
}
