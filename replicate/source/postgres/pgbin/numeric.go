package pgbin

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// Numeric is a numeric value in its wire form: four numbers of two bytes (count of digits, weight of the
// first, sign, digits after the point), then the digits to base 10,000. The zero Numeric is 0.
type Numeric struct{ wire []byte }

const (
	numericPositive = 0x0000
	numericNegative = 0x4000
	numericNaN      = 0xc000
	numericInf      = 0xd000
	numericNegInf   = 0xf000
)

// DecodeNumeric decodes numeric.
func DecodeNumeric(v []byte) (Numeric, error) {
	if len(v) < 8 || len(v) != 8+2*int(binary.BigEndian.Uint16(v)) {
		return Numeric{}, &Error{Type: "numeric", Problem: strconv.Itoa(len(v)) + " bytes do not match its count of digits"}
	}
	switch binary.BigEndian.Uint16(v[4:]) {
	case numericPositive, numericNegative, numericNaN, numericInf, numericNegInf:
	default:
		return Numeric{}, &Error{Type: "numeric", Problem: "unknown sign"}
	}
	if binary.BigEndian.Uint16(v[6:]) > 0x3fff {
		return Numeric{}, &Error{Type: "numeric", Problem: "the scale is out of range"}
	}
	for i := 8; i < len(v); i += 2 {
		if binary.BigEndian.Uint16(v[i:]) > 9999 {
			return Numeric{}, &Error{Type: "numeric", Problem: "a digit is out of range"}
		}
	}
	return Numeric{wire: v}, nil
}

// AppendNumeric appends the number as a string with exactly its scale's digits: "12.50".
func AppendNumeric(b []byte, v Numeric) []byte {
	b = append(b, '"')
	b = v.append(b)
	return append(b, '"')
}

func (n Numeric) append(b []byte) []byte {
	if n.wire == nil {
		return append(b, '0')
	}
	digits := n.wire[8:]
	weight := int(int16(binary.BigEndian.Uint16(n.wire[2:])))
	scale := int(binary.BigEndian.Uint16(n.wire[6:]))
	// PostgreSQL sends no leading zeros and no negative zero. Without them a number has one form, and a
	// zero's weight can't ask for zeros without end.
	for len(digits) > 0 && groupAt(digits, 0) == 0 {
		digits, weight = digits[2:], weight-1
	}
	switch binary.BigEndian.Uint16(n.wire[4:]) {
	case numericNaN:
		return append(b, "NaN"...)
	case numericInf:
		return append(b, "Infinity"...)
	case numericNegInf:
		return append(b, "-Infinity"...)
	case numericNegative:
		if len(digits) > 0 {
			b = append(b, '-')
		}
	}
	if len(digits) == 0 {
		weight = 0
	}
	if weight < 0 {
		b = append(b, '0')
	} else {
		b = canonical.AppendInt(b, int64(groupAt(digits, 0)))
		for i := 1; i <= weight; i++ {
			b = appendGroup(b, groupAt(digits, i))
		}
	}
	if scale == 0 {
		return b
	}
	b = append(b, '.')
	end := len(b) + scale
	for i := weight + 1; len(b) < end; i++ {
		b = appendGroup(b, groupAt(digits, i))
	}
	return b[:end]
}

// groupAt is the i-th digit to base 10,000, zero beyond the digits that are sent.
func groupAt(digits []byte, i int) uint16 {
	if i < 0 || 2*i >= len(digits) {
		return 0
	}
	return binary.BigEndian.Uint16(digits[2*i:])
}

func appendGroup(b []byte, g uint16) []byte {
	return append(b, byte('0'+g/1000), byte('0'+g/100%10), byte('0'+g/10%10), byte('0'+g%10))
}

// String returns the number as PostgreSQL prints it.
func (n Numeric) String() string { return string(n.append(nil)) }

// Clone returns a copy that stays valid.
func (n Numeric) Clone() Numeric { return Numeric{wire: slices.Clone(n.wire)} }
