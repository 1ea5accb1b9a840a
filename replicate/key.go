package replicate

import (
	"strconv"
	"strings"
)

// Key is the Go type of a table's increasing integer key: int64 for every signed integer type, uint64 for the
// unsigned ones.
type Key interface{ int64 | uint64 }

// AppendKey appends the decimal text of k, the form in which keys are stored and published.
func AppendKey[K Key](b []byte, k K) []byte {
	if k < 0 {
		return strconv.AppendInt(b, int64(k), 10)
	}
	return strconv.AppendUint(b, uint64(k), 10)
}

// KeyText returns the decimal text of k.
func KeyText[K Key](k K) string { return string(AppendKey(nil, k)) }

// ParseKey reads the decimal text of a key, as an offset store holds it.
func ParseKey[K Key](s string) (K, error) {
	var zero K
	if zero-1 < 0 {
		v, err := strconv.ParseInt(s, 10, 64)
		return K(v), err
	}
	v, err := strconv.ParseUint(s, 10, 64)
	return K(v), err
}

// CompareKeys compares the decimal texts of two keys, which may be of either type. Both must be in the form that
// AppendKey writes.
func CompareKeys(a, b string) int {
	switch {
	case a[0] == '-' && b[0] == '-':
		return compareDigits(b[1:], a[1:])
	case a[0] == '-':
		return -1
	case b[0] == '-':
		return 1
	}
	return compareDigits(a, b)
}

func compareDigits(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// IsKeyText reports whether s is a key in decimal: digits without a leading zero, with an optional minus sign. Stores
// use it to check what they read.
func IsKeyText(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > 20 || digits[0] == '0' && s != "0" {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}
