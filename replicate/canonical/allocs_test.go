//go:build !race

package canonical

import "testing"

// Under the race detector a pool forgets now and then what it was given.
func TestDocumentsDoNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(200, func() {
		if _, err := AppendJSON(buf, `{"b": [1, {"y": 1.50, "x": "\u00e9"}], "a": null}`); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Fatalf("%v allocations", n)
	}
}
