package mysql

import (
	"strings"

	"github.com/repliqate/repliqate/gen/script"
)

// dialect is what MySQL's client and the server take for the end of a statement.
var dialect = script.Dialect{Backslashes: true, Backticks: true, HashComments: true, Bodies: true, Delimiter: true}

// latest is a version that no server has reached: a dump hides in comments of a higher one what no server shall run.
const latest = "200000"

// uncomment blanks the marks of versioned comments, so that what is in them is read as servers of today read it.
// Every byte keeps its place.
func uncomment(text string) string {
	if !strings.Contains(text, "/*!") && !strings.Contains(text, "/*M!") {
		return text
	}
	out := []byte(text)
	open := 0
	for pos := 0; pos < len(text); {
		rest := text[pos:]
		if n := opens(rest); n > 0 {
			blank(out[pos : pos+n])
			open++
			pos += n
			continue
		}
		if open > 0 && strings.HasPrefix(rest, "*/") {
			blank(out[pos : pos+2])
			open--
			pos += 2
			continue
		}
		pos += dialect.Length(rest)
	}
	return string(out)
}

// opens returns the length of the mark that opens a versioned comment which servers of today read.
func opens(text string) int {
	rest, ok := strings.CutPrefix(text, "/*")
	if !ok {
		return 0
	}
	rest = strings.TrimPrefix(rest, "M")
	if rest, ok = strings.CutPrefix(rest, "!"); !ok {
		return 0
	}
	digits := 0
	for digits < min(len(rest), len(latest)) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	if digits == len(latest) && rest[:digits] >= latest {
		return 0
	}
	return len(text) - len(rest) + digits
}

func blank(b []byte) {
	for i := range b {
		b[i] = ' '
	}
}
