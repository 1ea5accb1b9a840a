package canonical

import (
	"encoding/base64"
	"math"
	"strconv"
)

// AppendNull appends null.
func AppendNull(b []byte) []byte { return append(b, "null"...) }

// AppendBool appends true or false.
func AppendBool(b []byte, v bool) []byte { return strconv.AppendBool(b, v) }

// AppendInt appends v with all its digits.
func AppendInt(b []byte, v int64) []byte { return strconv.AppendInt(b, v, 10) }

// AppendUint appends v with all its digits.
func AppendUint(b []byte, v uint64) []byte { return strconv.AppendUint(b, v, 10) }

// AppendFloat64 appends v as Python's repr of a double: the shortest digits that read back as v.
// What JSON has no number for is a string: "NaN", "Infinity", "-Infinity".
func AppendFloat64(b []byte, v float64) []byte { return appendFloat(b, v, 64) }

// AppendFloat32 appends v with the shortest digits that read back as a single of the same value.
func AppendFloat32(b []byte, v float32) []byte { return appendFloat(b, float64(v), 32) }

func appendFloat(b []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Infinity"`...)
	}
	// The exponent decides the form, and only the shortest digits tell it: 9.9999999e15 may round up.
	var scratch [32]byte
	short := strconv.AppendFloat(scratch[:0], v, 'e', -1, bits)
	exponent := exponentOf(short)
	if exponent < -4 || exponent >= 16 {
		return append(b, short...)
	}
	start := len(b)
	b = strconv.AppendFloat(b, v, 'f', -1, bits)
	for _, c := range b[start:] {
		if c == '.' {
			return b
		}
	}
	return append(b, ".0"...)
}

// exponentOf reads the exponent of a number in Go's 'e' form, which has at least two digits there as
// it has in Python.
func exponentOf(s []byte) int {
	i := len(s) - 1
	for s[i] != 'e' {
		i--
	}
	n := 0
	for _, c := range s[i+2:] {
		n = n*10 + int(c-'0')
	}
	if s[i+1] == '-' {
		return -n
	}
	return n
}

// AppendBase64 appends binary data as a string in padded standard base64 (RFC 4648).
func AppendBase64(b, v []byte) []byte {
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, v)
	return append(b, '"')
}

const hexDigits = "0123456789abcdef"

// AppendHex appends a digest in lower-case hexadecimal, without quotes.
func AppendHex(b []byte, sum [32]byte) []byte {
	for _, c := range sum {
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}
