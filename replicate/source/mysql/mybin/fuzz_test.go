package mybin_test

import (
	"encoding/json"
	"testing"

	"github.com/repliqate/repliqate/replicate/source/mysql/mybin"
)

// use decodes and appends.
func use[T any](decode func([]byte) (T, error), appendTo func([]byte, T) []byte) func([]byte) ([]byte, bool) {
	return func(v []byte) ([]byte, bool) {
		decoded, err := decode(v)
		if err != nil {
			return nil, false
		}
		return appendTo(nil, decoded), true
	}
}

var all = map[string]func([]byte) ([]byte, bool){
	"tinyint":   use(mybin.DecodeTinyint, mybin.AppendInt[int8]),
	"smallint":  use(mybin.DecodeSmallintUnsigned, mybin.AppendUint[uint16]),
	"int":       use(mybin.DecodeInt, mybin.AppendInt[int32]),
	"bigint":    use(mybin.DecodeBigintUnsigned, mybin.AppendUint[uint64]),
	"bit":       use(mybin.DecodeBit, mybin.AppendUint[uint64]),
	"year":      use(mybin.DecodeYear, mybin.AppendUint[uint16]),
	"decimal":   use(mybin.DecodeDecimal, mybin.AppendDecimal),
	"float":     use(mybin.DecodeFloat, mybin.AppendFloat),
	"double":    use(mybin.DecodeDouble, mybin.AppendDouble),
	"date":      use(mybin.DecodeDate, mybin.AppendDate),
	"time":      use(mybin.DecodeTime, mybin.AppendTime),
	"datetime":  use(mybin.DecodeDatetime, mybin.AppendDatetime),
	"timestamp": use(mybin.DecodeTimestamp, mybin.AppendTimestamp),
	"text":      use(mybin.DecodeText, mybin.AppendText),
	"binary":    use(mybin.DecodeBinary, mybin.AppendBinary),
	"json":      use(mybin.DecodeJSON, mybin.AppendJSON),
	"geometry":  use(mybin.DecodeGeometry, mybin.AppendGeometry),
	"vector":    use(mybin.DecodeVector, mybin.AppendVector),
}

// FuzzDecode decodes any bytes as any type: what is taken is written as valid JSON, and nothing else happens.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "\x01", "12.50", "-0", "\xe8\x07\x01\x02", "\x01\x22\x00\x00\x00\x16\x3b\x3b",
		"\xe8\x07\x01\x03\x07\x14\x11\x40\xe2\x01\x00", `{"a": 1}`, "\x00\x00\x00\x00\x01\x01\x00\x00\x00", "é", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		for name, decode := range all {
			if out, ok := decode(v); ok && !json.Valid(out) {
				t.Errorf("%s: %q is written as %s", name, v, out)
			}
		}
	})
}

// TestRefused gives each decoder what is not of its type.
func TestRefused(t *testing.T) {
	for name, values := range map[string][]string{
		"tinyint": {"", "12"}, "smallint": {"1"}, "int": {"123"}, "bigint": {"1234567"}, "bit": {"", "123456789"},
		"decimal": {"", "-", "1.", ".5", "1.2.3", "1e5", "NaN"}, "float": {"12"}, "double": {"1234"},
		"date":     {"\xe8\x07\x01", "\xe8\x07\x0d\x01", "\xe8\x07\x01\x01\x01\x01\x01"},
		"datetime": {"\xe8\x07\x01\x01\x18\x00\x00", "\xff\xff\x01\x01"},
		"time":     {"\x02\x00\x00\x00\x00\x00\x00\x00", "\x00\x23\x00\x00\x00\x00\x00\x00", "\x00"},
		"text":     {"\xff", "a\xc3"}, "json": {"", "{", "nope"},
		"geometry": {"", "12345678", "\x00\x00\x00\x00\x02\x01\x00\x00\x00"},
		"vector":   {"123"},
	} {
		for _, v := range values {
			if out, ok := all[name]([]byte(v)); ok {
				t.Errorf("%s takes %q for %s", name, v, out)
			}
		}
	}
}
