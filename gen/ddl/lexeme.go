package ddl

import (
	"strings"
	"unicode/utf8"
)

// Lexeme is a word, a quoted name or string, or a symbol of SQL. Comments and spaces are none.
type Lexeme struct {
	Pos  int
	Text string // as it is written, quotes included
}

// Lexemes splits SQL of any engine, well enough to find names and to tell engines apart. What is not
// closed runs to the end of the text.
func Lexemes(text string) []Lexeme {
	var out []Lexeme
	for pos := 0; pos < len(text); {
		n, found := next(text[pos:])
		if found {
			out = append(out, Lexeme{pos, text[pos : pos+n]})
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
	case c == '[' && len(text) > 1 && IsWord(rune(text[1])) && !isDigit(text[1]):
		return upTo(text, 1, "]"), true // a name of SQLite; arrays have a digit or nothing in brackets
	case c == '$':
		return dollarQuoted(text), true
	case strings.HasPrefix(text, "::"):
		return 2, true
	}
	r, size := utf8.DecodeRuneInString(text)
	if !IsWord(r) {
		return size, true
	}
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		if !IsWord(r) {
			break
		}
		n += size
	}
	return n, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// IsWord reports whether a word of SQL can hold r.
func IsWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' ||
		r >= 0x80 && r != utf8.RuneError
}

// upTo returns the length up to the end of what closes the text, which is looked for from there on.
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
	end := strings.IndexFunc(text[1:], func(r rune) bool { return !IsWord(r) })
	if end < 0 || text[1+end] != '$' {
		return 1
	}
	tag := text[:end+2]
	return upTo(text, len(tag), tag)
}

// Name returns the identifier that a lexeme is, without its quotes.
func (t Lexeme) Name() string {
	if len(t.Text) < 2 {
		return t.Text
	}
	switch q := t.Text[:1]; q {
	case `"`, "`", "'":
		return strings.ReplaceAll(t.Text[1:len(t.Text)-1], q+q, q)
	case "[":
		return t.Text[1 : len(t.Text)-1]
	}
	return t.Text
}

// Is reports whether a lexeme is the word, in any case.
func (t Lexeme) Is(word string) bool { return strings.EqualFold(t.Text, word) }

// Mark is what the tables of words that tell engines apart call a lexeme: the word in capitals, or the
// quote of a name that only some engines quote so.
func (t Lexeme) Mark() string {
	switch {
	case t.Text[0] == '`':
		return "`name`"
	case t.Text[0] == '[' && len(t.Text) > 1:
		return "[name]"
	case t.Text[0] == '$' && len(t.Text) > 1:
		return "$$"
	}
	return strings.ToUpper(t.Text)
}
