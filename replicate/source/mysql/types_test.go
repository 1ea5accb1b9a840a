package mysql_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/mysql"
	"github.com/repliqate/repliqate/replicate/source/mysql/mybin"
)

// cell is a row of a table with a key and one column of any type, as canonical JSON.
type cell struct {
	ID    uint64
	Value string
}

// value returns a decoder that writes what it has decoded.
func value[T any](decode func([]byte) (T, error), appendTo func([]byte, T) []byte) func([]byte) (string, error) {
	return func(v []byte) (string, error) {
		decoded, err := decode(v)
		return string(appendTo(nil, decoded)), err
	}
}

func cells(typ string, decode func([]byte) (string, error)) *mysql.Table[cell, uint64] {
	const columns = "SELECT id, v FROM cells"
	return &mysql.Table[cell, uint64]{
		Table: replicate.Table[cell, uint64]{
			Name: "cells", KeyColumn: "id", Fields: []string{"id", "v"}, Regenerate: "repliqate-gen",
			Columns:    []replicate.Column{{Name: "id", Type: "bigint unsigned"}, {Name: "v", Type: typ, Nullable: true}},
			Key:        func(r *cell) uint64 { return r.ID },
			AppendJSON: func(b []byte, r *cell) []byte { return append(b, r.Value...) },
		},
		Unqualified: "cells", Relation: "cells",
		First: columns + " ORDER BY id LIMIT ?", Next: columns + " WHERE id > ? ORDER BY id LIMIT ?",
		At: columns + " WHERE id = ?", Lookup: columns + " WHERE id IN (" + mysql.KeysParameter + ") ORDER BY id",
		Scan: func(r *cell, v [][]byte) (err error) {
			r.ID = replicate.NotNull(&err, "id", v[0], mybin.DecodeBigintUnsigned)
			r.Value = "null"
			if v[1] != nil {
				r.Value = replicate.NotNull(&err, "v", v[1], decode)
			}
			return err
		},
		ScanKey: func(v [][]byte) (key uint64, err error) {
			key = replicate.NotNull(&err, "id", v[0], mybin.DecodeBigintUnsigned)
			return key, err
		},
	}
}

var number = map[string]func([]byte) (string, error){
	"tinyint":            value(mybin.DecodeTinyint, mybin.AppendInt[int8]),
	"tinyint unsigned":   value(mybin.DecodeTinyintUnsigned, mybin.AppendUint[uint8]),
	"smallint":           value(mybin.DecodeSmallint, mybin.AppendInt[int16]),
	"smallint unsigned":  value(mybin.DecodeSmallintUnsigned, mybin.AppendUint[uint16]),
	"mediumint":          value(mybin.DecodeInt, mybin.AppendInt[int32]),
	"mediumint unsigned": value(mybin.DecodeIntUnsigned, mybin.AppendUint[uint32]),
	"int":                value(mybin.DecodeInt, mybin.AppendInt[int32]),
	"int unsigned":       value(mybin.DecodeIntUnsigned, mybin.AppendUint[uint32]),
	"bigint":             value(mybin.DecodeBigint, mybin.AppendInt[int64]),
	"bigint unsigned":    value(mybin.DecodeBigintUnsigned, mybin.AppendUint[uint64]),
	"bit":                value(mybin.DecodeBit, mybin.AppendUint[uint64]),
	"year":               value(mybin.DecodeYear, mybin.AppendUint[uint16]),
	"decimal":            value(mybin.DecodeDecimal, mybin.AppendDecimal),
	"float":              value(mybin.DecodeFloat, mybin.AppendFloat),
	"double":             value(mybin.DecodeDouble, mybin.AppendDouble),
	"date":               value(mybin.DecodeDate, mybin.AppendDate),
	"time":               value(mybin.DecodeTime, mybin.AppendTime),
	"datetime":           value(mybin.DecodeDatetime, mybin.AppendDatetime),
	"timestamp":          value(mybin.DecodeTimestamp, mybin.AppendTimestamp),
	"json":               value(mybin.DecodeJSON, mybin.AppendJSON),
	"vector":             value(mybin.DecodeVector, mybin.AppendVector),
	"point":              value(mybin.DecodeGeometry, mybin.AppendGeometry),
}

var (
	textOf  = value(mybin.DecodeText, mybin.AppendText)
	bytesOf = value(mybin.DecodeBinary, mybin.AppendBinary)
)

// typeCases are values in SQL, and what is published of each.
var typeCases = []struct {
	typ, ddl, product string // product: the only one that has the type
	values            [][2]string
}{
	{"tinyint", "tinyint(1)", "", [][2]string{{"-128", "-128"}, {"2", "2"}, {"127", "127"}, {"NULL", "null"}}},
	{"tinyint unsigned", "tinyint unsigned", "", [][2]string{{"255", "255"}}},
	{"smallint", "smallint", "", [][2]string{{"-32768", "-32768"}}},
	{"smallint unsigned", "smallint unsigned", "", [][2]string{{"65535", "65535"}}},
	{"mediumint", "mediumint", "", [][2]string{{"-8388608", "-8388608"}, {"8388607", "8388607"}}},
	{"mediumint unsigned", "mediumint unsigned", "", [][2]string{{"16777215", "16777215"}}},
	{"int", "int", "", [][2]string{{"-2147483648", "-2147483648"}}},
	{"int unsigned", "int(9) unsigned zerofill", "", [][2]string{{"4294967295", "4294967295"}, {"7", "7"}}},
	{"bigint", "bigint", "", [][2]string{{"-9223372036854775808", "-9223372036854775808"}}},
	{"bigint unsigned", "bigint unsigned", "", [][2]string{{"18446744073709551615", "18446744073709551615"}}},
	{"bit", "bit(1)", "", [][2]string{{"b'1'", "1"}, {"b'0'", "0"}}},
	{"bit", "bit(10)", "", [][2]string{{"b'1000000001'", "513"}}},
	{"bit", "bit(64)", "", [][2]string{{"~0", "18446744073709551615"}}},
	{"year", "year", "", [][2]string{{"2155", "2155"}, {"0", "0"}, {"1901", "1901"}}},
	{"decimal", "decimal(65,30)", "", [][2]string{{"-" + strings.Repeat("9", 35) + ".5",
		`"-` + strings.Repeat("9", 35) + ".5" + strings.Repeat("0", 29) + `"`}}},
	{"decimal", "decimal(8,2) zerofill", "MariaDB", [][2]string{{"12.5", `"12.50"`}, {"0", `"0.00"`}}},
	{"float", "float", "", [][2]string{{"16777217", "16777216.0"}, {"0.1", "0.1"}, {"1.17549435e-38", "1.1754944e-38"},
		{"3.4028235e38", "3.4028235e+38"}, {"-1234567.9", "-1234567.9"}}},
	{"double", "double", "", [][2]string{{"1.7976931348623157e308", "1.7976931348623157e+308"}, {"0.1", "0.1"}, {"5e-324",
		"5e-324"}}},
	{"date", "date", "", [][2]string{{"'2024-02-29'", `"2024-02-29"`}, {"'0000-00-00'", `"0000-00-00"`},
		{"'2024-00-00'", `"2024-00-00"`}, {"'9999-12-31'", `"9999-12-31"`}}},
	{"time", "time(6)", "", [][2]string{{"'-838:59:59'", `"-838:59:59"`}, {"'838:59:58.999999'", `"838:59:58.999999"`},
		{"'-00:00:00.000001'", `"-00:00:00.000001"`}, {"'24:00:00.5'", `"24:00:00.5"`}, {"'00:00:00'", `"00:00:00"`}}},
	{"datetime", "datetime(6)", "", [][2]string{{"'2024-01-03 07:20:17.123450'", `"2024-01-03T07:20:17.12345"`},
		{"'0000-00-00'", `"0000-00-00 00:00:00"`}, {"'2024-02-00 00:00:00'", `"2024-02-00 00:00:00"`},
		{"'9999-12-31 23:59:59.999999'", `"9999-12-31T23:59:59.999999"`}}},
	{"timestamp", "timestamp(3) NULL", "", [][2]string{{"'2024-01-03 07:20:17.5'", `"2024-01-03T07:20:17.5Z"`},
		{"'0000-00-00'", `"0000-00-00 00:00:00"`}}},
	{"varchar", "varchar(20) COLLATE utf8mb4_bin", "", [][2]string{{"'été'", `"\u00e9t\u00e9"`},
		{"_utf8mb4 x'F09F98A5'", `"\ud83d\ude25"`}, {"''", `""`}}},
	{"varbinary", "varchar(20) CHARACTER SET binary", "", [][2]string{{"x'00ff'", `"AP8="`}}},
	{"text", "text CHARACTER SET latin1", "", [][2]string{{"'café'", `"caf\u00e9"`}}},
	{"varchar", "varchar(9) CHARACTER SET gbk", "", [][2]string{{"'中'", `"\u4e2d"`}}},
	{"varchar", "varchar(9) CHARACTER SET sjis", "", [][2]string{{"'日本'", `"\u65e5\u672c"`}}},
	{"varchar", "varchar(9) CHARACTER SET utf16", "", [][2]string{{"_utf8mb4 x'F09F98A5'", `"\ud83d\ude25"`}}},
	{"char", "char(5)", "", [][2]string{{"'ab'", `"ab"`}}},
	{"binary", "binary(4)", "", [][2]string{{"x'6100'", `"YQAAAA=="`}}},
	{"longblob", "longblob", "", [][2]string{{"x'00'", `"AA=="`}, {"''", `""`}}},
	{"enum", "enum('a','b,c','d''e','')", "", [][2]string{{"'b,c'", `"b,c"`}, {`'d\'e'`, `"d'e"`}, {"''", `""`},
		{"'none'", `""`}}},
	{"set", "set('x','y z')", "", [][2]string{{"'y z,x'", `"x,y z"`}, {"''", `""`}}},
	{"json", "json", "", [][2]string{{`'{"b": 1, "a": [1.10, "\\u00e9"]}'`, `{"a": [1.1, "\u00e9"], "b": 1}`}}},
	{"point", "point", "", [][2]string{{"ST_GeomFromText('POINT(1 2)')", `"AQEAAAAAAAAAAADwPwAAAAAAAABA"`},
		{"ST_GeomFromText('POINT(1 2)', 3857)", `"AQEAACARDwAAAAAAAAAA8D8AAAAAAAAAQA=="`}}},
	{"vector", "vector(2)", "MySQL", [][2]string{{"STRING_TO_VECTOR('[1,2.5]')", "[1.0, 2.5]"}}},
	{"uuid", "uuid", "MariaDB", [][2]string{{"'123E4567-e89b-12d3-a456-426655440000'",
		`"123e4567-e89b-12d3-a456-426655440000"`}}},
	{"inet4", "inet4", "MariaDB", [][2]string{{"'192.168.0.1'", `"192.168.0.1"`}}},
	{"inet6", "inet6", "MariaDB", [][2]string{{"'2001:db8::1'", `"2001:db8::1"`}}},
}

// TestTypes reads every type at its edges. Session, server and user have settings that would change what is read.
func TestTypes(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, "SELECT 1")
		s := d.session()
		s.exec("SET GLOBAL time_zone = '+05:30'; SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES," +
			"PAD_CHAR_TO_FULL_LENGTH'; SET GLOBAL completion_type = 1; SET NAMES utf8mb4;" +
			" SET time_zone = '+00:00', sql_mode = ''")
		t.Cleanup(func() {
			_ = d.session().try("SET GLOBAL time_zone = 'SYSTEM'; SET GLOBAL sql_mode = ''; SET GLOBAL completion_type = 0")
		})
		for _, c := range typeCases {
			if c.product != "" && c.product != m.Product {
				continue
			}
			t.Run(c.ddl, func(t *testing.T) {
				s.exec("DROP TABLE IF EXISTS cells; CREATE TABLE cells (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, v " +
					c.ddl + ") DEFAULT CHARSET utf8mb4")
				for _, v := range c.values {
					s.exec("INSERT IGNORE INTO cells (v) VALUES (" + v[0] + ")")
				}
				decode := number[c.typ]
				switch {
				case decode != nil:
				case strings.Contains(c.typ, "bin") || strings.Contains(c.typ, "blob"):
					decode = bytesOf
				default:
					decode = textOf
				}
				source := newSource(t, cells(c.typ, decode), options{uri: d.uri("root")})
				if err := open(t, source, replicate.Offset{}); err != nil {
					t.Fatal(err)
				}
				page, err := poll(t, source, nil)
				if err != nil || page.Len() != len(c.values) {
					t.Fatalf("%d rows, %v", page.Len(), err)
				}
				for i, message := range page.Messages() {
					want := `"data": ` + c.values[i][1] + `, "hash"`
					if !bytes.Contains(message.Value, []byte(want)) {
						t.Errorf("%s is published as %s, want %s", c.values[i][0], message.Value, want)
					}
				}
			})
		}
	})
}

// TestUnsignedKeys reads keys up to the largest number there is.
func TestUnsignedKeys(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, "CREATE TABLE cells (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, v int);"+
			" INSERT INTO cells VALUES (1, 1), (9223372036854775808, 2), (18446744073709551614, 3)")
		source := newSource(t, cells("int", number["int"]), options{uri: d.uri("root")})
		if err := open(t, source, replicate.Offset{Key: "9223372036854775808"}); err != nil {
			t.Fatal(err)
		}
		after := uint64(math.MaxInt64)
		page, err := poll(t, source, &after)
		if err != nil || page.Len() != 2 || page.Last != math.MaxUint64-1 {
			t.Fatalf("%d rows up to %d, %v", page.Len(), page.Last, err)
		}
	})
}

// TestLargeRow reads a row of 64 MB, and the one behind it.
func TestLargeRow(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, plain)
		d.exec("INSERT INTO events (`text`) VALUES (REPEAT('x', 64 << 20)), ('small')")
		source := d.source("events", options{})
		if err := open(t, source, replicate.Offset{}); err != nil {
			t.Fatal(err)
		}
		page, err := poll(t, source, nil)
		if err != nil || page.Len() != 1 || page.Bytes() < 64<<20 {
			t.Fatalf("%d rows, %v", page.Len(), err)
		}
		after := int64(1)
		if page, err = poll(t, source, &after); err != nil || page.Len() != 1 {
			t.Fatalf("%d rows behind it, %v", page.Len(), err)
		}
	})
}
