package schema

import (
	"strings"
	"unicode/utf8"
)

// lexeme is a word, a quoted name or string, or a symbol of SQL. Comments and spaces are none.
type lexeme struct {
	pos, end int
	text     string // as it is written, quotes included
}

// lexemes splits SQL of any engine, well enough to find names and to tell engines apart. What is not
// closed runs to the end of the text.
func lexemes(text string) []lexeme {
	var out []lexeme
	for pos := 0; pos < len(text); {
		n, found := next(text[pos:])
		if found {
			out = append(out, lexeme{pos, pos + n, text[pos : pos+n]})
		}
		pos += n
	}
	return out
}

// next returns the length of what text begins with, and whether that is a lexeme.
func next(text string) (n int, found bool) {
	c := text[0]
	switch {
	case strings.ContainsRune(" \t\r\n\f\v", rune(c)):
		return 1, false
	case strings.HasPrefix(text, "--"):
		return upTo(text, 2, "\n"), false
	case strings.HasPrefix(text, "/*"):
		return upTo(text, 2, "*/"), false
	case c == '\'' || c == '"' || c == '`':
		return quoted(text, c), true
	case c == '[' && len(text) > 1 && isWord(rune(text[1])) && !isDigit(text[1]):
		return upTo(text, 1, "]"), true // a name of SQLite; arrays have a digit or nothing in brackets
	case c == '$':
		return dollarQuoted(text), true
	case strings.HasPrefix(text, "::"):
		return 2, true
	}
	r, size := utf8.DecodeRuneInString(text)
	if !isWord(r) {
		return size, true
	}
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		if !isWord(r) {
			break
		}
		n += size
	}
	return n, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' ||
		r >= 0x80 && r != utf8.RuneError
}

// upTo returns the length up to the end of what closes the text, from where on it is looked for.
func upTo(text string, from int, closing string) int {
	if i := strings.Index(text[from:], closing); i >= 0 {
		return from + i + len(closing)
	}
	return len(text)
}

// quoted returns the length of a text between quotes, in which a doubled quote stands for one.
func quoted(text string, quote byte) int {
	for i := 1; i < len(text); i++ {
		if text[i] != quote {
			continue
		}
		if i+1 == len(text) || text[i+1] != quote {
			return i + 1
		}
		i++
	}
	return len(text)
}

// dollarQuoted returns the length of PostgreSQL's $tag$ ... $tag$, or of a single $.
func dollarQuoted(text string) int {
	end := strings.IndexFunc(text[1:], func(r rune) bool { return !isWord(r) })
	if end < 0 || text[1+end] != '$' {
		return 1
	}
	tag := text[:end+2]
	return upTo(text, len(tag), tag)
}

// name returns the identifier that a lexeme is, without its quotes.
func (t lexeme) name() string {
	if len(t.text) < 2 {
		return t.text
	}
	switch q := t.text[:1]; q {
	case `"`, "`", "'":
		return strings.ReplaceAll(t.text[1:len(t.text)-1], q+q, q)
	case "[":
		return t.text[1 : len(t.text)-1]
	}
	return t.text
}

// is reports whether a lexeme is the word, in any case.
func (t lexeme) is(word string) bool { return strings.EqualFold(t.text, word) }

// mark is what the tables of words that tell engines apart call a lexeme: the word in capitals, or the
// quote of a name that only some engines quote so.
func (t lexeme) mark() string {
	switch {
	case t.text[0] == '`':
		return "`name`"
	case t.text[0] == '[' && len(t.text) > 1:
		return "[name]"
	case t.text[0] == '$' && len(t.text) > 1:
		return "$$"
	}
	return strings.ToUpper(t.text)
}
