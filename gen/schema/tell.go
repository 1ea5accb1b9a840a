package schema

import (
	"fmt"
	"strings"

	"github.com/repliqate/repliqate/gen/engine"
)

// tellAll finds the engine of each file. One in which no word tells it is taken for what the file before
// it is, since files of one database are named together.
func tellAll(files []*File) {
	for _, f := range files {
		f.Engine, f.Why = tell(f.text)
	}
	for i, f := range files {
		switch {
		case f.Engine != nil:
		case i > 0:
			f.Engine, f.Why = files[i-1].Engine, "taken because that is what "+files[i-1].Name+" is for"
		default:
			f.Engine, f.Why = engine.All[0], "taken because no word of the DDL tells: --engine names another"
		}
	}
}

// tell finds the engine by words that only one of them has: first what is a syntax error to the
// others, then what is unusual with them. It says what told it, and
// nothing where no word does.
func tell(text string) (*engine.Engine, string) {
	all := lexemes(text)
	marks := make([]string, len(all))
	for i, t := range all {
		marks[i] = t.mark()
	}
	for _, words := range []func(*engine.Engine) []string{
		func(e *engine.Engine) []string { return e.Words },
		func(e *engine.Engine) []string { return e.Hints },
	} {
		for i := range marks {
			for _, e := range engine.All {
				for _, phrase := range words(e) {
					if begins(marks[i:], phrase) {
						return e, fmt.Sprintf("told from %s", phrase)
					}
				}
			}
		}
	}
	return nil, ""
}

// begins reports whether marks begin with the words of a phrase.
func begins(marks []string, phrase string) bool {
	for i, word := range strings.Fields(phrase) {
		if i >= len(marks) || marks[i] != word {
			return false
		}
	}
	return true
}
