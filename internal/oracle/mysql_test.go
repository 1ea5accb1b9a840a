package oracle_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/repliqate/repliqate/internal/oracle"
	"github.com/repliqate/repliqate/replicate/source/mysql/mybin"
)

var (
	text     = one(mybin.DecodeText, mybin.AppendText)
	binary   = one(mybin.DecodeBinary, mybin.AppendBinary)
	geometry = one(mybin.DecodeGeometry, mybin.AppendGeometry)
)

// mysqlRenders are what generated code calls for a column, by the type as the catalog has it.
var mysqlRenders = map[string]render{
	"tinyint":            one(mybin.DecodeTinyint, mybin.AppendInt[int8]),
	"tinyint unsigned":   one(mybin.DecodeTinyintUnsigned, mybin.AppendUint[uint8]),
	"smallint":           one(mybin.DecodeSmallint, mybin.AppendInt[int16]),
	"smallint unsigned":  one(mybin.DecodeSmallintUnsigned, mybin.AppendUint[uint16]),
	"mediumint":          one(mybin.DecodeInt, mybin.AppendInt[int32]),
	"mediumint unsigned": one(mybin.DecodeIntUnsigned, mybin.AppendUint[uint32]),
	"int":                one(mybin.DecodeInt, mybin.AppendInt[int32]),
	"int unsigned":       one(mybin.DecodeIntUnsigned, mybin.AppendUint[uint32]),
	"bigint":             one(mybin.DecodeBigint, mybin.AppendInt[int64]),
	"bigint unsigned":    one(mybin.DecodeBigintUnsigned, mybin.AppendUint[uint64]),
	"bit":                one(mybin.DecodeBit, mybin.AppendUint[uint64]),
	"year":               one(mybin.DecodeYear, mybin.AppendUint[uint16]),
	"decimal":            one(mybin.DecodeDecimal, mybin.AppendDecimal),
	"float":              one(mybin.DecodeFloat, mybin.AppendFloat),
	"double":             one(mybin.DecodeDouble, mybin.AppendDouble),
	"date":               one(mybin.DecodeDate, mybin.AppendDate),
	"time":               one(mybin.DecodeTime, mybin.AppendTime),
	"datetime":           one(mybin.DecodeDatetime, mybin.AppendDatetime),
	"timestamp":          one(mybin.DecodeTimestamp, mybin.AppendTimestamp),
	"json":               one(mybin.DecodeJSON, mybin.AppendJSON),
	"vector":             one(mybin.DecodeVector, mybin.AppendVector),
	"enum":               one(mybin.DecodeEnum, mybin.AppendText),
	"set":                one(mybin.DecodeSet, mybin.AppendText),
	"char":               text, "varchar": text, "tinytext": text, "text": text, "mediumtext": text, "longtext": text,
	"uuid": text, "inet4": text, "inet6": text,
	"binary": binary, "varbinary": binary, "tinyblob": binary, "blob": binary, "mediumblob": binary, "longblob": binary,
	"geometry": geometry, "point": geometry, "linestring": geometry, "polygon": geometry, "multipoint": geometry,
	"multilinestring": geometry, "multipolygon": geometry, "geometrycollection": geometry,
}

// What MySQL and MariaDB send for the rows is published as the Python daemon publishes them.
func TestMySQLVectors(t *testing.T) {
	v := load(t, "mysql")
	check(t, v, func(table oracle.Table, r *oracle.Row) []byte { return rendered(t, mysqlRenders, table, r) })
}

// rendered is the data of a row that was sent.
func rendered(t *testing.T, renders map[string]render, table oracle.Table, r *oracle.Row) []byte {
	t.Helper()
	values := map[string]string{}
	for _, c := range table.Columns {
		values[c.Name] = "null"
		wire, ok := r.Wire[c.Name]
		if !ok {
			continue
		}
		render := renders[c.Type]
		if render == nil {
			t.Fatalf("no decoder for type %s", c.Type)
		}
		out, err := render(wire)
		if err != nil {
			t.Errorf("column %s of type %s, %q: %v", c.Name, c.Type, r.Row[c.Name], err)
			return nil
		}
		values[c.Name] = string(out)
	}
	return oracle.Data(values, slices.Sorted(maps.Keys(values)))
}
