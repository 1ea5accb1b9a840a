package joblog

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

// TestDeniedWitnessIsHeard tells of a start at the first row that the operator may not have wanted, at the lowest
// verbosity too, and with what to allow.
func TestDeniedWitnessIsHeard(t *testing.T) {
	var log bytes.Buffer
	err := fmt.Errorf("load: %w: allow the user to read group g", replicate.ErrWitnessDenied)
	New(&log, "text", 0, "job").onLoad(replicate.LoadInfo{Witness: true, Err: err})
	for _, want := range []string{"level=ERROR", "starting at the first row", "allow the user to read group g"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, log.String())
		}
	}
}
