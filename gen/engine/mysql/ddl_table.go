package mysql

import (
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/script"
)

// createTable reads CREATE TABLE from the table's name on.
func (r *reader) createTable(c *cursor) {
	n, pos, err := c.relation()
	if err != nil {
		c.file.Skip(err)
		return
	}
	t := &table{Table: &ddl.Table{Schema: n.schema, Name: n.name, File: c.file, Pos: pos}, using: r.using,
		uniques: map[string][]string{}}
	if old := r.find(n); old != nil {
		if c.Begins(dialect, "CREATE", "TABLE", "IF") {
			return
		}
		if c.Begins(dialect, "CREATE", "OR") {
			r.tables = slices.DeleteFunc(r.tables, func(other *table) bool { return other == old })
		}
	}
	if n.schema == r.using {
		t.Schema = ""
	}
	r.tables = append(r.tables, t)
	if err := r.define(t, c); err != nil {
		r.mistaken(t, err)
	}
}

// define reads what follows the name of a table.
func (r *reader) define(t *table, c *cursor) error {
	if c.accept("LIKE") || c.is("(", "LIKE") && c.accept("(") && c.accept("LIKE") {
		return r.like(t, c)
	}
	if c.is("SELECT|AS|WITH|VALUES") || c.is("(", "SELECT|WITH") {
		t.Problem = errQuery
		return nil
	}
	elements, err := c.brackets()
	if err != nil {
		return err
	}
	for _, words := range parts(elements) {
		if err := t.element(c.within(words)); err != nil {
			return err
		}
	}
	t.options(c)
	if c.is("SELECT|AS|WITH|IGNORE|REPLACE|VALUES") || c.is("(", "SELECT|WITH") {
		t.Problem = errQuery
		return nil
	}
	if !c.done() {
		return c.unexpected("an option of the table")
	}
	return nil
}

// like copies a table's definition.
func (r *reader) like(t *table, c *cursor) error {
	pos := c.pos()
	n, _, err := c.relation()
	if err != nil {
		return err
	}
	other := r.find(n)
	if other == nil {
		return c.file.At(pos, errNotThere(n))
	}
	for _, from := range other.columns {
		column := *from
		t.columns = append(t.columns, &column)
	}
	for index, columns := range other.uniques {
		t.uniques[index] = slices.Clone(columns)
	}
	t.key, t.charset, t.Comment = slices.Clone(other.key), other.charset, other.Comment
	t.parted, t.Problem = other.parted, other.Problem
	return nil
}

// element reads an element of a table: a column, an index, or a constraint.
func (t *table) element(c *cursor) error {
	if c.done() {
		return c.unexpected("a column")
	}
	called := ""
	if c.accept("CONSTRAINT") && !c.is("PRIMARY|UNIQUE|FOREIGN|CHECK") {
		n, err := c.name()
		if err != nil {
			return err
		}
		called = n
	}
	switch {
	case c.accept("PRIMARY", "KEY"):
		return t.primaryKey(c)
	case c.accept("UNIQUE"):
		return t.unique(c, called)
	case c.is("KEY|INDEX") && !quoted(c.text()), c.is("FULLTEXT|SPATIAL|VECTOR", "KEY|INDEX"),
		c.is("FULLTEXT|SPATIAL") && !c.is("FULLTEXT|SPATIAL", "TEXT|INT|VARCHAR"), c.is("FOREIGN", "KEY"),
		c.is("CHECK", "("), c.is("CHECK", "IF"), c.is("PERIOD", "FOR"):
		return nil
	}
	return t.addColumn(c)
}

func quoted(text string) bool { return text != "" && strings.ContainsRune("`\"", rune(text[0])) }

// index moves on to the columns of an index, and returns its name.
func (c *cursor) index(called string) (string, error) {
	c.accept("KEY|INDEX")
	c.accept("IF", "NOT", "EXISTS")
	for !c.is("(") {
		if c.accept("USING|TYPE") {
			c.i++
			continue
		}
		n, err := c.name()
		if err != nil {
			return "", err
		}
		called = n
	}
	return called, nil
}

func (t *table) primaryKey(c *cursor) error {
	if _, err := c.index(""); err != nil {
		return err
	}
	columns, err := c.columns()
	t.key = columns
	return err
}

func (t *table) unique(c *cursor, called string) error {
	called, err := c.index(called)
	if err != nil {
		return err
	}
	columns, err := c.columns()
	if err != nil {
		return err
	}
	if called == "" && len(columns) > 0 {
		called = columns[0] // as the server names it
	}
	t.uniques[strings.ToLower(called)] = columns
	return nil
}

// options reads the options of a table, as far as they matter.
func (t *table) options(c *cursor) {
	for !c.done() && !c.is("SELECT|AS|WITH|IGNORE|REPLACE|VALUES") || c.is("WITH", "SYSTEM") || c.is("WITH", "PARSER") {
		switch {
		case c.accept("PARTITION", "BY"):
			t.parted = c.partition()
		case c.accept("COMMENT"):
			c.accept("=")
			t.Comment = unquote(c.take())
		case c.accept("CHARSET"), c.accept("CHARACTER", "SET"):
			c.accept("=")
			t.charset = charsetOf(c.take())
		case c.accept("COLLATE"):
			c.accept("=")
			if charset := charsetOf(c.take()); t.charset == "" || charset == binaryCharset {
				t.charset = charset
			}
		case c.is("("):
			if c.is("(", "SELECT|WITH") {
				return
			}
			if _, err := c.brackets(); err != nil {
				return
			}
		default:
			c.i++
		}
	}
}

// partition reads what a table is partitioned by, up to its end: words some of which are columns.
func (c *cursor) partition() []string {
	words := []string{}
	c.accept("LINEAR")
	for !c.done() && !c.is("(") {
		c.i++
	}
	if c.is("(") {
		inner, err := c.brackets()
		if err == nil {
			words = texts(inner)
		}
	}
	for !c.done() && !c.is("SELECT|AS") {
		if c.is("(") {
			if _, err := c.brackets(); err == nil {
				continue
			}
		}
		c.i++
	}
	return words
}

func texts(words []script.Lexeme) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = w.Text
	}
	return all
}

// charsetOf is the character set of a collation, or of its own name.
func charsetOf(called string) string {
	charset, _, _ := strings.Cut(strings.ToLower(unquote(called)), "_")
	return charset
}
