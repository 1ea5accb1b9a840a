package schema

import (
	"errors"
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	pgquery "github.com/wasilibs/go-pgquery"
	"github.com/wasilibs/go-pgquery/parser"

	"github.com/repliqate/repliqate/gen/engine"
)

// pgReader reads the files of a PostgreSQL database with PostgreSQL's own parser.
type pgReader struct {
	files []*File
	types *types
}

// pgStatement is a statement that sqlc is given, and the table that must be wanted for that.
type pgStatement struct {
	pos, end int
	table    *Table // nil: in any case
}

func readPostgres(files []*File) error {
	r := &pgReader{files: files, types: files[0].types}
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

func (r *pgReader) read(f *File) error {
	text := blankCommands(f.text)
	tree, err := pgquery.Parse(text)
	if err != nil {
		var syntax *parser.Error
		if !errors.As(err, &syntax) {
			return f.whole(err)
		}
		pos := byteOf(f.text, syntax.Cursorpos-1)
		return f.syntax(pos, syntax.Message)
	}
	var kept []pgStatement
	for _, raw := range tree.Stmts {
		s := pgStatement{pos: int(raw.StmtLocation), end: int(raw.StmtLocation + raw.StmtLen)}
		if raw.StmtLen == 0 {
			s.end = len(text)
		}
		keep := false
		if s.table, keep, err = r.statement(f, raw.Stmt); err != nil {
			return err
		}
		if keep {
			kept = append(kept, s)
		}
	}
	f.needed = func(wanted map[*Table]bool) string { return pgNeeded(text, f.schemas(wanted), kept, wanted) }
	return nil
}

// blankCommands blanks psql's commands, such as the \restrict that pg_dump writes.
func blankCommands(text string) string {
	blank := []byte(text)
	for _, t := range lexemes(text) {
		if t.text == `\` && strings.TrimSpace(text[strings.LastIndexByte(text[:t.pos], '\n')+1:t.pos]) == "" {
			for i := t.pos; i < len(text) && text[i] != '\n'; i++ {
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

// pgNeeded returns the text with all that is not needed blanked, so that sqlc's positions are those of
// the file. A schema that is nowhere created is created, since sqlc insists on it.
func pgNeeded(text string, schemas []string, kept []pgStatement, wanted map[*Table]bool) string {
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
	return pgSchemas(schemas) + string(blank)
}

func pgSchemas(names []string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString("CREATE SCHEMA IF NOT EXISTS " + engine.Postgres.Quote(name) + "; ")
	}
	return b.String()
}

// schemas returns the schemas of the file's wanted tables.
func (f *File) schemas(wanted map[*Table]bool) []string {
	var names []string
	seen := map[string]bool{"": true}
	for _, t := range f.Tables {
		if wanted[t] && !seen[t.Schema] {
			seen[t.Schema] = true
			names = append(names, t.Schema)
		}
	}
	return names
}

// statement takes what a statement says. It returns the table that it is about and whether sqlc is to
// see it.
func (r *pgReader) statement(f *File, stmt *pg.Node) (*Table, bool, error) {
	switch n := stmt.Node.(type) {
	case *pg.Node_CreateStmt:
		t, err := r.createTable(f, n.CreateStmt)
		return t, t != nil, err
	case *pg.Node_AlterTableStmt:
		return r.alterTable(f, n.AlterTableStmt)
	case *pg.Node_IndexStmt:
		r.index(n.IndexStmt)
	case *pg.Node_CreateEnumStmt:
		r.types.enums[lastName(n.CreateEnumStmt.TypeName)] = true
		return nil, true, nil
	case *pg.Node_CreateDomainStmt:
		// sqlc has no domains; the plugin is told their base types.
		r.types.domains[lastName(n.CreateDomainStmt.Domainname)] = pgBaseName(n.CreateDomainStmt.TypeName)
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
func (r *pgReader) drop(n *pg.DropStmt) {
	if n.RemoveType != pg.ObjectType_OBJECT_TABLE {
		return
	}
	for _, object := range n.Objects {
		if t := r.named(object.GetList().GetItems()); t != nil {
			t.forget()
		}
	}
}

// rename refuses what sqlc and the positions of errors could not follow.
func (r *pgReader) rename(f *File, n *pg.RenameStmt) error {
	if n.Relation == nil {
		return nil
	}
	t := r.find(n.Relation.Schemaname, n.Relation.Relname)
	if t == nil || n.RenameType != pg.ObjectType_OBJECT_TABLE && n.RenameType != pg.ObjectType_OBJECT_COLUMN {
		return nil
	}
	return f.at(f.nameAt(n.Relation), fmt.Errorf("table %s is renamed, or a column of it: "+
		"give the schema as it is now, for example from pg_dump --schema-only", t.QualifiedName()))
}

// commented returns the table that a comment is on, or whose column it is on.
func (r *pgReader) commented(c *pg.CommentStmt) *Table {
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
func (r *pgReader) named(items []*pg.Node) *Table {
	switch len(items) {
	case 1:
		return r.find("", lastName(items))
	case 2:
		return r.find(items[0].GetString_().GetSval(), lastName(items))
	}
	return nil
}

func (r *pgReader) find(schema, name string) *Table {
	if schema == engine.Postgres.Default {
		schema = ""
	}
	for _, f := range r.files {
		for _, t := range f.Tables {
			if t.Schema == schema && t.Name == name {
				return t
			}
		}
	}
	return nil
}

// forget removes a table from its file.
func (t *Table) forget() {
	for i, other := range t.file.Tables {
		if other == t {
			t.file.Tables = append(t.file.Tables[:i:i], t.file.Tables[i+1:]...)
			return
		}
	}
}

// finish marks the columns of enum and domain types, and of the key, once all are known.
func (r *pgReader) finish(t *Table) {
	for _, name := range t.PrimaryKey {
		if i := t.Column(name); i >= 0 {
			t.Columns[i].NotNull = true
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		c.Type.Base = r.base(c.Type.Name)
		c.Type.Enum = r.types.enums[c.Type.Name] || r.types.enums[c.Type.Base]
	}
}

// base returns the type that a domain stands for in the end, or nothing where name is no domain.
func (r *pgReader) base(name string) string {
	base := r.types.domains[name]
	for range r.types.domains {
		next, more := r.types.domains[base]
		if !more {
			break
		}
		base = next
	}
	if base != "" {
		r.types.domains[name] = base
	}
	return base
}

func lastName(names []*pg.Node) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1].GetString_().GetSval()
}
