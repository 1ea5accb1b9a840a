package pgbin_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate/source/postgres/pgbin"
)

func find(t *testing.T, name string) kind {
	t.Helper()
	for _, k := range kinds {
		if k.name == name {
			return k
		}
	}
	t.Fatalf("no kind %q", name)
	return kind{}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	wire, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

// What PostgreSQL can't send is refused: it is damaged, or of another type than we believe.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ kind, wire, want string }{
		{"bool", "", "0 bytes, want 1"}, {"bool", "02", "neither 0 nor 1"}, {"int2", "00", "want 2"},
		{"int4", "0000000000", "want 4"}, {"int8", "00", "want 8"}, {"oid", "00", "want 4"}, {"float4", "00", "want 4"},
		{"float8", "00", "want 8"}, {"uuid", "00", "want 16"}, {"char", "", "want 1"}, {"char", "ff", "invalid UTF-8"},
		{"text", "61ff", "invalid UTF-8 at byte 1"}, {"enum", "c3", "invalid UTF-8 at byte 0"},
		{"date", "00", "want 4"}, {"date", "ffda97a6", "out of range"}, {"date", "7fda970d", "out of range"},
		{"time", "00", "want 8"}, {"time", "ffffffffffffffff", "out of range"}, {"time", "000000141dd76001", "out of range"},
		{"timetz", "00", "want 12"}, {"timetz", "000000000000000000010000", "zone is out of range"},
		{"timestamp", "00", "want 8"}, {"timestamp", "fd0f7cc1411f9fff", "out of range"},
		{"timestamptz", "00", "want 8"}, {"timestamptz", "7fffff5bb3b2a000", "out of range"}, {"interval", "00", "want 16"},
		{"numeric", "00", "do not match"}, {"numeric", "0001 0000 0000 0000", "do not match"},
		{"numeric", "0001 0000 1000 0000 0001", "unknown sign"}, {"numeric", "0001 0000 0000 4000 0001", "scale"},
		{"numeric", "0001 0000 0000 0000 2710", "a digit is out of range"},
		{"json", "7b", "byte 1"}, {"json", "", "byte 0"}, {"jsonb", "", "unknown version"},
		{"jsonb", "0231", "unknown version"},
	} {
		if out, err := find(t, c.kind).ours(unhex(t, c.wire)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s gives %s, %v, want an error with %q", c.kind, c.wire, out, err, c.want)
		}
	}
}

// A number has one form for each scale, whatever zeros were sent with it.
func TestNumericForms(t *testing.T) {
	for _, c := range []struct{ wire, want string }{
		{"0000 0000 0000 0000", `"0"`}, {"0000 7fff 0000 0002", `"0.00"`}, {"0000 0000 4000 0001", `"0.0"`},
		{"0002 0001 0000 0000 0000 0007", `"7"`}, {"0002 0001 4000 0001 0000 0007", `"-7.0"`},
		{"0001 0001 0000 0000 0001", `"10000"`},
		{"0001 ffff 0000 0005 0001", `"0.00010"`}, {"0001 fffe 0000 0008 2328", `"0.00009000"`},
		{"0002 0000 0000 0002 000c 1388", `"12.50"`}, {"0000 0000 c000 0000", `"NaN"`},
		{"0000 0000 f000 0000", `"-Infinity"`},
	} {
		if got, err := find(t, "numeric").ours(unhex(t, c.wire)); err != nil || got != c.want {
			t.Errorf("%s gives %s, %v, want %s", c.wire, got, err, c.want)
		}
	}
	if got := (pgbin.Numeric{}).String(); got != "0" {
		t.Errorf("the zero value is %q", got)
	}
}

// An array that claims to be larger than its bytes is refused before anything is allocated for it.
func TestHostileArrays(t *testing.T) {
	for wire, want := range map[string]string{
		"":                           "too short",
		"00000001 00000000 00000017": "number of dimensions", // and the dimension is missing
		"00000007 00000000 00000017": "number of dimensions",
		"ffffffff 00000000 00000017": "number of dimensions",
		"00000001 00000000 00000017 7fffffff 00000001":                   "dimension is out of range",
		"00000001 00000000 00000017 ffffffff 00000001":                   "dimension is out of range",
		"00000001 00000000 00000017 00000000 00000001":                   "dimension is out of range",
		"00000002 00000000 00000017 00010000 00000001 00010000 00000001": "dimension is out of range",
		"00000001 00000000 00000019 00000001 00000001 00000000":          "elements of type 25, want 23",
		"00000001 00000000 00000017 00000001 00000001":                   "an element is missing",
		"00000001 00000000 00000017 00000001 00000001 7fffffff":          "length of an element",
		"00000001 00000000 00000017 00000001 00000001 fffffffe":          "length of an element",
		"00000001 00000000 00000017 00000001 00000001 00000002 0000":     "2 bytes, want 4",
		"00000001 00000000 00000017 00000001 00000001 ffffffff 00":       "longer than its elements",
		"00000000 00000000 00000017 00000000":                            "longer than its elements",
	} {
		b := unhex(t, wire)
		var err error
		allocated := testing.AllocsPerRun(10, func() { _, err = pgbin.Int4s.DecodeArray(b) })
		if err == nil || !strings.Contains(err.Error(), want) || allocated > 6 {
			t.Errorf("%s gives %v with %v allocations, want an error with %q", wire, err, allocated, want)
		}
	}
}
