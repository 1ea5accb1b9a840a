//go:build !race

package pgbin_test

import (
	"testing"

	"github.com/repliqate/repliqate/replicate/source/postgres/pgbin"
)

// No value costs memory of its own. Under the race detector a pool forgets now and then what it was given.
func TestNoMemory(t *testing.T) {
	text := []byte(`[0:1]={"(1,\"a \\\\ \"\"b\"\"\",)",NULL,"{x}"}`)
	store := unhex(t, "00000002 00000001 62 00000001 61 00000001 61 ffffffff")
	out := make([]byte, 0, 1<<10)
	allocated := testing.AllocsPerRun(100, func() {
		a, _ := pgbin.Delimiters(",").DecodeArray(text)
		out = pgbin.AppendTextArray(out[:0], a)
		h, _ := pgbin.DecodeHstore(store)
		out = pgbin.AppendHstore(out, h)
	})
	if allocated > 0 {
		t.Errorf("%v allocations", allocated)
	}
}
