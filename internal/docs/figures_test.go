package docs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/internal/oracle"
)

// docs/delivery.md tells how many rows are compared with what the Python daemon publishes.
func TestVectorFigures(t *testing.T) {
	total := 0
	count := func(engine string) string {
		v, err := oracle.Load(engine)
		if err != nil {
			t.Fatal(err)
		}
		total += len(v.Rows)
		return thousands(len(v.Rows))
	}
	each := fmt.Sprintf("%s of PostgreSQL, %s of MySQL and MariaDB, %s of SQLite",
		count("postgres"), count("mysql"), count("sqlite"))
	want := thousands(total) + " rows (" + each + ")"
	text := strings.Join(strings.Fields(strings.Join(readPage(t, "docs/delivery.md").lines, " ")), " ")
	if !strings.Contains(text, want) {
		t.Errorf("docs/delivery.md does not say %q", want)
	}
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
