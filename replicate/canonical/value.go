package canonical

import (
	"encoding/base64"
	"strconv"
)

const hexDigits = "0123456789abcdef"

// AppendNull appends null.
func AppendNull(b []byte) []byte { return append(b, "null"...) }

// AppendBool appends true or false.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, "true"...)
	}
	return append(b, "false"...)
}

// AppendInt appends v with all its digits.
func AppendInt(b []byte, v int64) []byte { return strconv.AppendInt(b, v, 10) }

// AppendUint appends v with all its digits.
func AppendUint(b []byte, v uint64) []byte { return strconv.AppendUint(b, v, 10) }

// AppendBase64 appends v as a string in the padded standard alphabet of RFC 4648.
func AppendBase64(b, v []byte) []byte {
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, v)
	return append(b, '"')
}

// AppendHex appends the 64 hexadecimal digits of a checksum, without quotes: a message has them inside a
// string, and logs have no quotes at all.
func AppendHex(b []byte, checksum [32]byte) []byte {
	for _, c := range checksum {
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}
