package mysql

import (
	"fmt"
	"slices"
	"strings"
)

// alterTable reads ALTER TABLE from the table's name on.
func (r *reader) alterTable(c *cursor) {
	c.accept("IF", "EXISTS")
	t := r.known(c)
	if t == nil {
		return
	}
	if c.accept("WAIT") {
		c.i++
	}
	c.accept("NOWAIT")
	for _, words := range parts(c.words[c.i:]) {
		if err := r.alter(t, c.within(words)); err != nil {
			r.mistaken(t, err)
			return
		}
	}
}

// alter does one change of a table. What does not change columns or keys is passed over.
func (r *reader) alter(t *table, c *cursor) error {
	switch {
	case c.accept("ADD"):
		return t.add(c)
	case c.accept("DROP"):
		t.drop(c)
	case c.accept("MODIFY"):
		c.accept("COLUMN")
		c.accept("IF", "EXISTS")
		return t.change(c, c.text())
	case c.accept("CHANGE"):
		c.accept("COLUMN")
		c.accept("IF", "EXISTS")
		return t.change(c, c.take())
	case c.accept("RENAME", "COLUMN"):
		c.accept("IF", "EXISTS")
		return t.renameColumn(c)
	case c.is("RENAME", "INDEX|KEY"):
	case c.accept("RENAME"):
		c.accept("TO|AS|=")
		r.rename(t, c)
	case c.accept("CONVERT", "TO"):
		t.charset = ""
		t.options(c)
		for _, column := range t.columns {
			if column.charset != "" && column.charset != binaryCharset {
				column.charset = t.charset
			}
		}
	case c.accept("REMOVE", "PARTITIONING"):
		t.parted = nil
	case c.is("PARTITION", "BY|="), c.is("DEFAULT|CHARSET|CHARACTER|COLLATE|COMMENT"):
		t.options(c)
	}
	return nil
}

// add reads ADD: a column, several between brackets, or an index.
func (t *table) add(c *cursor) error {
	if c.is("PARTITION", "(|IF|PARTITIONS") || c.is("SYSTEM", "VERSIONING") || c.is("PERIOD", "FOR") {
		return nil
	}
	column := c.accept("COLUMN")
	missing := c.accept("IF", "NOT", "EXISTS")
	if c.is("(") {
		words, err := c.brackets()
		if err != nil {
			return err
		}
		for _, part := range parts(words) {
			if err := t.element(c.within(part)); err != nil {
				return err
			}
		}
		return nil
	}
	if !column && c.is("PRIMARY|UNIQUE|KEY|INDEX|FULLTEXT|SPATIAL|VECTOR|FOREIGN|CHECK|CONSTRAINT") {
		return t.element(c)
	}
	if missing && t.column(unquote(c.text())) >= 0 {
		return nil
	}
	if err := t.addColumn(c); err != nil {
		return err
	}
	return t.place(len(t.columns)-1, c)
}

// place moves a column to where FIRST or AFTER want it.
func (t *table) place(i int, c *cursor) error {
	column := t.columns[i]
	to := -1
	switch {
	case c.accept("FIRST"):
		to = 0
	case c.accept("AFTER"):
		pos := c.pos()
		after, err := c.name()
		if err != nil {
			return err
		}
		if t.column(after) < 0 {
			return c.file.At(pos, fmt.Errorf("table %s has no column %s", t.Name, after))
		}
		t.columns = slices.Delete(t.columns, i, i+1)
		t.columns = slices.Insert(t.columns, t.column(after)+1, column)
		return nil
	}
	if to < 0 {
		return nil
	}
	t.columns = slices.Delete(t.columns, i, i+1)
	t.columns = slices.Insert(t.columns, to, column)
	return nil
}

// change reads the new definition of a column.
func (t *table) change(c *cursor, called string) error {
	old := unquote(called)
	i := t.column(old)
	if i < 0 {
		return c.file.At(c.pos(), fmt.Errorf("table %s has no column %s", t.Name, old))
	}
	column, err := t.readColumn(c)
	if err != nil {
		return err
	}
	t.renamed(old, column.Name)
	t.columns[i] = column
	return t.place(i, c)
}

func (t *table) renameColumn(c *cursor) error {
	old, err := c.name()
	if err != nil {
		return err
	}
	if err := c.expect("TO"); err != nil {
		return err
	}
	to, err := c.name()
	if err != nil {
		return err
	}
	i := t.column(old)
	if i < 0 {
		return c.file.At(c.At(0), fmt.Errorf("table %s has no column %s", t.Name, old))
	}
	t.columns[i].Name = to
	t.renamed(old, to)
	return nil
}

// renamed has indexes follow a column.
func (t *table) renamed(old, to string) {
	for _, columns := range append([][]string{t.key, t.parted}, values(t.uniques)...) {
		for i, column := range columns {
			if strings.EqualFold(column, old) {
				columns[i] = to
			}
		}
	}
}

func values(m map[string][]string) (all [][]string) {
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

// drop reads DROP: a column or an index.
func (t *table) drop(c *cursor) {
	switch {
	case c.accept("PRIMARY", "KEY"):
		t.key = nil
		return
	case c.accept("INDEX|KEY"), c.accept("CONSTRAINT"):
		c.accept("IF", "EXISTS")
		t.dropIndex(unquote(c.text()))
		return
	case c.is("FOREIGN", "KEY"), c.is("PARTITION"), c.is("SYSTEM", "VERSIONING"), c.is("PERIOD", "FOR"), c.is("CHECK"):
		return
	}
	c.accept("COLUMN")
	c.accept("IF", "EXISTS")
	column := unquote(c.text())
	if i := t.column(column); i >= 0 {
		t.columns = slices.Delete(t.columns, i, i+1)
	}
	for index, columns := range t.uniques {
		t.uniques[index] = slices.DeleteFunc(columns, func(n string) bool { return strings.EqualFold(n, column) })
	}
	t.key = slices.DeleteFunc(t.key, func(n string) bool { return strings.EqualFold(n, column) })
}
