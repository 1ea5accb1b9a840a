package schema

import (
	"errors"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"
	pgquery "github.com/wasilibs/go-pgquery"

	"github.com/repliqate/repliqate/gen/engine"
)

// readPostgres parses the file with PostgreSQL's own parser.
func (f *File) readPostgres() error {
	tree, err := pgquery.Parse(f.text)
	if err != nil {
		var syntax *parser.Error
		if errors.As(err, &syntax) {
			pos := syntax.Cursorpos - 1
			return f.at(pos, wordAt(f.text, pos), errors.New(syntax.Message))
		}
		return &Error{File: f.Name, Line: 1, Col: 1, Err: err}
	}
	f.SQL = f.text
	var kept []pgStatement
	for _, raw := range tree.Stmts {
		s := pgStatement{text: statementText(f.text, raw)}
		switch n := raw.Stmt.Node.(type) {
		case *pg.Node_CreateStmt:
			s.table = f.pgTable(n.CreateStmt, raw)
		case *pg.Node_AlterTableStmt:
			s.table = f.pgAlter(n.AlterTableStmt)
			s.about = true
		case *pg.Node_CreateEnumStmt:
			f.enums[lastName(n.CreateEnumStmt.TypeName)] = true
		case *pg.Node_CreateDomainStmt:
			f.domains[lastName(n.CreateDomainStmt.Domainname)] = pgTypeName(n.CreateDomainStmt.TypeName)
			continue // sqlc has no domains; the plugin is told their base types
		case *pg.Node_CreateSchemaStmt:
		case *pg.Node_CommentStmt:
			s.table = f.pgCommented(n.CommentStmt)
			s.about = true
		default:
			continue
		}
		if s.about && s.table == nil {
			continue
		}
		kept = append(kept, s)
	}
	f.resolveTypes()
	f.needed = func(tables []*Table) string { return pgNeeded(kept, tables) }
	return nil
}

// pgStatement is a statement and the table it defines or is about.
type pgStatement struct {
	text  string
	table *Table
	about bool
}

func pgNeeded(statements []pgStatement, tables []*Table) string {
	var b strings.Builder
	for _, s := range statements {
		if s.table == nil || slices.Contains(tables, s.table) {
			b.WriteString(s.text + ";\n")
		}
	}
	return b.String()
}

func statementText(text string, raw *pg.RawStmt) string {
	from, n := int(raw.StmtLocation), int(raw.StmtLen)
	if n == 0 {
		n = len(text) - from
	}
	return strings.TrimRight(strings.TrimSpace(text[from:from+n]), ";")
}

func (f *File) pgTable(create *pg.CreateStmt, raw *pg.RawStmt) *Table {
	t := &Table{Schema: create.Relation.Schemaname, Name: create.Relation.Relname, file: f, pos: int(create.Relation.Location)}
	if t.Schema == engine.Postgres.Default {
		t.Schema = ""
	}
	for _, element := range create.TableElts {
		switch n := element.Node.(type) {
		case *pg.Node_ColumnDef:
			t.Columns = append(t.Columns, pgColumn(t, n.ColumnDef))
		case *pg.Node_Constraint:
			t.pgConstraint(n.Constraint)
		}
	}
	if create.Partbound == nil { // a partition has the columns of its parent, which is the one to replicate
		f.Tables = append(f.Tables, t)
	}
	return t
}

func pgColumn(t *Table, def *pg.ColumnDef) Column {
	c := Column{Name: def.Colname, pos: int(def.Location)}
	c.Type = engine.Type{Name: pgTypeName(def.TypeName), Array: len(def.TypeName.ArrayBounds) > 0}
	if names := def.TypeName.Names; len(names) == 2 {
		if s := names[0].GetString_().GetSval(); s != "pg_catalog" && s != engine.Postgres.Default {
			c.Type.Schema = s
		}
	}
	switch c.Type.Name {
	case "serial", "serial2", "serial4", "serial8", "smallserial", "bigserial":
		c.NotNull = true
	}
	for _, node := range def.Constraints {
		switch node.GetConstraint().GetContype() {
		case pg.ConstrType_CONSTR_PRIMARY:
			t.PrimaryKey, c.NotNull = []string{c.Name}, true
		case pg.ConstrType_CONSTR_UNIQUE:
			c.Unique = true
		case pg.ConstrType_CONSTR_NOTNULL, pg.ConstrType_CONSTR_IDENTITY:
			c.NotNull = true
		}
	}
	return c
}

func (t *Table) pgConstraint(c *pg.Constraint) {
	var columns []string
	for _, key := range c.Keys {
		columns = append(columns, key.GetString_().GetSval())
	}
	switch c.Contype {
	case pg.ConstrType_CONSTR_PRIMARY:
		t.PrimaryKey = columns
	case pg.ConstrType_CONSTR_UNIQUE:
		if i := t.Column(columns[0]); len(columns) == 1 && i >= 0 {
			t.Columns[i].Unique = true
		}
	}
}

// pgAlter takes constraints that are added later, as pg_dump writes them, and returns their table.
func (f *File) pgAlter(alter *pg.AlterTableStmt) *Table {
	t := f.find(alter.Relation.Schemaname, alter.Relation.Relname)
	if t == nil {
		return nil
	}
	wanted := false
	for _, node := range alter.Cmds {
		cmd := node.GetAlterTableCmd()
		switch cmd.GetSubtype() {
		case pg.AlterTableType_AT_AddConstraint:
			t.pgConstraint(cmd.GetDef().GetConstraint())
		case pg.AlterTableType_AT_AddColumn:
			t.Columns = append(t.Columns, pgColumn(t, cmd.GetDef().GetColumnDef()))
			wanted = true
		case pg.AlterTableType_AT_SetNotNull:
			if i := t.Column(cmd.Name); i >= 0 {
				t.Columns[i].NotNull = true
			}
			wanted = true
		}
	}
	if !wanted {
		return nil
	}
	return t
}

// pgCommented returns the table that a comment is on, or whose column it is on.
func (f *File) pgCommented(c *pg.CommentStmt) *Table {
	var names []string
	for _, item := range c.Object.GetList().GetItems() {
		names = append(names, item.GetString_().GetSval())
	}
	if c.Objtype == pg.ObjectType_OBJECT_COLUMN && len(names) > 1 {
		names = names[:len(names)-1]
	} else if c.Objtype != pg.ObjectType_OBJECT_TABLE {
		return nil
	}
	switch len(names) {
	case 1:
		return f.find("", names[0])
	case 2:
		return f.find(names[0], names[1])
	}
	return nil
}

func (f *File) find(schema, name string) *Table {
	if schema == engine.Postgres.Default {
		schema = ""
	}
	for _, t := range f.Tables {
		if t.Schema == schema && t.Name == name {
			return t
		}
	}
	return nil
}

// resolveTypes marks the columns of enum and domain types, once all of them are known.
func (f *File) resolveTypes() {
	for _, t := range f.Tables {
		for i := range t.Columns {
			c := &t.Columns[i]
			c.Type.Enum = f.enums[c.Type.Name]
			c.Type.Base = f.domains[c.Type.Name]
			if f.enums[c.Type.Base] {
				c.Type.Enum = true
			}
		}
	}
}

func pgTypeName(t *pg.TypeName) string {
	name := lastName(t.Names)
	if name == "char" && len(t.Names) == 1 {
		return `"char"`
	}
	return name
}

func lastName(names []*pg.Node) string { return names[len(names)-1].GetString_().GetSval() }

// wordAt returns the word at pos, for an error.
func wordAt(text string, pos int) string {
	if pos < 0 || pos >= len(text) {
		return ""
	}
	end := pos + 1
	for end < len(text) && !strings.ContainsRune(" \t\n(),;", rune(text[end])) {
		end++
	}
	return text[pos:end]
}
