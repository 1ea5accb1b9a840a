package gen_test

import (
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen"
)

var backticks = strings.NewReplacer(`"`, "`", "`", `"`)

// A name is quoted if SQL would change it or take it for a word of its own.
func TestQuote(t *testing.T) {
	for _, e := range gen.Engines {
		for name, want := range map[string]string{"id": "id", "user_id2": "user_id2", "Order": `"Order"`, "order": `"order"`,
			"a b": `"a b"`, `say "x"`: `"say ""x"""`, "": `""`, "1st": `"1st"`, "größe": `"größe"`} {
			if e.SQL.Quote("a b")[0] == '`' { // the other quote that there is
				name, want = backticks.Replace(name), backticks.Replace(want)
			}
			if got := e.SQL.Quote(name); got != want {
				t.Errorf("%s quotes %q as %s, want %s", e.Name, name, got, want)
			}
		}
	}
}
