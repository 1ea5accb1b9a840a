package postgres

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// alterTable takes what is added or changed later, as pg_dump and migrations write it.
func (r *reader) alterTable(c *clause, alter *pg.AlterTableStmt) error {
	if alter.Objtype != pg.ObjectType_OBJECT_TABLE {
		return nil
	}
	t := r.relation(alter.GetRelation())
	if t == nil {
		if !alter.MissingOk {
			r.late(c, alter.Relation, "altered")
		}
		return nil
	}
	for _, node := range alter.Cmds {
		if err := r.alter(c, t, alter.Relation, node.GetAlterTableCmd()); err != nil {
			return err
		}
	}
	return nil
}

// alter does one command, for the table and those that have its columns.
func (r *reader) alter(c *clause, t *table, relation *pg.RangeVar, cmd *pg.AlterTableCmd) error {
	switch cmd.GetSubtype() {
	case pg.AlterTableType_AT_AddConstraint:
		t.constraint(cmd.GetDef().GetConstraint())
		return nil
	case pg.AlterTableType_AT_DropConstraint:
		t.dropConstraint(cmd.Name)
		return nil
	case pg.AlterTableType_AT_AttachPartition, pg.AlterTableType_AT_DetachPartition:
		r.partition(t, cmd)
		return nil
	case pg.AlterTableType_AT_AddInherit, pg.AlterTableType_AT_DropInherit:
		r.inheritLater(t, cmd)
		return nil
	case pg.AlterTableType_AT_AddColumn:
		if err := r.addLater(c, t, cmd); err != nil {
			return err
		}
	default:
		if err := r.alterColumn(c, t, relation, cmd); err != nil {
			return err
		}
	}
	for _, child := range t.children {
		if cmd.Subtype == pg.AlterTableType_AT_AddColumn || child.Column(cmd.Name) >= 0 {
			if err := r.alter(c, child, relation, cmd); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) addLater(c *clause, t *table, cmd *pg.AlterTableCmd) error {
	def := cmd.GetDef().GetColumnDef()
	if (cmd.MissingOk || c.exists) && t.Column(def.GetColname()) >= 0 {
		return nil // ADD COLUMN IF NOT EXISTS
	}
	return r.addColumn(c, t, def)
}

// partition hides a partition behind its parent, or gives it back.
func (r *reader) partition(t *table, cmd *pg.AlterTableCmd) {
	part := r.relation(cmd.GetDef().GetPartitionCmd().GetName())
	if part == nil {
		return
	}
	part.hidden = cmd.Subtype == pg.AlterTableType_AT_AttachPartition
	t.children = slices.DeleteFunc(t.children, func(other *table) bool { return other == part })
	if part.hidden {
		t.children = append(t.children, part)
	}
}

func (r *reader) inheritLater(t *table, cmd *pg.AlterTableCmd) {
	parent := r.relation(cmd.GetDef().GetRangeVar())
	if parent == nil {
		return
	}
	parent.children = slices.DeleteFunc(parent.children, func(other *table) bool { return other == t })
	if cmd.Subtype == pg.AlterTableType_AT_AddInherit {
		parent.children = append(parent.children, t)
	}
}

func (r *reader) alterColumn(c *clause, t *table, relation *pg.RangeVar, cmd *pg.AlterTableCmd) error {
	switch cmd.Subtype {
	case pg.AlterTableType_AT_DropColumn, pg.AlterTableType_AT_AlterColumnType, pg.AlterTableType_AT_SetNotNull,
		pg.AlterTableType_AT_DropNotNull, pg.AlterTableType_AT_ColumnDefault, pg.AlterTableType_AT_AddIdentity,
		pg.AlterTableType_AT_DropIdentity:
	default:
		return nil
	}
	i := t.Column(cmd.Name)
	if i < 0 {
		if cmd.MissingOk || c.exists || t.Problem != nil {
			return nil
		}
		return about(t, c.file.At(c.namePos(relation), fmt.Errorf("table %s has no column %s to change: it has %s",
			t.QualifiedName(), cmd.Name, strings.Join(t.ColumnNames(), ", "))))
	}
	column := &t.Columns[i]
	switch cmd.Subtype {
	case pg.AlterTableType_AT_DropColumn:
		t.Columns = slices.Delete(slices.Clone(t.Columns), i, i+1)
		t.without(cmd.Name)
	case pg.AlterTableType_AT_AlterColumnType:
		if n := cmd.GetDef().GetColumnDef().GetTypeName(); n != nil {
			r.setType(c, column, n)
		}
	case pg.AlterTableType_AT_SetNotNull:
		column.NotNull = true
	case pg.AlterTableType_AT_DropNotNull:
		column.NotNull = false
	case pg.AlterTableType_AT_ColumnDefault:
		column.Generated = draws(cmd.Def)
	case pg.AlterTableType_AT_AddIdentity:
		column.NotNull, column.Generated = true, true
	case pg.AlterTableType_AT_DropIdentity:
		column.Generated = false
	}
	return nil
}

func (r *reader) renameColumn(c *clause, t *table, n *pg.RenameStmt) error {
	i := t.Column(n.Subname)
	if i < 0 {
		if t.Problem != nil || c.exists {
			return nil
		}
		return about(t, c.file.At(c.namePos(n.Relation), fmt.Errorf("table %s has no column %s to rename: it has %s",
			t.QualifiedName(), n.Subname, strings.Join(t.ColumnNames(), ", "))))
	}
	t.renamed(n.Subname, n.Newname)
	for _, child := range t.children {
		child.renamed(n.Subname, n.Newname)
	}
	return nil
}

// renamed gives a column another name, wherever it is named.
func (t *table) renamed(from, to string) {
	if i := t.Column(from); i >= 0 {
		t.Columns[i].Name = to
	}
	replace := func(names []string) []string {
		names = slices.Clone(names)
		for i := range names {
			if names[i] == from {
				names[i] = to
			}
		}
		return names
	}
	t.PrimaryKey, t.PartitionedBy = replace(t.PrimaryKey), replace(t.PartitionedBy)
	for constraint, columns := range t.uniques {
		t.uniques[constraint] = replace(columns)
	}
	for constraint, column := range t.notNull {
		if column == from {
			t.notNull[constraint] = to
		}
	}
}
