package nearest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/internal/nearest"
)

func TestOf(t *testing.T) {
	known := []string{"redis_addr", "name", "statsd_addr"}
	for name, want := range map[string]string{
		"redis_adr": "redis_addr", "nmae": "name", "name": "name", "statsd_add": "statsd_addr", "x": "name",
	} {
		if got := nearest.Of(name, known); got != want {
			t.Errorf("nearest to %s is %q, want %s", name, got, want)
		}
	}
	if got := nearest.Some("nmae", known, 2); !slices.Equal(got, []string{"name", "redis_addr"}) {
		t.Errorf("nearest are %v", got)
	}
	if got := nearest.Distance(strings.Repeat("x", 1000), ""); got != 80 {
		t.Errorf("a long name is compared for %d bytes", got)
	}
	if got := nearest.Of("name", nil); got != "" {
		t.Errorf("nothing is known, and %q is nearest", got)
	}
}
