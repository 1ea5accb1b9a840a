package pgbin

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// Error says why the bytes of a value are not of its type.
type Error struct{ Type, Problem string }

func (e *Error) Error() string { return "decode " + e.Type + ": " + e.Problem }

func wrongLength(typ string, have, want int) error {
	return &Error{Type: typ, Problem: strconv.Itoa(have) + " bytes, want " + strconv.Itoa(want)}
}

// DecodeBool decodes boolean.
func DecodeBool(v []byte) (bool, error) {
	if len(v) != 1 {
		return false, wrongLength("bool", len(v), 1)
	}
	if v[0] > 1 {
		return false, &Error{Type: "bool", Problem: "it is neither 0 nor 1"}
	}
	return v[0] == 1, nil
}

// AppendBool appends true or false.
func AppendBool(b []byte, v bool) []byte { return canonical.AppendBool(b, v) }

// DecodeInt2 decodes smallint.
func DecodeInt2(v []byte) (int16, error) {
	if len(v) != 2 {
		return 0, wrongLength("int2", len(v), 2)
	}
	return int16(binary.BigEndian.Uint16(v)), nil
}

// AppendInt2 appends the number.
func AppendInt2(b []byte, v int16) []byte { return canonical.AppendInt(b, int64(v)) }

// DecodeInt4 decodes integer.
func DecodeInt4(v []byte) (int32, error) {
	if len(v) != 4 {
		return 0, wrongLength("int4", len(v), 4)
	}
	return int32(binary.BigEndian.Uint32(v)), nil
}

// AppendInt4 appends the number.
func AppendInt4(b []byte, v int32) []byte { return canonical.AppendInt(b, int64(v)) }

// DecodeInt8 decodes bigint.
func DecodeInt8(v []byte) (int64, error) {
	if len(v) != 8 {
		return 0, wrongLength("int8", len(v), 8)
	}
	return int64(binary.BigEndian.Uint64(v)), nil
}

// AppendInt8 appends the number.
func AppendInt8(b []byte, v int64) []byte { return canonical.AppendInt(b, v) }

// DecodeOID decodes oid.
func DecodeOID(v []byte) (uint32, error) {
	if len(v) != 4 {
		return 0, wrongLength("oid", len(v), 4)
	}
	return binary.BigEndian.Uint32(v), nil
}

// AppendOID appends the number.
func AppendOID(b []byte, v uint32) []byte { return canonical.AppendUint(b, uint64(v)) }

// DecodeFloat4 decodes real.
func DecodeFloat4(v []byte) (float32, error) {
	if len(v) != 4 {
		return 0, wrongLength("float4", len(v), 4)
	}
	return math.Float32frombits(binary.BigEndian.Uint32(v)), nil
}

// AppendFloat4 appends the shortest digits that read back as a single.
func AppendFloat4(b []byte, v float32) []byte { return canonical.AppendFloat32(b, v) }

// DecodeFloat8 decodes double precision.
func DecodeFloat8(v []byte) (float64, error) {
	if len(v) != 8 {
		return 0, wrongLength("float8", len(v), 8)
	}
	return math.Float64frombits(binary.BigEndian.Uint64(v)), nil
}

// AppendFloat8 appends the shortest digits that read back as a double.
func AppendFloat8(b []byte, v float64) []byte { return canonical.AppendFloat64(b, v) }

// DecodeText decodes text, varchar and char(n). It refuses what is not UTF-8, which a database with the
// encoding SQL_ASCII can hold.
func DecodeText(v []byte) (string, error) {
	if !utf8.Valid(v) {
		return "", &Error{Type: "text", Problem: "invalid UTF-8 at byte " + strconv.Itoa(invalidAt(v))}
	}
	return view(v), nil
}

// DecodeName decodes name.
func DecodeName(v []byte) (string, error) { return DecodeText(v) }

// DecodeEnum decodes a value of any enum.
func DecodeEnum(v []byte) (string, error) { return DecodeText(v) }

// DecodeChar decodes "char", a single byte; its zero is the empty text.
func DecodeChar(v []byte) (string, error) {
	if len(v) != 1 {
		return "", wrongLength("char", len(v), 1)
	}
	if v[0] == 0 {
		return "", nil
	}
	return DecodeText(v)
}

// AppendText appends the string.
func AppendText(b []byte, v string) []byte { return canonical.AppendString(b, v) }

func invalidAt(v []byte) int {
	for i := 0; i < len(v); {
		r, size := utf8.DecodeRune(v[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(v)
}

// DecodeBytea decodes bytea.
func DecodeBytea(v []byte) ([]byte, error) { return v, nil }

// AppendBytea appends the bytes in base64.
func AppendBytea(b, v []byte) []byte { return canonical.AppendBase64(b, v) }

// UUID is a uuid.
type UUID [16]byte

// DecodeUUID decodes uuid.
func DecodeUUID(v []byte) (UUID, error) {
	if len(v) != 16 {
		return UUID{}, wrongLength("uuid", len(v), 16)
	}
	return UUID(v), nil
}

// AppendUUID appends the uuid as a string in lower case.
func AppendUUID(b []byte, v UUID) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i, c := range v {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	return append(b, '"')
}

// String returns the uuid as PostgreSQL prints it.
func (u UUID) String() string { return unquoted(AppendUUID(nil, u)) }

func unquoted(b []byte) string { return string(b[1 : len(b)-1]) }

// JSON is the text of a json or jsonb value, known to be valid. It is empty only in an empty row.
type JSON string

// DecodeJSON decodes json.
func DecodeJSON(v []byte) (JSON, error) {
	text, err := DecodeText(v)
	if err == nil {
		err = canonical.Valid(text)
	}
	return JSON(text), err
}

// DecodeJSONB decodes jsonb, whose text follows a version byte.
func DecodeJSONB(v []byte) (JSON, error) {
	if len(v) == 0 || v[0] != 1 {
		return "", &Error{Type: "jsonb", Problem: "unknown version of the format"}
	}
	return DecodeJSON(v[1:])
}

// AppendJSON appends the document in canonical form.
func AppendJSON(b []byte, v JSON) []byte {
	out, err := canonical.AppendJSON(b, string(v))
	if err != nil {
		return canonical.AppendNull(b) // the zero value, which no decoder returns
	}
	return out
}

// Clone returns a copy that stays valid.
func (j JSON) Clone() JSON { return JSON(strings.Clone(string(j))) }
