package mysql

import (
	"errors"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/script"
)

// cursor reads the words of a statement one after the other.
type cursor struct {
	script.Statement
	file  *ddl.File
	words []script.Lexeme
	i     int
}

// is reports whether these words come next. A word with bars is any of its parts.
func (c *cursor) is(words ...string) bool {
	if c.i+len(words) > len(c.words) {
		return false
	}
	for n, w := range words {
		if !slices.ContainsFunc(strings.Split(w, "|"), c.words[c.i+n].Is) {
			return false
		}
	}
	return true
}

// accept moves on behind these words if they come next.
func (c *cursor) accept(words ...string) bool {
	if !c.is(words...) {
		return false
	}
	c.i += len(words)
	return true
}

// expect moves on behind a word that must come next.
func (c *cursor) expect(word string) error {
	if !c.accept(word) {
		return c.unexpected(word)
	}
	return nil
}

func (c *cursor) done() bool { return c.i >= len(c.words) }

// text is the next word, or nothing at the end.
func (c *cursor) text() string {
	if c.done() {
		return ""
	}
	return c.words[c.i].Text
}

// take is the next word, which is moved behind.
func (c *cursor) take() string {
	text := c.text()
	c.i++
	return text
}

// pos is the byte of the file at which the next word stands.
func (c *cursor) pos() int {
	if c.done() {
		return c.At(max(len(c.Text)-1, 0))
	}
	return c.At(c.words[c.i].Pos)
}

// unexpected says what was expected in the place of the next word.
func (c *cursor) unexpected(wanted string) error {
	if p := c.Placeholder(dialect); p != nil && p.Text[0] != '@' {
		return c.file.At(c.At(p.Offset), p)
	}
	if c.done() {
		return c.file.Syntax(c.pos(), "the statement ends where "+wanted+" is expected")
	}
	return c.file.Syntax(c.pos(), "expected "+wanted)
}

// name is a name, quoted or not.
func (c *cursor) name() (string, error) {
	text := c.text()
	switch {
	case text == "":
	case text[0] == '`' || text[0] == '"':
		c.i++
		return unquote(text), nil
	case ddl.IsWord(rune(text[0])) || text[0] >= 0x80:
		c.i++
		return text, nil
	}
	return "", c.unexpected("a name")
}

// relation is a table's name, with its database or without, and where it stands.
func (c *cursor) relation() (n name, pos int, err error) {
	pos = c.pos()
	if n.name, err = c.name(); err != nil || !c.is(".") {
		return n, pos, err
	}
	c.i++
	pos, n.schema = c.pos(), n.name
	n.name, err = c.name()
	return n, pos, err
}

// unquote is what a quoted name or string stands for.
func unquote(text string) string {
	if len(text) < 2 || !strings.ContainsRune("`\"'", rune(text[0])) {
		return text
	}
	q := text[:1]
	inner := strings.ReplaceAll(strings.TrimSuffix(text[1:], q), q+q, q)
	if q == "`" || !strings.Contains(inner, `\`) {
		return inner
	}
	return unescape(inner)
}

// escapes are what a letter behind a backslash stands for; any other stands for itself.
var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', '0': 0, 'Z': 26}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			i++
			c = s[i]
			if other, ok := escapes[c]; ok {
				c = other
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// brackets returns the words between brackets, which must come next, and moves on behind them.
func (c *cursor) brackets() ([]script.Lexeme, error) {
	if !c.is("(") {
		return nil, c.unexpected(`"("`)
	}
	depth, from := 0, c.i+1
	for ; !c.done(); c.i++ {
		switch c.text() {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				c.i++
				return c.words[from : c.i-1], nil
			}
		}
	}
	c.i = from - 1
	return nil, c.file.Syntax(c.pos(), `the ")" that closes this is missing`)
}

// within is a cursor over some of the words.
func (c *cursor) within(words []script.Lexeme) *cursor {
	return &cursor{Statement: c.Statement, file: c.file, words: words}
}

// parts splits words at their commas, but for those between brackets.
func parts(words []script.Lexeme) (all [][]script.Lexeme) {
	depth, from := 0, 0
	for i, w := range words {
		switch w.Text {
		case "(":
			depth++
		case ")":
			depth--
		case ",":
			if depth == 0 {
				all = append(all, words[from:i])
				from = i + 1
			}
		}
	}
	return append(all, words[from:])
}

// columns reads the columns of an index. It is nothing for an index of expressions.
func (c *cursor) columns() ([]string, error) {
	words, err := c.brackets()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, part := range parts(words) {
		p := c.within(part)
		if p.is("(") {
			return nil, nil
		}
		n, err := p.name()
		if err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	return names, nil
}

// errQuery says why a table's columns are not known.
var errQuery = errors.New("the table is made of a query, whose columns are not known here: " +
	"give its schema as SHOW CREATE TABLE prints it")
