package postgres

import (
	"strings"

	"github.com/repliqate/repliqate/gen/script"
)

// facts are what a clause says in a way that the parser does not know yet.
type facts struct{ notNull []named }

// named is a constraint that a column is not null.
type named struct{ constraint, column string }

// normalise replaces what newer servers and others take by what the parser knows, of the same length, and
// returns what was said. The parser is that of PostgreSQL 17.
func (c *clause) normalise() facts {
	n := normaliser{text: []byte(c.text), words: c.words}
	if !c.is("CREATE") && !c.is("ALTER", "TABLE") {
		return n.facts
	}
	depth := 0
	for i := range n.words {
		switch n.words[i].Text {
		case "(":
			depth++
		case ")":
			depth--
		}
		n.word(i, depth)
	}
	c.text = string(n.text)
	return n.facts
}

type normaliser struct {
	text  []byte
	words []script.Lexeme
	facts facts
}

func (n *normaliser) at(i int, words ...string) bool {
	return i >= 0 && i < len(n.words) && begins(n.words[i:], words...)
}

// blank replaces words by spaces.
func (n *normaliser) blank(from, to int) {
	for pos := n.words[from].Pos; pos < n.words[to].End; pos++ {
		if n.text[pos] != '\n' {
			n.text[pos] = ' '
		}
	}
}

func (n *normaliser) word(i, depth int) {
	before := i - 1
	switch {
	case n.at(i, "NOT", "ENFORCED"):
		n.blank(i, i+1)
	case n.at(i, "ENFORCED") && n.at(before, ")|DEFERRABLE|DEFERRED|IMMEDIATE|VALID|ACTION|CASCADE|RESTRICT"):
		n.blank(i, i)
	case n.at(i, "WITHOUT", "OVERLAPS"):
		n.blank(i, i+1)
	case n.at(i, "PERIOD") && n.at(before, ",") && !n.at(i+1, ",|)"):
		n.blank(i, i)
	case n.at(i, "WITH", "OIDS") && n.at(before, ")"):
		n.blank(i, i+1)
	case n.at(i, "GENERATED", "ALWAYS", "AS", "("):
		n.generated(i)
	case n.at(i, "NOT", "NULL") && i+2 < len(n.words) && n.beginsElement(i, depth):
		n.tableNotNull(i)
	}
}

// generated blanks what a column is computed from. A virtual column is selected as any other is.
func (n *normaliser) generated(i int) {
	depth := 0
	for end := i + 3; end < len(n.words); end++ {
		switch n.words[end].Text {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth == 0 {
			if n.at(end+1, "STORED|VIRTUAL") {
				end++
			}
			n.blank(i, end)
			return
		}
	}
}

// beginsElement reports whether a constraint of the table begins at a word, with its name or without.
func (n *normaliser) beginsElement(i, depth int) bool {
	before := i - 1
	if n.at(i-2, "CONSTRAINT") {
		before = i - 3
	}
	if n.at(0, "ALTER") {
		return depth == 0 && n.at(before, "ADD")
	}
	return depth == 1 && n.at(before, "(|,")
}

// tableNotNull takes NOT NULL column, in the place of which the parser sees a CHECK.
func (n *normaliser) tableNotNull(i int) {
	constraint := ""
	if n.at(i-2, "CONSTRAINT") {
		constraint = unquote(n.words[i-1].Text)
	}
	column := n.words[i+2]
	n.blank(i, i+2)
	copy(n.text[n.words[i].Pos:column.End], "CHECK (1)")
	if !n.at(i+3, "NOT", "VALID") && !n.at(i+5, "NOT", "VALID") {
		n.facts.notNull = append(n.facts.notNull, named{constraint, unquote(column.Text)})
	}
}

// apply adds to the clause's table what the parser did not see.
func (r *reader) apply(c *clause, f facts) {
	if len(f.notNull) == 0 {
		return
	}
	at := 2
	if c.is("CREATE") {
		at = c.creates() + 1
	}
	n, _ := r.written(c, c.nameStart(at))
	t := r.find(n.schema, n.name)
	if t == nil {
		t = r.find("", n.name)
	}
	for _, constraint := range f.notNull {
		if t == nil {
			return
		}
		if i := t.Column(constraint.column); i >= 0 {
			t.Columns[i].NotNull = true
			t.notNull[strings.TrimSpace(constraint.constraint)] = constraint.column
		}
	}
}
