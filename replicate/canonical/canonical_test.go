package canonical

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestFloat64(t *testing.T) {
	for want, v := range map[string]float64{
		"1.0": 1, "0.0": 0, "-0.0": math.Copysign(0, -1), "1e+16": 1e16, "9999999999999998.0": 9999999999999998,
		"0.0001": 0.0001, "1e-05": 0.00001, "1.1": 1.1, "-2.5e-10": -2.5e-10, "5e-324": 5e-324,
		"1.7976931348623157e+308": math.MaxFloat64, "123456789.125": 123456789.125, "1000000000000000.0": 1e15,
		`"NaN"`: math.NaN(), `"Infinity"`: math.Inf(1), `"-Infinity"`: math.Inf(-1),
	} {
		if got := string(AppendFloat64(nil, v)); got != want {
			t.Errorf("AppendFloat64(%v) = %s, want %s", v, got, want)
		}
	}
	for want, v := range map[string]float32{
		"0.1": 0.1, "16777216.0": 1 << 24, "-0.0": float32(math.Copysign(0, -1)), "0.0001": 1e-4,
		"1e-05": 1e-5, "1e+16": 1e16,
		"3.4028235e+38": math.MaxFloat32, "1e-45": math.SmallestNonzeroFloat32, `"NaN"`: float32(math.NaN()),
		// Half way between two neighbours, and half way between two decimals.
		"33554448.0": 33554448, "0.00024414062": 1.0 / 4096, "-0.00024414062": -1.0 / 4096, "0.0007324219": 3.0 / 4096,
	} {
		if got := string(AppendFloat32(nil, v)); got != want {
			t.Errorf("AppendFloat32(%v) = %s, want %s", v, got, want)
		}
	}
}

func TestString(t *testing.T) {
	for s, want := range map[string]string{
		"": `""`, "plain text of some length": `"plain text of some length"`,
		"a\"b\\c/d": `"a\"b\\c/d"`, "\b\f\n\r\t\x00\x1f\x7f": `"\b\f\n\r\t\u0000\u001f\u007f"`,
		"é€": `"\u00e9\u20ac"`, "😀": `"\ud83d\ude00"`, "1234567é": `"1234567\u00e9"`, "12345678é": `"12345678\u00e9"`,
	} {
		if got := string(AppendString(nil, s)); got != want {
			t.Errorf("AppendString(%q) = %s, want %s", s, got, want)
		}
	}
}

func TestEveryByteInEveryPlace(t *testing.T) {
	for c := range 128 {
		for place := range 20 {
			s := strings.Repeat("x", place) + string(rune(c)) + strings.Repeat("y", 20-place)
			var back string
			if err := json.Unmarshal(AppendString(nil, s), &back); err != nil || back != s {
				t.Fatalf("byte %#x at %d: %v, %q", c, place, err, back)
			}
		}
	}
}

func TestTimestamp(t *testing.T) {
	for want, micros := range map[string]int64{
		`"1970-01-01T00:00:00"`: 0, `"1969-12-31T23:59:59.999999"`: -1, `"2024-01-03T07:20:17.1234"`: 1704266417123400,
		`"2024-02-29T00:00:00"`: 1709164800000000, `"0001-01-01T00:00:00"`: -62135596800000000,
		`"0001-12-31T00:00:00 BC"`: -62135683200000000, `"12024-01-05T00:00:00"`: 317273932800000000,
	} {
		if got := string(AppendTimestamp(nil, micros, false)); got != want {
			t.Errorf("AppendTimestamp(%d) = %s, want %s", micros, got, want)
		}
	}
	if got := string(AppendTimestamp(nil, 500000, true)); got != `"1970-01-01T00:00:00.5Z"` {
		t.Error(got)
	}
	if got := string(AppendTime(nil, microsPerDay)); got != `"24:00:00"` {
		t.Error(got)
	}
	if got := string(AppendDate(nil, 19723)); got != `"2024-01-01"` {
		t.Error(got)
	}
}

func TestJSON(t *testing.T) {
	for raw, want := range map[string]string{
		`{"b":1,"a":[1,2 , {"d":null,"c":true}]}`: `{"a": [1, 2, {"c": true, "d": null}], "b": 1}`,
		`{"a":1,"a":{"z":1,"y":2}}`:               `{"a": {"y": 2, "z": 1}}`,
		`{"b":1,"a":2,"b":3,"c":4,"a":5}`:         `{"a": 5, "b": 3, "c": 4}`,
		` [ ] `:                                   `[]`, `{}`: `{}`, `-0`: `0`, `-0.0`: `-0.0`, `1.10`: `1.1`,
		`1E400`: `"Infinity"`, `-1e400`: `"-Infinity"`,
		`123456789012345678901234567890`: `123456789012345678901234567890`, `1e2`: `100.0`, `1e-400`: `0.0`,
		`"\ud83d\ude00 \ud83d \u00e9 é \/"`:        `"\ud83d\ude00 \ud83d \u00e9 \u00e9 /"`,
		`{"\uffff":1,"\ud83d\ude00":2,"\ud83d":3}`: `{"\ud83d": 3, "\uffff": 1, "\ud83d\ude00": 2}`,
		`{"a":1,"\u0061":2}`:                       `{"a": 2}`,
	} {
		got, err := AppendJSON([]byte("x"), raw)
		if err != nil || string(got[1:]) != want {
			t.Errorf("AppendJSON(%s) = %s, %v, want %s", raw, got, err, want)
		}
	}
	for _, raw := range []string{``, `{`, `[1,]`, `{"a"}`, `01`, `1.`, `"`, `"\x"`, `"\u12"`, "\"\n\"", `nul`, `1 2`,
		`{"a":1,}`, "\"\xff\"", strings.Repeat("[", DepthMax+1)} {
		if out, err := AppendJSON([]byte("x"), raw); err == nil || string(out) != "x" {
			t.Errorf("AppendJSON(%.20q) gave no error, or wrote", raw)
		}
	}
	if Valid(`{"a": [1]}`) != nil || Valid(`{`) == nil {
		t.Error("Valid")
	}
}

// A huge document leaves no huge buffer behind (Promise 7).
func TestHugeDocumentsAreForgotten(t *testing.T) {
	var p parser
	p.keys, p.moved = make([]byte, scratchMax+1), make([]byte, scratchMax+1)
	p.members = make([]member, membersMax+1)
	if p.shrink(); p.keys != nil || p.moved != nil || p.members != nil {
		t.Error("it keeps them")
	}
	p.keys, p.moved, p.members = make([]byte, 1), make([]byte, 1), make([]member, 1)
	if p.shrink(); p.keys == nil || p.moved == nil || p.members == nil {
		t.Error("it forgets small ones")
	}
}

func TestNoAllocations(t *testing.T) {
	buf := make([]byte, 0, 4096)
	text := strings.Repeat("some text, é and \"quotes\" ", 4)
	if n := testing.AllocsPerRun(200, func() {
		b := AppendString(buf[:0], text)
		b = AppendFloat64(b, rand.Float64())
		b = AppendFloat32(b, 1.0/4096)
		b = AppendFloat32(b, 33554448)
		_ = AppendTimestamp(b, 1704266417123400, true)
	}); n > 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkString(b *testing.B) {
	buf := make([]byte, 0, 4096)
	text := strings.Repeat("the quick brown fox ", 10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		buf = AppendString(buf[:0], text)
	}
}
