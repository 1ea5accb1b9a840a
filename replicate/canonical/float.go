package canonical

import (
	"bytes"
	"math"
	"strconv"
)

// AppendFloat64 appends v as Python's repr prints it: the shortest digits that read back as v, with an
// exponent below 1e-4 and from 1e16 on. JSON has no NaN or infinities, so these become strings.
func AppendFloat64(b []byte, v float64) []byte {
	abs := math.Abs(v)
	if !(abs <= math.MaxFloat64) {
		return appendNotFinite(b, v)
	}
	if abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	start := len(b)
	b = strconv.AppendFloat(b, v, 'f', -1, 64)
	return appendPoint(b, start)
}

// AppendFloat32 appends v as Python's repr prints the shortest decimal that reads back as v in single
// precision. That is what a Python client of the database sees: the server prints a float4 in its
// shortest form, and the client reads that text.
func AppendFloat32(b []byte, v float32) []byte {
	abs := float32(math.Abs(float64(v)))
	if !(abs <= math.MaxFloat32) {
		return appendNotFinite(b, float64(v))
	}
	switch {
	// The bounds are compared in single precision: the float32 nearest to 1e-4 is below 1e-4, and yet
	// its shortest decimal is 0.0001.
	case halfPossible32(abs):
		return AppendFloat64(b, shortest32(v))
	case abs != 0 && (abs < 1e-4 || abs >= tieMax32):
		return strconv.AppendFloat(b, float64(v), 'e', -1, 32)
	}
	start := len(b)
	b = strconv.AppendFloat(b, float64(v), 'f', -1, 32)
	return appendPoint(b, start)
}

// Between tieMin32 and tieMax32 a decimal of at most nine digits can lie exactly half way between two
// neighbours. Below, such a decimal has a fraction and more digits than the float32 itself; above, it
// has more than nine digits.
const (
	tieMin32 = 1 << 24
	tieMax32 = 1 << 75
)

// halfPossible32 reports whether strconv's shortest decimal may not be the server's: because a decimal can
// lie half way between two neighbours, or because the number can lie half way between two decimals. That
// needs a number of at most ten digits, so at most fourteen of them after the binary point.
func halfPossible32(abs float32) bool {
	if abs >= tieMin32 {
		return abs < tieMax32
	}
	scaled := abs * (1 << 14) // exact
	return scaled >= 1 && scaled == float32(math.Trunc(float64(scaled))) && abs != float32(math.Trunc(float64(abs)))
}

// shortest32 returns the float64 whose repr is the shortest decimal strictly nearer to v than to any
// other float32, and of two that are equally near the one whose last digit is even. strconv differs in
// both: it takes a decimal that is half way when reading it would round to v, where the server prints
// 33554448 and strconv 3.355445e+07, for millions of values; and it rounds a half up, where the server
// prints 0.00024414062 for 1/4096.
func shortest32(v float32) float64 {
	var space [32]byte
	up := (float64(v) + float64(math.Nextafter32(v, float32(math.Inf(1))))) / 2
	down := (float64(v) + float64(math.Nextafter32(v, float32(math.Inf(-1))))) / 2
	fits := func(text []byte) (float64, bool) {
		// It can't fail: the text is a float that strconv has just printed.
		x, _ := strconv.ParseFloat(string(text), 64)
		return x, x != up && x != down && float32(x) == v
	}
	short := strconv.AppendFloat(space[:0], float64(v), 'e', -1, 32)
	digits := fractionDigits(short)
	// With a precision strconv rounds a half to even.
	var even [32]byte
	if x, ok := fits(strconv.AppendFloat(even[:0], float64(v), 'e', digits, 32)); ok {
		return x
	}
	if x, ok := fits(short); ok {
		return x
	}
	for {
		digits++
		if x, ok := fits(strconv.AppendFloat(even[:0], float64(v), 'e', digits, 32)); ok {
			return x
		}
	}
}

// fractionDigits counts the digits between the point and the exponent.
func fractionDigits(text []byte) int {
	point := bytes.IndexByte(text, '.')
	if point < 0 {
		return 0
	}
	return bytes.IndexByte(text, 'e') - point - 1
}

func appendNotFinite(b []byte, v float64) []byte {
	switch {
	case v > 0:
		return append(b, `"Infinity"`...)
	case v < 0:
		return append(b, `"-Infinity"`...)
	}
	return append(b, `"NaN"`...)
}

// appendPoint makes a number that was printed without a fraction a float in Python's eyes.
func appendPoint(b []byte, start int) []byte {
	if bytes.IndexByte(b[start:], '.') >= 0 {
		return b
	}
	return append(b, '.', '0')
}
