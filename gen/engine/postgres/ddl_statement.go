package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/script"
)

// clause is a piece of a file that is parsed: a statement, or one within a DO block.
type clause struct {
	script.Statement
	file   *ddl.File
	from   int    // where the clause begins in the statement's text
	text   string // as the parser is given it
	words  []script.Lexeme
	exists bool // within a DO block that does nothing if it is there already
}

// pos is the byte of the file that a byte of text stands for.
func (c *clause) pos(offset int32) int { return c.At(c.from + int(offset)) }

func (c *clause) fail(offset int32, err error) *ddl.Error { return c.file.At(c.pos(offset), err) }

// is reports whether the clause begins with these words. A word with bars is any of its parts.
func (c *clause) is(words ...string) bool { return begins(c.words, words...) }

func begins(lexemes []script.Lexeme, words ...string) bool {
	if len(lexemes) < len(words) {
		return false
	}
	for i, w := range words {
		found := false
		for part := range strings.SplitSeq(w, "|") {
			found = found || lexemes[i].Is(part)
		}
		if !found {
			return false
		}
	}
	return true
}

// statement takes in a statement of a file.
func (r *reader) statement(s script.Statement) {
	file := r.sources[s.Source]
	if !matters(s) {
		file.Pass(s.Text, dialect)
		return
	}
	r.take(&clause{Statement: s, file: file, text: s.Text, words: dialect.Lexemes(s.Text)})
}

// matters reports whether a statement can decide what a table is, by the word that it begins with. Nearly
// all of a large file does not.
func matters(s script.Statement) bool {
	first := s.Text[:min(len(s.Text), 16)]
	if c := first[0]; c == 'I' || c == 'i' || c == 'G' || c == 'g' {
		return false // INSERT and GRANT
	}
	return s.Begins(dialect, "CREATE|ALTER|DROP|COMMENT|SET|RESET|SELECT|DO|COMMIT|END|ROLLBACK") ||
		strings.ContainsAny(first[:1], "{<#@$:%[/")
}

// take takes in a clause.
func (r *reader) take(c *clause) {
	switch {
	case c.is("DO"):
		r.block(c)
		return
	case c.is("CREATE", "EXTENSION"):
		r.extension(c)
		c.file.Pass(c.Text, dialect)
		return
	case c.is("COMMIT|END|ROLLBACK"):
		if r.before != nil {
			r.path, r.before = r.before, nil
		}
		return
	case !c.decides():
		c.file.Pass(c.Text, dialect)
		return
	}
	facts := c.normalise()
	tree, err := parse(c.text)
	if err == nil {
		err = c.named()
	}
	if err == nil {
		err = c.readable()
	}
	if err != nil {
		r.mistaken(c, err)
		return
	}
	for _, raw := range tree.Stmts {
		if err := r.node(c, raw.Stmt); err != nil {
			r.blame(c, err)
		}
	}
	r.apply(c, facts)
}

// named refuses a placeholder in the quoted name of what is defined, which the parser takes as it is. A
// column may be called anything.
func (c *clause) named() error {
	p := c.Placeholder(dialect)
	if p == nil || p.Text[0] == ':' || p.Text[0] == '@' || p.Offset > strings.IndexByte(c.Text+"(", '(') {
		return nil
	}
	return p
}

// readable refuses names in another encoding than the file's.
func (c *clause) readable() error {
	for _, l := range c.words {
		if c.file.Broken && l.Text[0] != '\'' && l.Text[0] != '$' && strings.ContainsRune(l.Text, utf8.RuneError) {
			return c.fail(int32(l.Pos), errors.New(
				"this is not UTF-8 text: name the file's encoding with SET client_encoding = 'LATIN1' or the like "+
					"at its top"))
		}
	}
	return nil
}

// decides reports whether a clause can decide what a table is.
func (c *clause) decides() bool {
	switch {
	case c.is("CREATE"):
		return c.creates() >= 0
	case c.is("ALTER", "TABLE"):
		return c.altersColumns()
	case c.is("ALTER", "TYPE|DOMAIN"):
		return c.mentions("RENAME") || c.mentions("SCHEMA")
	case c.is("ALTER", "SCHEMA"):
		return c.mentions("RENAME")
	case c.is("COMMENT", "ON", "TABLE|COLUMN"), c.is("DROP", "TABLE|TYPE|DOMAIN|SCHEMA|INDEX"):
		return true
	case c.is("SET"), c.is("RESET"):
		return c.mentions("search_path") || c.mentions("SCHEMA")
	case c.is("SELECT"):
		return c.mentions("set_config") || c.mentions("INTO")
	}
	return false
}

func (c *clause) mentions(word string) bool {
	for _, l := range c.words {
		if l.Is(word) {
			return true
		}
	}
	return false
}

// creates returns the index of the word that says what a CREATE that matters creates, or -1.
func (c *clause) creates() int {
	for i := 1; i < min(len(c.words), 5); i++ {
		switch strings.ToUpper(c.words[i].Text) {
		case "TABLE", "TYPE", "DOMAIN", "SCHEMA":
			return i
		case "UNIQUE":
			return i
		case "GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED":
		default:
			return -1
		}
	}
	return -1
}

// passing are the beginnings of what ALTER TABLE does without changing what a table is.
var passing = [][]string{{"OWNER"}, {"ENABLE"}, {"DISABLE"}, {"CLUSTER"}, {"REPLICA"}, {"VALIDATE"}, {"FORCE"}, {"NO"},
	{"SET", "("}, {"RESET"}, {"SET", "TABLESPACE|LOGGED|UNLOGGED|WITHOUT|ACCESS|WITH"}, {"ADD",
		"FOREIGN|CHECK|EXCLUDE"}}

// altersColumns reports whether an ALTER TABLE can change what the table is.
func (c *clause) altersColumns() bool {
	rest := c.words[c.nameEnd(c.nameStart(2)):]
	for depth, i := 0, 0; i < len(rest); i++ {
		switch rest[i].Text {
		case "(":
			depth++
		case ")":
			depth--
		case ",":
			if depth == 0 {
				return true // several changes
			}
		}
	}
	for _, words := range passing {
		if begins(rest, words...) {
			return false
		}
	}
	switch {
	case begins(rest, "ADD", "CONSTRAINT") && len(rest) > 3:
		return !begins(rest[3:], "FOREIGN|CHECK|EXCLUDE")
	case begins(rest, "ALTER", "COLUMN") && len(rest) > 3:
		rest = rest[3:]
	case begins(rest, "ALTER") && len(rest) > 2:
		rest = rest[2:]
	}
	return !begins(rest, "SET", "STATISTICS|STORAGE|COMPRESSION|(")
}

// nameStart returns the index of the name after IF [NOT] EXISTS and ONLY.
func (c *clause) nameStart(i int) int {
	for i < len(c.words) && begins(c.words[i:], "IF|NOT|EXISTS|ONLY|CONCURRENTLY") {
		i++
	}
	return i
}

// nameEnd returns the index after the name that begins at i.
func (c *clause) nameEnd(i int) int {
	for i+2 < len(c.words) && c.words[i+1].Text == "." {
		i += 2
	}
	return min(i+1, len(c.words))
}

// mistaken remembers why a clause can't be parsed, for the table that it is about. A table that it was to
// create is there all the same, so that it can be asked for.
func (r *reader) mistaken(c *clause, err error) {
	found, at := c.explain(err), c.creates()
	switch {
	case at >= 0 && c.words[at].Is("TABLE"):
		at = c.nameStart(at + 1)
		n, pos := r.written(c, at)
		if _, known := r.tables[n]; !known && n.name != "" {
			r.define(&table{Table: &ddl.Table{Schema: n.schema, Name: n.name, File: c.file, Pos: pos,
				Problem: found}})
		}
		r.remember(n, found)
	case c.is("ALTER", "TABLE"):
		n, _ := r.written(c, c.nameStart(2))
		if t := r.find(n.schema, n.name); t != nil {
			n = name{t.Schema, t.Name}
		}
		r.remember(n, found)
	default:
		c.file.Skip(found)
	}
}

// explain gives a parser's error its place, or says what was to be filled in there.
func (c *clause) explain(err error) error {
	if p := c.Placeholder(dialect); p != nil {
		return c.file.At(c.At(p.Offset), p)
	}
	var syntax *syntaxError
	var placed *ddl.Error
	switch {
	case errors.As(err, &placed):
		return placed
	case errors.As(err, &syntax):
		return c.file.Syntax(c.pos(int32(byteOf(c.text, syntax.Cursorpos-1))), syntax.Message)
	}
	return c.fail(0, err)
}

// written is the name that stands at a lexeme, as far as it can be read, and where.
func (r *reader) written(c *clause, at int) (name, int) {
	var parts []string
	end := at
	for ; end < len(c.words) && !slices.Contains([]string{"(", ";", ","}, c.words[end].Text); end++ {
		if end > at && c.words[end].Pos > c.words[end-1].End {
			break // a name with a placeholder is all that stands together
		}
		if c.words[end].Text == "." {
			parts = append(parts, "")
			continue
		}
		if parts == nil {
			parts = []string{""}
		}
		parts[len(parts)-1] += unquote(c.words[end].Text)
	}
	switch len(parts) {
	case 0:
		return name{}, c.pos(0)
	case 1:
		return name{own(r.creating()), parts[0]}, c.pos(int32(c.words[at].Pos))
	}
	return name{own(parts[len(parts)-2]), parts[len(parts)-1]}, c.pos(int32(c.words[end-1].Pos))
}

// unquote returns the identifier that a word or a quoted name stands for.
func unquote(text string) string {
	if len(text) > 1 && text[0] == '"' {
		return strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)
	}
	return strings.ToLower(text)
}

func (r *reader) remember(n name, err error) {
	if r.mistakes[n] == nil {
		r.mistakes[n] = err
	}
}

// byteOf returns the position in bytes of the n-th character.
func byteOf(text string, n int) int {
	for i := range text {
		if n <= 0 {
			return i
		}
		n--
	}
	return len(text)
}

// fault is an error about a table.
type fault struct {
	about name
	error
}

// about makes an error about a table.
func about(t *table, err error) error { return &fault{name{t.Schema, t.Name}, err} }

// blame remembers an error for the table that it is about.
func (r *reader) blame(c *clause, err error) {
	var f *fault
	if errors.As(err, &f) {
		r.remember(f.about, f.error)
		return
	}
	c.file.Skip(err)
}

// node takes in a parsed statement.
func (r *reader) node(c *clause, stmt *pg.Node) error {
	switch n := stmt.Node.(type) {
	case *pg.Node_CreateStmt:
		return r.createTable(c, n.CreateStmt)
	case *pg.Node_CreateTableAsStmt:
		return r.createTableAs(c, n.CreateTableAsStmt)
	case *pg.Node_AlterTableStmt:
		return r.alterTable(c, n.AlterTableStmt)
	case *pg.Node_RenameStmt:
		return r.rename(c, n.RenameStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		return r.setSchema(c, n.AlterObjectSchemaStmt)
	case *pg.Node_IndexStmt:
		r.index(n.IndexStmt)
	case *pg.Node_DropStmt:
		r.drop(n.DropStmt)
	case *pg.Node_CommentStmt:
		r.comment(n.CommentStmt)
	case *pg.Node_CreateSchemaStmt:
		return r.createSchema(c, n.CreateSchemaStmt)
	case *pg.Node_VariableSetStmt:
		r.set(n.VariableSetStmt)
	case *pg.Node_SelectStmt:
		r.selectStatement(n.SelectStmt)
	default:
		r.typeNode(c, stmt)
	}
	return nil
}

// late makes an error about a table that is not there when something is to be done with it. It is said if
// the table is there later on, and otherwise concerns no table of these files.
func (r *reader) late(c *clause, relation *pg.RangeVar, done string) {
	n := name{own(relation.Schemaname), relation.Relname}
	if relation.Schemaname == "" {
		n.schema = own(r.creating())
	}
	err := c.fail(relation.Location, fmt.Errorf("table %s is not defined before it is %s: "+
		"name the files in the order in which they are run, or their folder", qualified(n), done))
	r.waiting[n] = append(r.waiting[n], err)
}

func qualified(n name) string {
	if n.schema == "" {
		return n.name
	}
	return n.schema + "." + n.name
}
