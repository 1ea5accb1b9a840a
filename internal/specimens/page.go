package specimens

import (
	"fmt"
	"strings"
)

// The marks between which the list stands in docs/types.md.
const (
	begin = "<!-- examples: go run ./internal/specimens/write -->\n"
	end   = "<!-- end of examples -->\n"
)

// longest is how much of a value is shown.
const longest = 60

// Page is the page with its list of examples as the vectors have them.
func Page(page string) (string, error) {
	before, rest, ok := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", fmt.Errorf("docs/types.md: expected the lines %q and %q", begin, end)
	}
	var b strings.Builder
	b.WriteString(before + begin + "\n| type | value | JSON |\n|---|---|---|\n")
	for _, v := range Vectors {
		if len(v.JSON) > longest+60 {
			continue // the number of a thousand digits
		}
		name := v.Type
		if !strings.Contains(name, " ") || strings.HasSuffix(name, "[]") || builtIn[name] {
			name = "`" + name + "`"
		}
		b.WriteString("| " + name + " | " + code(v.Value) + " | " + code(v.JSON) + " |\n")
	}
	return b.String() + "\n" + end + after, nil
}

// builtIn are the names of types that have a space in them.
var builtIn = map[string]bool{"double precision": true, "character varying": true, "bit varying": true,
	"time without time zone": true, "time with time zone": true, "timestamp without time zone": true,
	"timestamp with time zone": true}

// code shows a value in a cell of a table.
func code(text string) string {
	text = strings.NewReplacer("|", `\|`, "\n", "⏎", "\t", "⇥", "\x7f", "␡").Replace(text)
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if text == "" {
		return ""
	}
	return fence + text + fence
}

// Has reports whether there is a vector of a type.
func Has(name string) bool {
	for _, v := range Vectors {
		if v.Type == name {
			return true
		}
	}
	return false
}
