package postgres

import (
	"fmt"
	"strings"

	"github.com/repliqate/repliqate/gen/script"
)

// block takes the definitions out of a DO block. Nothing is run: what stands under a condition other than
// that something is not there yet, or in a loop, is left out, and said.
func (r *reader) block(c *clause) {
	for _, l := range c.words {
		if l.Text[0] != '$' || len(l.Text) < 4 {
			continue
		}
		tag := strings.IndexByte(l.Text[1:], '$') + 2
		if len(l.Text) >= 2*tag {
			b := block{reader: r, clause: c, from: c.from + l.Pos + tag, body: l.Text[tag : len(l.Text)-tag]}
			b.run()
		}
		return
	}
}

type block struct {
	*reader
	clause *clause
	from   int // of the body, in the statement's text
	body   string

	words []script.Lexeme
	inIf  []bool // of each IF: whether it asks for what is not there yet
	loops int
	over  bool // EXCEPTION was reached
}

func (b *block) run() {
	b.words = dialect.Lexemes(b.body)
	for i := 0; i < len(b.words); {
		end := i
		for end < len(b.words) && b.words[end].Text != ";" && !b.divides(i, end) {
			end++
		}
		b.part(i, min(end, len(b.words)-1), end)
		i = end + 1
	}
}

// divides reports whether a statement begins after the word at i, which belongs to the block itself.
func (b *block) divides(from, i int) bool {
	w := b.words[i]
	if w.Is("BEGIN") && i == from || w.Is("ELSE") && i == from || w.Is("LOOP") || w.Is("EXCEPTION") && i == from {
		return true
	}
	return w.Is("THEN") && begins(b.words[from:], "IF|ELSIF|ELSEIF|WHEN")
}

// part takes the words from i up to end.
func (b *block) part(i, last, end int) {
	words := b.words[i:end]
	switch {
	case begins(b.words[i:], "EXCEPTION") && end == i:
		b.over = true
	case begins(words, "IF"):
		b.inIf = append(b.inIf, begins(words, "IF", "NOT", "EXISTS"))
	case begins(words, "END", "IF"):
		b.inIf = b.inIf[:max(len(b.inIf)-1, 0)]
	case begins(words, "END", "LOOP"):
		b.loops--
	case begins(words, "ELSIF|ELSEIF") || begins(b.words[i:], "ELSE") && end == i:
		if len(b.inIf) > 0 {
			b.inIf[len(b.inIf)-1] = false
		}
	case last < len(b.words) && b.words[last].Is("LOOP"):
		b.loops++
	case begins(words, "CREATE|ALTER|DROP|COMMENT") && !b.over:
		b.definition(words)
	}
}

// definition takes a definition as if it stood outside, or says that it is left out.
func (b *block) definition(words []script.Lexeme) {
	pos, end := words[0].Pos, words[len(words)-1].End
	inner := &clause{Statement: b.clause.Statement, file: b.clause.file, from: b.from + pos, text: b.body[pos:end],
		exists: true}
	inner.words = dialect.Lexemes(inner.text)
	if !inner.decides() {
		return
	}
	for _, known := range b.inIf {
		if !known && !inner.is("CREATE", "TYPE|DOMAIN") {
			b.loops++ // as good as a loop: it can't be known whether it is run
			defer func() { b.loops-- }()
		}
	}
	if b.loops > 0 {
		inner.file.Skip(inner.fail(0, fmt.Errorf("this is run only if a condition of its DO block holds, "+
			"which is not known here: write it outside of the block if a table needs it")))
		return
	}
	b.take(inner)
}
