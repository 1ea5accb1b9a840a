package offset

import (
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

func TestOffsetKeyRange(t *testing.T) {
	for _, c := range []struct {
		kind      string
		good, bad []string
	}{
		{"bigint", []string{"-9223372036854775808", "0", "9223372036854775807"}, []string{"9223372036854775808"}},
		{"integer", []string{"-2147483648", "2147483647"}, []string{"-2147483649", "2147483648"}},
		{"smallint", []string{"-32768", "32767"}, []string{"-32769", "32768", "9223372036854775808"}},
	} {
		o := operator[int64]{key: replicate.Column{Name: "id", Type: c.kind}, flags: flags{verb: "set"}}
		for _, text := range c.good {
			if key, err := o.parseKey(text); err != nil || replicate.KeyText(key) != text {
				t.Errorf("%s %s: %d, %v", c.kind, text, key, err)
			}
		}
		for _, text := range c.bad {
			if _, err := o.parseKey(text); err == nil || !strings.Contains(err.Error(), "beyond the range of column id") {
				t.Errorf("%s %s: %v, want an error that names the range", c.kind, text, err)
			}
		}
	}
	unsigned := operator[uint64]{flags: flags{verb: "set"}}
	for text, good := range map[string]bool{
		"0": true, "18446744073709551615": true, "-1": false, "18446744073709551616": false,
	} {
		if _, err := unsigned.parseKey(text); (err == nil) != good {
			t.Errorf("unsigned %s: %v", text, err)
		}
	}
	if low, high := smallest[uint64](), largest[uint64](); low != 0 || high != 1<<64-1 {
		t.Errorf("unsigned keys go from %d to %d", low, high)
	}
}

func TestRowsText(t *testing.T) {
	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 999: "999 rows", 1000: "1,000 rows",
		1_000_000: "1,000,000 rows", 1_000_001: "more than 1,000,000 rows"} {
		if got := rowsText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
