package engine

import (
	"fmt"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
)

// tellAll finds the engine of each file. A file in which no word tells it is taken for what the file before
// it is, since files of one database are named together.
func (l List) tellAll(files []*File) {
	for _, f := range files {
		f.Engine, f.Why = l.tell(f.Text)
	}
	for i, f := range files {
		switch {
		case f.Engine != nil:
		case i > 0:
			f.Engine, f.Why = files[i-1].Engine, "assumed because that is what "+files[i-1].Name+" is for"
		default:
			f.Engine, f.Why = l[0], "assumed because no word of the DDL tells: --engine names another"
		}
	}
}

// looked is how many bytes of a file are looked at. A dump with data can be of any size.
const looked = 1 << 20

// tell finds the engine by words that only one of them has: first what is a syntax error to the
// others, then what is unusual with them. It also returns what told it, and nothing if no word does.
func (l List) tell(text string) (*Engine, string) {
	all := ddl.Lexemes(text[:min(len(text), looked)])
	marks := make([]string, len(all))
	for i, t := range all {
		marks[i] = t.Mark()
	}
	for _, words := range []func(*Engine) []string{
		func(e *Engine) []string { return e.Words },
		func(e *Engine) []string { return e.Hints },
	} {
		for i := range marks {
			for _, e := range l {
				for _, phrase := range words(e) {
					if begins(marks[i:], phrase) {
						return e, fmt.Sprintf("recognised by %s", phrase)
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
