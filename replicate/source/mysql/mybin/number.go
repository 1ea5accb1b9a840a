package mybin

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// Error says why the bytes of a value are not of its type.
type Error struct{ Type, Problem string }

func (e *Error) Error() string { return "decode " + e.Type + ": " + e.Problem }

// sized checks the number of bytes.
func sized(typ string, v []byte, want int) error {
	if len(v) == want {
		return nil
	}
	return &Error{Type: typ, Problem: strconv.Itoa(len(v)) + " bytes, want " + strconv.Itoa(want)}
}

// DecodeTinyint decodes tinyint, boolean too: it is a number of one byte.
func DecodeTinyint(v []byte) (int8, error) {
	if err := sized("tinyint", v, 1); err != nil {
		return 0, err
	}
	return int8(v[0]), nil
}

// DecodeTinyintUnsigned decodes tinyint unsigned.
func DecodeTinyintUnsigned(v []byte) (uint8, error) {
	n, err := DecodeTinyint(v)
	return uint8(n), err
}

// DecodeSmallint decodes smallint.
func DecodeSmallint(v []byte) (int16, error) {
	if err := sized("smallint", v, 2); err != nil {
		return 0, err
	}
	return int16(binary.LittleEndian.Uint16(v)), nil
}

// DecodeSmallintUnsigned decodes smallint unsigned.
func DecodeSmallintUnsigned(v []byte) (uint16, error) {
	n, err := DecodeSmallint(v)
	return uint16(n), err
}

// DecodeInt decodes int and mediumint, which travel alike.
func DecodeInt(v []byte) (int32, error) {
	if err := sized("int", v, 4); err != nil {
		return 0, err
	}
	return int32(binary.LittleEndian.Uint32(v)), nil
}

// DecodeIntUnsigned decodes int unsigned and mediumint unsigned.
func DecodeIntUnsigned(v []byte) (uint32, error) {
	n, err := DecodeInt(v)
	return uint32(n), err
}

// DecodeBigint decodes bigint.
func DecodeBigint(v []byte) (int64, error) {
	if err := sized("bigint", v, 8); err != nil {
		return 0, err
	}
	return int64(binary.LittleEndian.Uint64(v)), nil
}

// DecodeBigintUnsigned decodes bigint unsigned.
func DecodeBigintUnsigned(v []byte) (uint64, error) {
	n, err := DecodeBigint(v)
	return uint64(n), err
}

// DecodeYear decodes year, whose zero is the year 0000.
func DecodeYear(v []byte) (uint16, error) {
	n, err := DecodeSmallint(v)
	return uint16(n), err
}

// DecodeBit decodes bit(1) to bit(64): the number that the bits make.
func DecodeBit(v []byte) (n uint64, err error) {
	if len(v) == 0 || len(v) > 8 {
		return 0, &Error{Type: "bit", Problem: strconv.Itoa(len(v)) + " bytes, want 1 to 8"}
	}
	for _, b := range v {
		n = n<<8 | uint64(b)
	}
	return n, nil
}

// AppendInt appends a signed number with all its digits.
func AppendInt[T int8 | int16 | int32 | int64](b []byte, v T) []byte {
	return canonical.AppendInt(b, int64(v))
}

// AppendUint appends an unsigned number with all its digits.
func AppendUint[T uint8 | uint16 | uint32 | uint64](b []byte, v T) []byte {
	return canonical.AppendUint(b, uint64(v))
}

// DecodeFloat decodes float.
func DecodeFloat(v []byte) (float32, error) {
	if err := sized("float", v, 4); err != nil {
		return 0, err
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(v)), nil
}

// AppendFloat appends the shortest digits that read back as a single.
func AppendFloat(b []byte, v float32) []byte { return canonical.AppendFloat32(b, v) }

// DecodeDouble decodes double.
func DecodeDouble(v []byte) (float64, error) {
	if err := sized("double", v, 8); err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(v)), nil
}

// AppendDouble appends the shortest digits that read back as a double.
func AppendDouble(b []byte, v float64) []byte { return canonical.AppendFloat64(b, v) }

// Decimal is a decimal number as text, with all digits of its scale. It is empty only in an empty row.
type Decimal string

// DecodeDecimal decodes decimal. The zeros that ZEROFILL puts before a number are not part of it.
func DecodeDecimal(v []byte) (Decimal, error) {
	digits := v
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	points := 0
	for i, c := range digits {
		if c == '.' && i > 0 && i < len(digits)-1 {
			points++
		} else if c < '0' || c > '9' {
			points = 2
		}
	}
	if len(digits) == 0 || points > 1 {
		return "", &Error{Type: "decimal", Problem: "it is not a decimal number"}
	}
	if len(digits) == len(v) {
		for len(v) > 1 && v[0] == '0' && v[1] != '.' {
			v = v[1:]
		}
	}
	return Decimal(view(v)), nil
}

// AppendDecimal appends the number as a string: "12.50".
func AppendDecimal(b []byte, v Decimal) []byte { return canonical.AppendString(b, string(v)) }

// Clone returns a copy that stays valid.
func (d Decimal) Clone() Decimal { return Decimal(strings.Clone(string(d))) }
