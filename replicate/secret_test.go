package replicate_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

func TestReadSecret(t *testing.T) {
	name := filepath.Join(t.TempDir(), "secret")
	for _, c := range [][2]string{{"hunter2", "hunter2"}, {"hunter2\n", "hunter2"}, {" a b \r\n", " a b "}} {
		content, want := c[0], c[1]
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := replicate.ReadSecret(name); got != want || err != nil {
			t.Errorf("%q is read as %q, %v", content, got, err)
		}
	}
	for _, content := range []string{"", "\n", "hunter2\nhunter3\n", "hunter2\x00", strings.Repeat("hunter2", 10000)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := replicate.ReadSecret(name); err == nil || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%.20q is read as %.20q, %v", content, got, err)
		}
	}
	if _, err := replicate.ReadSecret(name + "s"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file is %v", err)
	}
}
