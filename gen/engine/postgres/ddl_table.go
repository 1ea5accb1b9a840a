package postgres

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/repliqate/repliqate/gen/ddl"
)

// createTable takes a table. It returns nil for a partition: that has the columns of its parent, which
// is the one to replicate.
func (r *reader) createTable(f *ddl.File, create *pg.CreateStmt) (*ddl.Table, error) {
	if create.Partbound != nil || create.Relation.Relpersistence == "t" {
		return nil, nil
	}
	t := &ddl.Table{Schema: create.Relation.Schemaname, Name: create.Relation.Relname,
		File: f, Pos: nameAt(f, create.Relation)}
	if t.Schema == schema {
		t.Schema = ""
	}
	if create.IfNotExists && r.find(t.Schema, t.Name) != nil {
		return nil, nil
	}
	switch {
	case create.OfTypename != nil:
		t.Problem = fmt.Errorf("the columns of table %s are those of a type: give its definition with columns",
			t.QualifiedName())
	case len(create.InhRelations) > 0:
		t.Problem = fmt.Errorf("table %s inherits columns: give its definition with all columns and without INHERITS",
			t.QualifiedName())
	}
	for _, element := range create.TableElts {
		switch n := element.Node.(type) {
		case *pg.Node_ColumnDef:
			if err := addColumn(t, f, n.ColumnDef); err != nil {
				return nil, err
			}
		case *pg.Node_Constraint:
			constrain(t, n.Constraint)
		case *pg.Node_TableLikeClause:
			t.Problem = fmt.Errorf("table %s takes columns from another with LIKE: give its definition with all columns",
				t.QualifiedName())
		}
	}
	f.Tables = append(f.Tables, t)
	return t, nil
}

// nameAt returns where the last part of a relation's name is.
func nameAt(f *ddl.File, relation *pg.RangeVar) int {
	pos := int(relation.Location)
	if relation.Schemaname == "" {
		return pos
	}
	if parts := ddl.Lexemes(f.Text[pos:]); len(parts) > 2 && parts[1].Text == "." {
		return pos + parts[2].Pos
	}
	return pos
}

func addColumn(t *ddl.Table, f *ddl.File, def *pg.ColumnDef) error {
	if def.GetTypeName() == nil {
		t.Problem = fmt.Errorf("column %s of table %s has no type", def.GetColname(), t.QualifiedName())
		return nil
	}
	if t.Column(def.Colname) >= 0 {
		return f.At(int(def.Location), fmt.Errorf("table %s has column %s already", t.QualifiedName(), def.Colname))
	}
	c := ddl.Column{Name: def.Colname, Pos: int(def.Location)}
	setType(&c, f, def.TypeName)
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
	t.Columns = append(t.Columns, c)
	return nil
}

func setType(c *ddl.Column, f *ddl.File, name *pg.TypeName) {
	c.File = f
	c.Type = ddl.Type{Name: typeName(name), Array: len(name.ArrayBounds) > 0}
	if len(name.Names) == 2 {
		if s := name.Names[0].GetString_().GetSval(); s != "pg_catalog" && s != schema {
			c.Type.Schema = s
		}
	}
	c.TypePos = int(name.Location)
	c.TypeText = f.WordAt(c.TypePos)
}

func constrain(t *ddl.Table, c *pg.Constraint) {
	var columns []string
	for _, key := range c.GetKeys() {
		columns = append(columns, key.GetString_().GetSval())
	}
	switch c.GetContype() {
	case pg.ConstrType_CONSTR_PRIMARY:
		t.PrimaryKey = columns
	case pg.ConstrType_CONSTR_UNIQUE:
		t.MarkUnique(columns)
	}
}

// index takes a unique index on one column, which is as good as a constraint.
func (r *reader) index(n *pg.IndexStmt) {
	t := r.find(n.GetRelation().GetSchemaname(), n.GetRelation().GetRelname())
	if t == nil || !n.Unique || n.WhereClause != nil {
		return
	}
	var columns []string
	for _, param := range n.IndexParams {
		columns = append(columns, param.GetIndexElem().GetName()) // empty for an expression
	}
	t.MarkUnique(columns)
}

// alterTable takes what is added or changed later, as pg_dump and migrations write it. sqlc sees what
// changes columns.
func (r *reader) alterTable(f *ddl.File, alter *pg.AlterTableStmt) (*ddl.Table, bool, error) {
	t := r.find(alter.GetRelation().GetSchemaname(), alter.GetRelation().GetRelname())
	if t == nil {
		return nil, false, nil
	}
	keep := false
	for _, node := range alter.Cmds {
		cmd := node.GetAlterTableCmd()
		i := t.Column(cmd.GetName())
		switch cmd.GetSubtype() {
		case pg.AlterTableType_AT_AddConstraint:
			constrain(t, cmd.GetDef().GetConstraint())
			continue
		case pg.AlterTableType_AT_AttachPartition:
			if child := cmd.GetDef().GetPartitionCmd().GetName(); child != nil {
				if part := r.find(child.Schemaname, child.Relname); part != nil {
					part.Forget()
				}
			}
			continue
		case pg.AlterTableType_AT_AddColumn:
			def := cmd.GetDef().GetColumnDef()
			if cmd.MissingOk && t.Column(def.GetColname()) >= 0 {
				continue // ADD COLUMN IF NOT EXISTS
			}
			if err := addColumn(t, f, def); err != nil {
				return nil, false, err
			}
			keep = true
			continue
		case pg.AlterTableType_AT_DropColumn, pg.AlterTableType_AT_AlterColumnType, pg.AlterTableType_AT_SetNotNull,
			pg.AlterTableType_AT_DropNotNull:
		default:
			continue
		}
		if i < 0 {
			if cmd.MissingOk {
				continue
			}
			return nil, false, f.At(nameAt(f, alter.Relation), fmt.Errorf("table %s has no column %s to change: it has %s",
				t.QualifiedName(), cmd.GetName(), strings.Join(t.ColumnNames(), ", ")))
		}
		alterColumn(t, f, i, cmd)
		keep = true
	}
	return t, keep, nil
}

func alterColumn(t *ddl.Table, f *ddl.File, i int, cmd *pg.AlterTableCmd) {
	switch cmd.Subtype {
	case pg.AlterTableType_AT_DropColumn:
		t.Columns = append(t.Columns[:i:i], t.Columns[i+1:]...)
	case pg.AlterTableType_AT_AlterColumnType:
		if name := cmd.GetDef().GetColumnDef().GetTypeName(); name != nil {
			setType(&t.Columns[i], f, name)
		}
	case pg.AlterTableType_AT_SetNotNull:
		t.Columns[i].NotNull = true
	case pg.AlterTableType_AT_DropNotNull:
		t.Columns[i].NotNull = false
	}
}

func typeName(t *pg.TypeName) string {
	name := lastName(t.Names)
	if name == "char" { // the parser calls char(n) bpchar
		return `"char"`
	}
	return name
}

// baseName is the type that a domain is over; one over arrays is not supported and shows as such.
func baseName(t *pg.TypeName) string {
	name := typeName(t)
	if len(t.GetArrayBounds()) > 0 {
		name += "[]"
	}
	return name
}
