package script

import (
	"strings"
	"unicode/utf8"
)

// Lexeme is a word, a number, a string, a quoted name or a symbol of a statement. Comments and spaces are
// left out.
type Lexeme struct {
	Pos, End int
	Text     string // as it is written, quotes included
}

// Is reports whether the lexeme is this word, in any case.
func (l Lexeme) Is(word string) bool { return strings.EqualFold(l.Text, word) }

// Lexemes splits a text. What is not closed runs to its end.
func (d Dialect) Lexemes(text string) []Lexeme {
	var out []Lexeme
	for pos := 0; pos < len(text); {
		n, is := d.next(text[pos:])
		if is {
			out = append(out, Lexeme{pos, pos + n, text[pos : pos+n]})
		}
		pos += n
	}
	return out
}

// next returns the length of what text begins with, and whether that is a lexeme.
func (d Dialect) next(text string) (n int, lexeme bool) {
	switch c := text[0]; {
	case space(c):
		for n = 1; n < len(text) && space(text[n]); n++ {
		}
		return n, false
	case c == '-' && strings.HasPrefix(text, "--"), c == '#' && d.HashComments:
		return until(text, 1, "\n"), false
	case c == '/' && strings.HasPrefix(text, "/*"):
		return d.comment(text), false
	case c == '\'':
		return quoted(text, c, d.Backslashes), true
	case (c == 'E' || c == 'e') && d.EscapeStrings && len(text) > 1 && text[1] == '\'':
		return 1 + quoted(text[1:], '\'', true), true
	case c == '"':
		return quoted(text, c, d.Backslashes), true
	case c == '`' && d.Backticks:
		return quoted(text, c, false), true
	case c == '[' && d.Brackets:
		return until(text, 1, "]"), true
	case c == '$' && d.DollarQuotes:
		return dollarQuoted(text), true
	case c == ':' && strings.HasPrefix(text, "::"):
		return 2, true
	case word(c):
		for n = 1; n < len(text) && (word(text[n]) || text[n] == '$'); n++ {
		}
		return n, true
	}
	_, n = utf8.DecodeRuneInString(text)
	return n, true
}

func space(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// word reports whether a byte can be part of a word. Everything beyond ASCII can.
func word(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

// until returns the length up to the end of what closes the text, which is looked for from a byte on.
func until(text string, from int, closing string) int {
	if i := strings.Index(text[from:], closing); i >= 0 {
		return from + i + len(closing)
	}
	return len(text)
}

func (d Dialect) comment(text string) int {
	if !d.NestedComments {
		return until(text, 2, "*/")
	}
	depth := 1
	for i := 2; i < len(text)-1; i++ {
		switch text[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// quoted returns the length of a text between quotes, in which a doubled quote stands for one.
func quoted(text string, quote byte, backslashes bool) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && backslashes:
			i++
		case text[i] != quote:
		case i+1 == len(text) || text[i+1] != quote:
			return i + 1
		default:
			i++
		}
	}
	return len(text)
}

// dollarQuoted returns the length of $tag$ ... $tag$, or of a single $.
func dollarQuoted(text string) int {
	n := 1
	for n < len(text) && word(text[n]) {
		n++
	}
	if n == len(text) || text[n] != '$' || n > 1 && text[1] >= '0' && text[1] <= '9' {
		return 1
	}
	tag := text[:n+1]
	return until(text, len(tag), tag)
}

// Length is the length of the word, string, comment or run of spaces that a text begins with.
func (d Dialect) Length(text string) int {
	n, _ := d.next(text)
	return n
}
