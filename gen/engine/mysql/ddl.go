package mysql

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/script"
)

// reader runs the statements of a database's files, as far as they decide what its tables are.
type reader struct {
	splitter script.Splitter
	sources  map[*script.Source]*ddl.File
	using    string // database that USE has named
	tables   []*table
	mistakes map[*table]error
}

// name is the name of a table. The schema is empty if none is written.
type name struct{ schema, name string }

func (n name) String() string {
	if n.schema == "" {
		return n.name
	}
	return n.schema + "." + n.name
}

// table is a table and what decides about it later.
type table struct {
	*ddl.Table
	columns []*column
	using   string              // the database that USE had named
	charset string              // of texts that name none
	uniques map[string][]string // columns by index
	key     []string            // primary key
	parted  []string            // words of PARTITION BY; nil if the table is not partitioned
}

// column is a column whose type is not settled yet, since it depends on the table's character set.
type column struct {
	ddl.Column
	length  int    // of a text that has one
	charset string // empty if it has none of its own
}

func read(files []*ddl.File) error {
	r := &reader{sources: map[*script.Source]*ddl.File{}, mistakes: map[*table]error{}}
	r.splitter.Dialect = dialect
	for _, f := range files {
		src := &script.Source{Name: f.Name, Text: uncomment(f.Text)}
		r.sources[src] = f
		for s := range r.splitter.Statements(src) {
			r.statement(s)
		}
	}
	files[0].Notes = append(files[0].Notes, r.splitter.Notes...)
	r.finish()
	for _, f := range files {
		f.Needed = func(wanted map[*ddl.Table]bool) string { return needed(f, wanted) }
	}
	return nil
}

// deciding are the words that statements begin with which can decide what a table is.
const deciding = "CREATE|ALTER|DROP|RENAME|USE"

// statement takes in a statement of a file.
func (r *reader) statement(s script.Statement) {
	file := r.sources[s.Source]
	if !s.Begins(dialect, deciding) {
		if s.Placeholder(dialect) != nil && strings.ContainsAny(s.Text[:1], "{<%$") {
			file.Skip(file.At(s.Pos, s.Placeholder(dialect)))
			return
		}
		file.Pass(s.Text, dialect)
		return
	}
	c := &cursor{Statement: s, file: file, words: dialect.Lexemes(s.Text)}
	switch {
	case c.accept("USE"):
		r.using, _ = c.name() // a USE of nothing is for the server to refuse
	case c.createsTable():
		r.createTable(c)
	case c.accept("CREATE", "UNIQUE", "INDEX"), c.accept("CREATE", "OR", "REPLACE", "UNIQUE", "INDEX"),
		c.accept("CREATE", "ONLINE|OFFLINE", "UNIQUE", "INDEX"):
		r.createIndex(c)
	case c.accept("ALTER", "TABLE"), c.accept("ALTER", "IGNORE|ONLINE", "TABLE"),
		c.accept("ALTER", "ONLINE", "IGNORE", "TABLE"):
		r.alterTable(c)
	case c.accept("DROP", "TABLE|TABLES"):
		r.dropTables(c)
	case c.accept("DROP", "INDEX"):
		r.dropIndex(c)
	case c.accept("RENAME", "TABLE|TABLES"):
		r.renameTables(c)
	default:
		file.Pass(s.Text, dialect)
	}
}

// createsTable moves on to the name of the table that a statement creates. Temporary tables go with their session.
func (c *cursor) createsTable() bool {
	if c.is("CREATE", "TABLE") || c.is("CREATE", "OR", "REPLACE", "TABLE") {
		for !c.accept("TABLE") {
			c.i++
		}
		c.accept("IF", "NOT", "EXISTS")
		return true
	}
	return false
}

// find finds a table by the name that it has in a statement. Where USE names no database, one of that name does.
func (r *reader) find(n name) *table {
	for _, t := range r.tables {
		if t.Name == n.name && (n.schema == t.Schema || n.schema == "" && t.using == r.using || n.schema == t.using) {
			return t
		}
	}
	return nil
}

// mistaken remembers the first thing that is wrong about a table; nothing else about it is certain then.
func (r *reader) mistaken(t *table, err error) {
	if r.mistakes[t] == nil {
		r.mistakes[t] = err
	}
}

// known finds the table that a statement is about, which must be there.
func (r *reader) known(c *cursor) *table {
	n, pos, err := c.relation()
	if err != nil {
		c.file.Skip(err)
		return nil
	}
	t := r.find(n)
	if t == nil {
		c.file.Skip(c.file.At(pos, fmt.Errorf("table %s is not defined before: name the files in the order in which they "+
			"are run, or their folder", n)))
	}
	return t
}

func (r *reader) dropTables(c *cursor) {
	c.accept("IF", "EXISTS")
	for _, part := range parts(c.words[c.i:]) {
		n, _, err := c.within(part).relation()
		if err != nil {
			c.file.Skip(err)
			return
		}
		if t := r.find(n); t != nil {
			r.tables = slices.DeleteFunc(r.tables, func(other *table) bool { return other == t })
		}
	}
}

func (r *reader) renameTables(c *cursor) {
	c.accept("IF", "EXISTS")
	for _, part := range parts(c.words[c.i:]) {
		p := c.within(part)
		t := r.known(p)
		if t == nil {
			continue
		}
		if p.accept("WAIT") {
			p.i++
		}
		p.accept("NOWAIT")
		if err := p.expect("TO"); err != nil {
			r.mistaken(t, err)
			continue
		}
		r.rename(t, p)
	}
}

func (r *reader) rename(t *table, c *cursor) {
	n, _, err := c.relation()
	if err != nil {
		r.mistaken(t, err)
		return
	}
	t.Name = n.name
	if n.schema != "" && n.schema != t.using {
		t.Schema = n.schema
	}
}

func (r *reader) createIndex(c *cursor) {
	c.accept("IF", "NOT", "EXISTS")
	index, err := c.name()
	if err != nil {
		c.file.Skip(err)
		return
	}
	if c.accept("USING|TYPE") {
		c.i++
	}
	if err := c.expect("ON"); err != nil {
		c.file.Skip(err)
		return
	}
	t := r.known(c)
	if t == nil {
		return
	}
	columns, err := c.columns()
	if err != nil {
		r.mistaken(t, err)
		return
	}
	t.uniques[strings.ToLower(index)] = columns
}

func (r *reader) dropIndex(c *cursor) {
	c.accept("IF", "EXISTS")
	index, err := c.name()
	if err != nil || !c.accept("ON") {
		return
	}
	if t := r.known(c); t != nil {
		t.dropIndex(index)
	}
}

func (t *table) dropIndex(index string) {
	if strings.EqualFold(index, "PRIMARY") {
		t.key = nil
	}
	delete(t.uniques, strings.ToLower(index))
}

// finish settles what can be known once everything was read.
func (r *reader) finish() {
	used := map[string]bool{}
	for _, t := range r.tables {
		used[t.using] = true
	}
	for _, t := range r.tables {
		if t.Schema == "" && len(used) > 1 {
			t.Schema = t.using // tables of several databases: which one of them a URI names can't be known
		}
		t.settle()
		t.Mistake = r.mistakes[t]
		if t.Mistake == nil {
			t.Mistake = t.unreadable()
		}
		t.File.Tables = append(t.File.Tables, t.Table)
	}
}

// settle makes the table's columns and keys what they are in the end.
func (t *table) settle() {
	t.PrimaryKey = t.key
	for _, c := range t.columns {
		c.settle(t)
		t.Columns = append(t.Columns, c.Column)
	}
	for _, column := range t.key {
		if i := t.column(column); i >= 0 {
			t.Columns[i].NotNull = true
		}
	}
	for i, column := range t.PrimaryKey { // as the column is written, since names of columns have no case
		if at := t.column(column); at >= 0 {
			t.PrimaryKey[i] = t.Columns[at].Name
		}
	}
	for _, columns := range t.uniques {
		if len(columns) == 1 {
			if i := t.column(columns[0]); i >= 0 {
				t.Columns[i].Unique = true
			}
		}
	}
	if t.parted != nil {
		t.PartitionedBy = []string{}
		for _, word := range t.parted {
			if i := t.column(unquote(word)); i >= 0 && !slices.Contains(t.PartitionedBy, t.Columns[i].Name) {
				t.PartitionedBy = append(t.PartitionedBy, t.Columns[i].Name)
			}
		}
	}
}

// column finds a column, whose name has no case.
func (t *table) column(called string) int {
	return slices.IndexFunc(t.columns, func(c *column) bool { return strings.EqualFold(c.Name, called) })
}

// unreadable says why a partitioned table's key is one that the run time refuses.
func (t *table) unreadable() error {
	if t.parted == nil || len(t.key) < 2 {
		return nil
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if !c.Generated || c.Unique || strings.EqualFold(t.key[0], c.Name) {
			continue
		}
		for _, columns := range t.uniques {
			if len(columns) > 0 && strings.EqualFold(columns[0], c.Name) {
				return nil
			}
		}
		return c.Fail(errors.New("no unique index of the partitioned table begins with its key " + c.Name +
			", so that rows can't be read in its order: declare PRIMARY KEY (" + c.Name + ", ...)"))
	}
	return nil
}
