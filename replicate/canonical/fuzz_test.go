package canonical

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/repliqate/repliqate/internal/reprint"
)

// FuzzJSON compares documents with the standard library's parser and an encoder of the test's own.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"b":[1,-0,1.50,1e400],"a":"\u00e9\ud83d\ude00"}`, `[{},[],null,true]`, `"x"`,
		`{"a":1,"a":2}`, `{"b":{"z":1,"y":[{"d":1,"c":2}]},"a":1,"b":2}`, ` [ 1E-7 , -0.0 , 123456789012345678901 ] `,
		`"\"\\\/\b\f\n\r\t\u007f"`, `{"\uffff":1,"\ud83d\ude00":2}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := AppendJSON(nil, raw)
		if !utf8.ValidString(raw) {
			if err == nil {
				t.Fatalf("accepted %q, which is not UTF-8", raw)
			}
			return
		}
		if valid := json.Valid([]byte(raw)); valid != (err == nil) {
			t.Fatalf("%q: valid is %v, and we say %v", raw, valid, err)
		}
		if err != nil {
			return
		}
		if again, err := AppendJSON(nil, string(got)); err != nil || string(again) != string(got) {
			t.Fatalf("AppendJSON(%q) = %s, which becomes %s, %v", raw, got, again, err)
		}
		if strings.Contains(strings.ToLower(raw), `\ud`) {
			return // encoding/json replaces lone surrogates, which Python keeps
		}
		d := json.NewDecoder(strings.NewReader(raw))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if want := reprint.Value(v); string(got) != want {
			t.Fatalf("AppendJSON(%q) = %s, want %s", raw, got, want)
		}
	})
}

// FuzzString compares strings with an encoder of the test's own, and reads them back.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain", "a\"b\\c\n\t\x00\x1f\x7f", "é\u2028😀\ufffd", strings.Repeat("x", 40) + "é",
		"1234567\x01", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := string(AppendString([]byte("x"), s))[1:]
		if want := reprint.Quote(s); got != want {
			t.Fatalf("AppendString(%q) = %s, want %s", s, got, want)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil || utf8.ValidString(s) && back != s {
			t.Fatalf("%q comes back from %s as %q, %v", s, got, back, err)
		}
	})
}

// FuzzFloat compares floats with strconv. A float32 of another decimal must be as short, or one of strconv's is half
// way between two floats, and read back as the same.
func FuzzFloat(f *testing.F) {
	for _, v := range []float64{0, math.Copysign(0, -1), 1, 0.1, 1e16, 9999999999999998, 1e-4, 1e-5, 5e-324,
		math.MaxFloat64, 33554448, 1.0 / 4096, 1 << 53, 1e22, 1e23, math.NaN(), math.Inf(-1)} {
		f.Add(math.Float64bits(v), math.Float32bits(float32(v)))
	}
	f.Fuzz(func(t *testing.T, double uint64, single uint32) {
		d, s := math.Float64frombits(double), math.Float32frombits(single)
		if got, want := string(AppendFloat64(nil, d)), reprint.Float(d, 64); got != want {
			t.Fatalf("AppendFloat64(%x) = %s, want %s", double, got, want)
		}
		got, want := string(AppendFloat32(nil, s)), reprint.Float(float64(s), 32)
		if got == want {
			return
		}
		back, err := strconv.ParseFloat(got, 32)
		if err != nil || float32(back) != s || len(got) > len(want)+2 {
			t.Fatalf("AppendFloat32(%x) = %s, strconv has %s", single, got, want)
		}
		x, err := strconv.ParseFloat(want, 64)
		if err != nil || len(got) != len(want) && !isHalfWay(x, s) {
			t.Fatalf("AppendFloat32(%x) = %s, strconv has %s, which is not half way", single, got, want)
		}
	})
}

// isHalfWay reports whether x lies half way between v and a neighbour.
func isHalfWay(x float64, v float32) bool {
	up, down := math.Nextafter32(v, math.MaxFloat32), math.Nextafter32(v, -math.MaxFloat32)
	return x == (float64(v)+float64(up))/2 || x == (float64(v)+float64(down))/2
}
