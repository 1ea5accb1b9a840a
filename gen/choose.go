package gen

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/internal/nearest"
)

// choice is what the names of a request mean.
type choice struct {
	tables map[*ddl.Table]bool
	keys   map[*ddl.Table]string
}

// choose finds the tables that were asked for, or given a key.
func (r Request) choose(files []*engine.File) (*choice, error) {
	var tables []*ddl.Table
	for _, f := range files {
		tables = append(tables, f.Tables...)
	}
	c := &choice{map[*ddl.Table]bool{}, map[*ddl.Table]string{}}
	for _, asked := range r.Tables {
		found, err := r.find(tables, asked)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			c.tables[t] = true
		}
	}
	for _, asked := range slices.Sorted(maps.Keys(r.PrimaryKeys)) {
		if asked == "" {
			continue
		}
		found, err := r.find(tables, asked)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			c.keys[t] = r.PrimaryKeys[asked]
		}
	}
	return c, nil
}

// find finds the table that a person means by a name, which may be as in SQL or as in a configuration: with
// its schema or without, with quotes or without, in any case if only one table is called so.
func (r Request) find(tables []*ddl.Table, asked string) ([]*ddl.Table, error) {
	schema, name, quoted := ddl.SplitName(asked)
	lower := strings.ToLower
	if quoted {
		lower = func(s string) string { return s }
	}
	in := func(t *ddl.Table, schema string) bool {
		return schema == t.Schema || t.Schema == "" && schema == t.File.Default
	}
	for _, means := range []func(*ddl.Table) bool{
		func(t *ddl.Table) bool { return t.Called(asked) },
		func(t *ddl.Table) bool { return in(t, schema) && t.Name == name },
		func(t *ddl.Table) bool { return in(t, lower(schema)) && t.Name == lower(name) },
		func(t *ddl.Table) bool { return t.Name == asked || schema == "" && t.Name == lower(name) },
		func(t *ddl.Table) bool {
			return !quoted && strings.EqualFold(t.Name, name) &&
				(schema == "" || strings.EqualFold(t.Schema, schema) || in(t, lower(schema)))
		},
	} {
		if found := filter(tables, means); found != nil {
			return found, ambiguous(asked, found)
		}
	}
	return nil, r.missing(tables, asked)
}

func filter(tables []*ddl.Table, means func(*ddl.Table) bool) []*ddl.Table {
	var found []*ddl.Table
	for _, t := range tables {
		if means(t) {
			found = append(found, t)
		}
	}
	return found
}

// ambiguous reports a name that means several tables.
func ambiguous(asked string, found []*ddl.Table) error {
	var names []string
	for _, t := range found {
		if t.Schema != found[0].Schema || t.Name != found[0].Name {
			names = append(names, fmt.Sprintf("%s (%s)", t.SQLName(), t.Position()))
		}
	}
	if names == nil {
		return nil
	}
	return fmt.Errorf("%q can mean %s (%s) or %s: name one of them like this", asked, found[0].SQLName(),
		found[0].Position(),
		strings.Join(names, " or "))
}

// missing reports a table that is not there.
func (r Request) missing(tables []*ddl.Table, asked string) error {
	var names []string
	positions := map[string]string{}
	for _, t := range tables {
		names = append(names, t.QualifiedName())
		positions[t.QualifiedName()] = t.Position()
	}
	near := nearest.Some(asked, names, 3)
	for i, n := range near {
		near[i] = fmt.Sprintf("%s (%s)", n, positions[n])
	}
	return fmt.Errorf("%s: there is no table %q: the nearest names are %s",
		strings.Join(r.Schemas, ", "), asked, strings.Join(near, ", "))
}

// fields are the columns of a table that are published; nil for all.
func (r Request) fields(t *ddl.Table) ([]string, error) {
	var fields []string
	for _, asked := range r.Fields {
		i := findColumn(t, asked)
		if i < 0 {
			return nil, t.Fail(fmt.Errorf("table %s has no column %s to publish: the nearest names are %s",
				t.QualifiedName(),
				asked, strings.Join(nearest.Some(asked, t.ColumnNames(), 3), ", ")))
		}
		fields = append(fields, t.Columns[i].Name)
	}
	without := map[int]bool{}
	for _, asked := range r.Without {
		without[findColumn(t, asked)] = true
	}
	if delete(without, -1); len(without) == 0 {
		return fields, nil
	}
	if fields == nil {
		fields = t.ColumnNames()
	}
	fields = slices.DeleteFunc(fields, func(name string) bool { return without[t.Column(name)] })
	if len(fields) == 0 {
		return nil, t.Fail(fmt.Errorf("no column of table %s is left to publish", t.QualifiedName()))
	}
	return fields, nil
}

// findColumn finds the column that a person means, or -1.
func findColumn(t *ddl.Table, asked string) int { return findName(t.ColumnNames(), asked) }

func findName(names []string, asked string) int {
	if i := slices.Index(names, asked); i >= 0 {
		return i
	}
	if i := slices.Index(names, strings.ToLower(asked)); i >= 0 {
		return i
	}
	return slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, asked) })
}

// checkWithout reports a column to leave out that no table has.
func (r Request) checkWithout(tables []Planned) error {
	for _, asked := range r.Without {
		var names []string
		for _, t := range tables {
			names = append(names, t.Columns...)
		}
		if names != nil && findName(names, asked) < 0 {
			return fmt.Errorf("--without %s: no table has this column: the nearest names are %s", asked,
				strings.Join(nearest.Some(asked, names, 3), ", "))
		}
	}
	return nil
}

// leaveOut removes the columns whose types are not supported, if they are not published. If one of these is
// to be published, it names them all.
func leaveOut(e *engine.Engine, t *ddl.Table, fields []string) error {
	var names, types []string
	var first func(error) error
	var columns []ddl.Column
	for i := range t.Columns {
		c := &t.Columns[i]
		_, err := e.Kind(c.Type)
		switch {
		case err == nil:
			columns = append(columns, *c)
		case fields == nil || slices.Contains(fields, c.Name):
			names = append(names, c.Name)
			types = append(types, fmt.Sprintf("column %s: %v", c.Name, err))
			if first == nil {
				first = c.FailType
			}
		}
	}
	if first != nil {
		return first(fmt.Errorf("table %s: %s: --without %s leaves out what can't be read",
			t.QualifiedName(), strings.Join(types, ", "), shellQuote(ddl.JoinList(names))))
	}
	t.Columns = columns
	return nil
}
