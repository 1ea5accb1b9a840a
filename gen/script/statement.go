package script

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Source is the text of a file.
type Source struct {
	Name string
	Text string
}

// Position is the line and the column of a byte, both from 1. The column counts characters.
func (s *Source) Position(pos int) (line, col int) {
	before := s.Text[:min(max(pos, 0), len(s.Text))]
	line = strings.Count(before, "\n") + 1
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// Statement is a statement of a Source, without the semicolon that ends it.
type Statement struct {
	Source   *Source
	Pos, End int
	Text     string // as the server is to see it

	edits []edit
}

// edit says that from byte at of Text on, shift is to be added to find the byte of the Source. Within
// what was put in, every byte stands for the first one of what it replaces.
type edit struct{ at, end, pos int }

// At returns the byte of the Source that a byte of Text stands for.
func (s *Statement) At(offset int) int {
	pos := s.Pos + offset
	for _, e := range s.edits {
		switch {
		case offset < e.at:
			return pos
		case offset < e.end:
			return e.pos
		}
		pos = e.pos + offset - e.end
	}
	return pos
}

// replacement is a text to put in the place of some bytes of the Source.
type replacement struct {
	pos, end int
	text     string
}

// replace makes Text of the Source with the replacements, which are in order.
func (s *Statement) replace(all []replacement) {
	if len(all) == 0 {
		s.Text = s.Source.Text[s.Pos:s.End]
		return
	}
	var b strings.Builder
	from := s.Pos
	for _, r := range all {
		b.WriteString(s.Source.Text[from:r.pos])
		at := b.Len()
		b.WriteString(r.text)
		// Two edits: what was put in, and the end of what it replaces.
		s.edits = append(s.edits, edit{at, b.Len(), r.pos}, edit{b.Len(), b.Len(), r.end})
		from = r.end
	}
	b.WriteString(s.Source.Text[from:s.End])
	s.Text = b.String()
}

// Begins reports whether the statement begins with these words, in any case. A word with bars is any of
// its parts.
func (s *Statement) Begins(d Dialect, words ...string) bool {
	rest := s.Text
	for _, want := range words {
		got := ""
		for got == "" && rest != "" {
			n, lexeme := d.next(rest)
			if lexeme {
				got = rest[:n]
			}
			rest = rest[n:]
		}
		if !slices.ContainsFunc(strings.Split(want, "|"), func(w string) bool { return strings.EqualFold(w, got) }) {
			return false
		}
	}
	return true
}

// Kind is the words that a statement begins with, as far as they say what it does.
func (d Dialect) Kind(statement string) string {
	var words []string
	for pos := 0; pos < len(statement) && len(words) < 2; {
		n, lexeme := d.next(statement[pos:])
		if lexeme {
			if !word(statement[pos]) {
				break
			}
			if w := strings.ToUpper(statement[pos : pos+n]); w != "OR" && w != "REPLACE" {
				words = append(words, w)
			}
		}
		pos += n
	}
	if len(words) > 0 && !twoWords[words[0]] {
		words = words[:1]
	}
	return strings.Join(words, " ")
}

// twoWords are the words after which another one says what it is about.
var twoWords = map[string]bool{"CREATE": true, "ALTER": true, "DROP": true, "COMMENT": true}
