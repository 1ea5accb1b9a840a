package joblog

import (
	"bytes"
	"os"
	"regexp"
	"testing"
)

// Every metric, and every warning of the log, is explained to those who operate it.
func TestOperatorsKnowWhatIsSaid(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []struct {
		file, pattern string
		least         int
	}{
		{"../../../metrics/statsd/hooks.go", `\.(?:Count|Timing|Gauge|Hold)\("([a-z_.]+)"`, 15},
		{"events.go", `log\.Warn\("([^"]*)"`, 8},
		{"events.go", `^\t"[a-z]+": +"([^"]* (?:can't|failed)[^"]*)",`, 6},
		{"begin.go", `log\.Warn\("([^"]*)"`, 1},
		{"../job/job.go", `log\.Warn\("([^"]*)"`, 1},
	} {
		code, err := os.ReadFile(source.file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`(?m)`+source.pattern).FindAllSubmatch(code, -1)
		if len(found) < source.least {
			t.Errorf("%s: found %d of at least %d", source.file, len(found), source.least)
		}
		for _, m := range found {
			// The page may leave out how a line goes on.
			begins := m[1][:min(len(m[1]), 20)]
			if !bytes.Contains(page, append([]byte("`"), begins...)) {
				t.Errorf("docs/operate.md does not explain %q", m[1])
			}
		}
	}
}
