package postgres

import (
	"errors"
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/repliqate/repliqate/gen/ddl"
)

// reader reads the files of a database with PostgreSQL's own parser.
type reader struct {
	files   []*ddl.File
	domains map[string]string // base type by domain
	enums   map[string]bool
}

// statement is a statement for sqlc, and the table that must be wanted for it.
type statement struct {
	pos, end int
	table    *ddl.Table // nil: in any case
}

func read(files []*ddl.File) error {
	r := &reader{files: files, domains: files[0].Aliases.Domains, enums: map[string]bool{}}
	for _, f := range files {
		if err := r.read(f); err != nil {
			return err
		}
	}
	for _, f := range files {
		for _, t := range f.Tables {
			r.finish(t)
		}
	}
	return nil
}

func (r *reader) read(f *ddl.File) error {
	text := blankCommands(f.Text)
	tree, err := parse(text)
	if err != nil {
		var syntax *syntaxError
		if !errors.As(err, &syntax) {
			return f.Whole(err)
		}
		return f.Syntax(byteOf(f.Text, syntax.Cursorpos-1), syntax.Message)
	}
	var kept []statement
	for _, raw := range tree.Stmts {
		s := statement{pos: int(raw.StmtLocation), end: int(raw.StmtLocation + raw.StmtLen)}
		if raw.StmtLen == 0 {
			s.end = len(text)
		}
		var keep bool
		if s.table, keep, err = r.take(f, raw.Stmt); err != nil {
			return err
		}
		if keep {
			kept = append(kept, s)
		}
	}
	f.Needed = func(wanted map[*ddl.Table]bool) string { return needed(text, f.Schemas(wanted), kept, wanted) }
	return nil
}

// blankCommands blanks psql's commands, such as the \restrict that pg_dump writes.
func blankCommands(text string) string {
	blank := []byte(text)
	for _, t := range ddl.Lexemes(text) {
		if t.Text == `\` && strings.TrimSpace(text[strings.LastIndexByte(text[:t.Pos], '\n')+1:t.Pos]) == "" {
			for i := t.Pos; i < len(text) && text[i] != '\n'; i++ {
				blank[i] = ' '
			}
		}
	}
	return string(blank)
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

// needed returns the text with all that is not needed blanked, so that sqlc's positions are those of
// the file. A schema that is created nowhere is created here, since sqlc insists on it.
func needed(text string, schemas []string, kept []statement, wanted map[*ddl.Table]bool) string {
	blank := []byte(text)
	for i := range blank {
		if blank[i] != '\n' {
			blank[i] = ' '
		}
	}
	for _, s := range kept {
		if s.table == nil || wanted[s.table] {
			copy(blank[s.pos:s.end], text[s.pos:s.end])
			if s.end < len(blank) {
				blank[s.end] = ';'
			}
		}
	}
	return createSchemas(schemas) + string(blank)
}

func createSchemas(names []string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString("CREATE SCHEMA IF NOT EXISTS " + quote(name) + "; ")
	}
	return b.String()
}

// take takes in what a statement says. It returns the table that it is about and whether sqlc is to
// see it.
func (r *reader) take(f *ddl.File, stmt *pg.Node) (*ddl.Table, bool, error) {
	switch n := stmt.Node.(type) {
	case *pg.Node_CreateStmt:
		t, err := r.createTable(f, n.CreateStmt)
		return t, t != nil, err
	case *pg.Node_AlterTableStmt:
		return r.alterTable(f, n.AlterTableStmt)
	case *pg.Node_IndexStmt:
		r.index(n.IndexStmt)
	case *pg.Node_CreateEnumStmt:
		r.enums[lastName(n.CreateEnumStmt.TypeName)] = true
		return nil, true, nil
	case *pg.Node_CreateDomainStmt:
		// sqlc has no domains; the plugin is given their base types.
		r.domains[lastName(n.CreateDomainStmt.Domainname)] = baseName(n.CreateDomainStmt.TypeName)
	case *pg.Node_CommentStmt:
		t := r.commented(n.CommentStmt)
		return t, t != nil, nil
	case *pg.Node_DropStmt:
		r.drop(n.DropStmt)
	case *pg.Node_RenameStmt:
		return nil, false, r.rename(f, n.RenameStmt)
	}
	return nil, false, nil
}

// drop forgets tables.
func (r *reader) drop(n *pg.DropStmt) {
	if n.RemoveType != pg.ObjectType_OBJECT_TABLE {
		return
	}
	for _, object := range n.Objects {
		if t := r.named(object.GetList().GetItems()); t != nil {
			t.Forget()
		}
	}
}

// rename refuses what sqlc and the positions of errors could not follow.
func (r *reader) rename(f *ddl.File, n *pg.RenameStmt) error {
	if n.Relation == nil {
		return nil
	}
	t := r.find(n.Relation.Schemaname, n.Relation.Relname)
	if t == nil || n.RenameType != pg.ObjectType_OBJECT_TABLE && n.RenameType != pg.ObjectType_OBJECT_COLUMN {
		return nil
	}
	return f.At(nameAt(f, n.Relation), fmt.Errorf("table %s is renamed, or a column of it: "+
		"give the schema as it is now, for example from pg_dump --schema-only", t.QualifiedName()))
}

// commented returns the table that a comment is on, or whose column it is on.
func (r *reader) commented(c *pg.CommentStmt) *ddl.Table {
	items := c.Object.GetList().GetItems()
	if c.Objtype == pg.ObjectType_OBJECT_COLUMN && len(items) > 1 {
		t := r.named(items[:len(items)-1])
		if t != nil && t.Column(lastName(items)) >= 0 {
			return t
		}
		return nil
	}
	if c.Objtype != pg.ObjectType_OBJECT_TABLE {
		return nil
	}
	return r.named(items)
}

// named finds a table by its name in one or two parts.
func (r *reader) named(items []*pg.Node) *ddl.Table {
	switch len(items) {
	case 1:
		return r.find("", lastName(items))
	case 2:
		return r.find(items[0].GetString_().GetSval(), lastName(items))
	}
	return nil
}

func (r *reader) find(inSchema, name string) *ddl.Table {
	if inSchema == schema {
		inSchema = ""
	}
	for _, f := range r.files {
		for _, t := range f.Tables {
			if t.Schema == inSchema && t.Name == name {
				return t
			}
		}
	}
	return nil
}

// finish marks the columns of enum and domain types, and of the key, once all are known.
func (r *reader) finish(t *ddl.Table) {
	for _, name := range t.PrimaryKey {
		if i := t.Column(name); i >= 0 {
			t.Columns[i].NotNull = true
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		c.Type.Base = r.base(c.Type.Name)
		c.Type.Enum = r.enums[c.Type.Name] || r.enums[c.Type.Base]
	}
}

// base returns the type that a domain is over in the end, or nothing if name is not a domain.
func (r *reader) base(name string) string {
	base := r.domains[name]
	for range r.domains {
		next, more := r.domains[base]
		if !more {
			break
		}
		base = next
	}
	if base != "" {
		r.domains[name] = base
	}
	return base
}

func lastName(names []*pg.Node) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1].GetString_().GetSval()
}
