package postgres

import (
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/script"
)

// dialect is what psql and the server take for the end of a statement.
var dialect = script.Dialect{DollarQuotes: true, NestedComments: true, EscapeStrings: true, Bodies: true, PSQL: true}

// reader runs the statements of a database's files, as far as they decide what its tables are.
type reader struct {
	splitter script.Splitter
	sources  map[*script.Source]*ddl.File
	root     *ddl.File // the file that was named, which may include others

	path   []string // search_path; its first schema is the one to create in
	before []string // search_path before a SET LOCAL

	tables   map[name]*table
	order    []*table
	types    map[name]*userType
	mistakes map[name]error   // the first thing that is wrong about a table
	waiting  map[name][]error // what was to be done with a table that is not there yet

	extensions bool // one was created that may define types
}

// name is the name of a table or a type. The schema is empty for the default one.
type name struct{ schema, name string }

// table is a table and what decides about it later.
type table struct {
	*ddl.Table
	root     *ddl.File
	hidden   bool // a partition, which its parent stands for
	children []*table
	pkName   string
	uniques  map[string][]string // columns by constraint or index
	notNull  map[string]string   // column by constraint
}

func read(files []*ddl.File) error {
	r := &reader{sources: map[*script.Source]*ddl.File{}, path: []string{schema}, tables: map[name]*table{},
		types: map[name]*userType{}, mistakes: map[name]error{}, waiting: map[name][]error{}}
	r.splitter = script.Splitter{Dialect: dialect, Open: r.include}
	for _, f := range files {
		r.root = f
		src := &script.Source{Name: f.Name, Text: f.Text}
		r.sources[src] = f
		for s := range r.splitter.Statements(src) {
			r.statement(s)
		}
	}
	files[0].Notes = append(files[0].Notes, r.splitter.Notes...)
	r.finish(files)
	return nil
}

// include opens a file that another one includes.
func (r *reader) include(path string, from *script.Source) (*script.Source, error) {
	f, err := r.sources[from].Include(path)
	if err != nil {
		return nil, err
	}
	src := &script.Source{Name: f.Name, Text: f.Text}
	r.sources[src] = f
	return src, nil
}

// finish settles what can be known once everything was read.
func (r *reader) finish(files []*ddl.File) {
	r.order = slices.DeleteFunc(r.order, func(t *table) bool { return t.hidden })
	for _, t := range r.order {
		for _, column := range t.PrimaryKey {
			if i := t.Column(column); i >= 0 {
				t.Columns[i].NotNull = true
			}
		}
		for _, columns := range t.uniques {
			t.MarkUnique(columns)
		}
		for i := range t.Columns {
			r.settle(&t.Columns[i].Type)
		}
		n := name{t.Schema, t.Name}
		t.Mistake = r.mistakes[n]
		if late := r.waiting[n]; late != nil && t.Mistake == nil {
			t.Mistake = late[0]
		}
		delete(r.mistakes, n)
		delete(r.waiting, n)
		t.root.Tables = append(t.root.Tables, t.Table)
	}
	for _, all := range r.waiting {
		for _, err := range all {
			files[0].Skip(err)
		}
	}
	for n, t := range r.types {
		if t.domain {
			leaf, arrays := r.endOf(n)
			files[0].Aliases.Domains[qualified(n)] = qualified(leaf) + strings.Repeat("[]", arrays)
		}
	}
	for i, f := range files {
		f.Needed = func(wanted map[*ddl.Table]bool) string { return r.needed(f, i == 0, wanted) }
	}
}
