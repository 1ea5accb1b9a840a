package schema

import (
	"errors"
	"fmt"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/repliqate/repliqate/gen/engine"
)

// createTable takes a table. It returns nil for a partition: that has the columns of its parent, which
// is the one to replicate.
func (r *pgReader) createTable(f *File, create *pg.CreateStmt) (*Table, error) {
	if create.Partbound != nil || create.Relation.Relpersistence == "t" {
		return nil, nil
	}
	t := &Table{Schema: create.Relation.Schemaname, Name: create.Relation.Relname, file: f, pos: f.nameAt(create.Relation)}
	if t.Schema == engine.Postgres.Default {
		t.Schema = ""
	}
	if create.IfNotExists && r.find(t.Schema, t.Name) != nil {
		return nil, nil
	}
	switch {
	case create.OfTypename != nil:
		t.problem = fmt.Errorf("the columns of table %s are those of a type: give its definition with columns",
			t.QualifiedName())
	case len(create.InhRelations) > 0:
		t.problem = fmt.Errorf("table %s inherits columns: give its definition with all columns and without INHERITS",
			t.QualifiedName())
	}
	for _, element := range create.TableElts {
		switch n := element.Node.(type) {
		case *pg.Node_ColumnDef:
			if err := t.addColumn(f, n.ColumnDef); err != nil {
				return nil, err
			}
		case *pg.Node_Constraint:
			t.constraint(n.Constraint)
		case *pg.Node_TableLikeClause:
			t.problem = fmt.Errorf("table %s takes columns from another with LIKE: give its definition with all columns",
				t.QualifiedName())
		}
	}
	f.Tables = append(f.Tables, t)
	return t, nil
}

// nameAt returns where the last part of a relation's name is.
func (f *File) nameAt(relation *pg.RangeVar) int {
	pos := int(relation.Location)
	if relation.Schemaname == "" {
		return pos
	}
	if parts := lexemes(f.text[pos:]); len(parts) > 2 && parts[1].text == "." {
		return pos + parts[2].pos
	}
	return pos
}

func (t *Table) addColumn(f *File, def *pg.ColumnDef) error {
	if def.GetTypeName() == nil {
		t.problem = fmt.Errorf("column %s of table %s has no type", def.GetColname(), t.QualifiedName())
		return nil
	}
	if t.Column(def.Colname) >= 0 {
		return f.at(int(def.Location), fmt.Errorf("table %s has column %s already", t.QualifiedName(), def.Colname))
	}
	c := Column{Name: def.Colname, file: f, pos: int(def.Location)}
	c.setType(f, def.TypeName)
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

func (c *Column) setType(f *File, name *pg.TypeName) {
	c.Type = engine.Type{Name: pgTypeName(name), Array: len(name.ArrayBounds) > 0}
	if len(name.Names) == 2 {
		if s := name.Names[0].GetString_().GetSval(); s != "pg_catalog" && s != engine.Postgres.Default {
			c.Type.Schema = s
		}
	}
	c.typePos = int(name.Location)
	c.typeText = f.wordAt(c.typePos)
}

func (t *Table) constraint(c *pg.Constraint) {
	var columns []string
	for _, key := range c.GetKeys() {
		columns = append(columns, key.GetString_().GetSval())
	}
	switch c.GetContype() {
	case pg.ConstrType_CONSTR_PRIMARY:
		t.PrimaryKey = columns
	case pg.ConstrType_CONSTR_UNIQUE:
		t.unique(columns)
	}
}

// unique marks the only column of a unique constraint or index.
func (t *Table) unique(columns []string) {
	if len(columns) != 1 {
		return
	}
	if i := t.Column(columns[0]); i >= 0 {
		t.Columns[i].Unique = true
	}
}

// index takes a unique index on one column, which is as good as a constraint.
func (r *pgReader) index(n *pg.IndexStmt) {
	t := r.find(n.GetRelation().GetSchemaname(), n.GetRelation().GetRelname())
	if t == nil || !n.Unique || n.WhereClause != nil {
		return
	}
	var columns []string
	for _, param := range n.IndexParams {
		columns = append(columns, param.GetIndexElem().GetName()) // empty for an expression
	}
	t.unique(columns)
}

// alterTable takes what is added or changed later, as pg_dump and migrations write it. sqlc sees what
// changes columns.
func (r *pgReader) alterTable(f *File, alter *pg.AlterTableStmt) (*Table, bool, error) {
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
			t.constraint(cmd.GetDef().GetConstraint())
			continue
		case pg.AlterTableType_AT_AttachPartition:
			if child := cmd.GetDef().GetPartitionCmd().GetName(); child != nil {
				if part := r.find(child.Schemaname, child.Relname); part != nil {
					part.forget()
				}
			}
			continue
		case pg.AlterTableType_AT_AddColumn:
			def := cmd.GetDef().GetColumnDef()
			if cmd.MissingOk && t.Column(def.GetColname()) >= 0 {
				continue // ADD COLUMN IF NOT EXISTS
			}
			if err := t.addColumn(f, def); err != nil {
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
			return nil, false, f.at(f.nameAt(alter.Relation),
				errors.New("table "+t.QualifiedName()+" has no column "+cmd.GetName()+" to change: it has "+t.columnNames()))
		}
		t.alterColumn(f, i, cmd)
		keep = true
	}
	return t, keep, nil
}

func (t *Table) alterColumn(f *File, i int, cmd *pg.AlterTableCmd) {
	switch cmd.Subtype {
	case pg.AlterTableType_AT_DropColumn:
		t.Columns = append(t.Columns[:i:i], t.Columns[i+1:]...)
	case pg.AlterTableType_AT_AlterColumnType:
		if name := cmd.GetDef().GetColumnDef().GetTypeName(); name != nil {
			t.Columns[i].file = f
			t.Columns[i].setType(f, name)
		}
	case pg.AlterTableType_AT_SetNotNull:
		t.Columns[i].NotNull = true
	case pg.AlterTableType_AT_DropNotNull:
		t.Columns[i].NotNull = false
	}
}

func pgTypeName(t *pg.TypeName) string {
	name := lastName(t.Names)
	if name == "char" { // the parser calls char(n) bpchar
		return `"char"`
	}
	return name
}

// pgBaseName is the type that a domain is over; one over arrays is not supported and shows as such.
func pgBaseName(t *pg.TypeName) string {
	name := pgTypeName(t)
	if len(t.GetArrayBounds()) > 0 {
		name += "[]"
	}
	return name
}
