// Package reprint writes canonical JSON in a slow and plain way of its own: tests compare with it what
// replicate/canonical, and the decoders that use it, have written.
package reprint

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Value writes a document that was parsed by encoding/json, with numbers as json.Number.
func Value(v any) string {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for i, name := range names {
			names[i] = Quote(name) + ": " + Value(v[name])
		}
		return "{" + strings.Join(names, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = Value(v[i])
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return Quote(v)
	case json.Number:
		switch text := string(v); {
		case text == "-0":
			return "0"
		case strings.ContainsAny(text, ".eE"):
			f, _ := strconv.ParseFloat(text, 64) // beyond a double's range it is an infinity or zero
			return Float(f, 64)
		default:
			return text
		}
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

// Quote writes a string in printable ASCII.
func Quote(s string) string {
	out := `"`
	for _, r := range s {
		name := strings.IndexRune("\"\\\b\f\n\r\t", r)
		switch {
		case name >= 0:
			out += `\` + `"\bfnrt`[name:name+1]
		case r >= ' ' && r <= '~':
			out += string(r)
		case r >= 0x10000:
			out += fmt.Sprintf(`\u%04x\u%04x`, 0xd800+(r-0x10000)/0x400, 0xdc00+(r-0x10000)%0x400)
		default:
			out += fmt.Sprintf(`\u%04x`, r)
		}
	}
	return out + `"`
}

// Float places the point among the shortest digits of a float of this width by the rule of Python's repr.
func Float(v float64, bits int) string {
	switch {
	case math.IsNaN(v):
		return `"NaN"`
	case math.IsInf(v, 0):
		return map[bool]string{true: `"-Infinity"`, false: `"Infinity"`}[v < 0]
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, bits), "e")
	sign := ""
	if mantissa[0] == '-' {
		sign, mantissa = "-", mantissa[1:]
	}
	digits := strings.ReplaceAll(mantissa, ".", "")
	e, err := strconv.Atoi(exponent)
	switch {
	case err != nil:
		return err.Error()
	case e < -4 || e >= 16:
		return sign + mantissa + "e" + exponent
	case e < 0:
		return sign + "0." + strings.Repeat("0", -e-1) + digits
	case e+1 >= len(digits):
		return sign + digits + strings.Repeat("0", e+1-len(digits)) + ".0"
	}
	return sign + digits[:e+1] + "." + digits[e+1:]
}
