package postgres

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/repliqate/repliqate/gen/ddl"
)

// define adds a table.
func (r *reader) define(t *table) {
	t.root, t.uniques, t.notNull = r.root, map[string][]string{}, map[string]string{}
	if _, twice := r.tables[name{t.Schema, t.Name}]; !twice {
		r.tables[name{t.Schema, t.Name}] = t
	}
	r.order = append(r.order, t)
}

// newTable makes a table of the name of a relation, or nil if it is there already and may be, or is
// temporary.
func (r *reader) newTable(c *clause, relation *pg.RangeVar, ifNotExists bool) *table {
	n := name{own(relation.Schemaname), relation.Relname}
	if relation.Schemaname == "" {
		n.schema = own(r.creating())
	}
	if relation.Relpersistence == "t" || (ifNotExists || c.exists) && r.tables[n] != nil {
		return nil
	}
	t := &table{Table: &ddl.Table{Schema: n.schema, Name: n.name, File: c.file, Pos: c.namePos(relation)}}
	r.define(t)
	return t
}

// namePos returns where the last part of a relation's name is.
func (c *clause) namePos(relation *pg.RangeVar) int {
	if relation.Schemaname == "" {
		return c.pos(relation.Location)
	}
	parts := dialect.Lexemes(c.text[relation.Location:])
	if len(parts) > 2 && parts[1].Text == "." {
		return c.pos(relation.Location + int32(parts[2].Pos))
	}
	return c.pos(relation.Location)
}

// createTable takes a table. A partition has the columns of its parent, which is the one to replicate.
func (r *reader) createTable(c *clause, create *pg.CreateStmt) error {
	t := r.newTable(c, create.Relation, create.IfNotExists)
	if t == nil {
		return nil
	}
	for _, param := range create.GetPartspec().GetPartParams() {
		t.PartitionedBy = append(t.PartitionedBy, param.GetPartitionElem().GetName())
	}
	for _, node := range create.InhRelations {
		if err := r.inherit(c, t, node.GetRangeVar()); err != nil {
			return err
		}
	}
	t.hidden = create.Partbound != nil
	if create.OfTypename != nil {
		r.takeType(t, create.OfTypename)
	}
	for _, element := range create.TableElts {
		var err error
		switch n := element.Node.(type) {
		case *pg.Node_ColumnDef:
			err = r.addColumn(c, t, n.ColumnDef)
		case *pg.Node_Constraint:
			t.constraint(n.Constraint)
		case *pg.Node_TableLikeClause:
			r.like(c, t, n.TableLikeClause)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inherit takes the columns of a parent, which are not null where they are not null there.
func (r *reader) inherit(c *clause, t *table, relation *pg.RangeVar) error {
	parent := r.relation(relation)
	if parent == nil {
		t.Problem = c.fail(relation.Location, fmt.Errorf("table %s, which table %s has its columns from, is not "+
			"defined "+
			"before it", relation.Relname, t.QualifiedName()))
		return nil
	}
	parent.children = append(parent.children, t)
	t.copyColumns(parent)
	return nil
}

// copyColumns takes the columns of another table.
func (t *table) copyColumns(from *table) {
	for _, column := range from.Columns {
		if t.Column(column.Name) < 0 {
			column.NotNull = column.NotNull || slices.Contains(from.PrimaryKey, column.Name)
			t.Columns = append(t.Columns, column)
		}
	}
	if from.Problem != nil && t.Problem == nil {
		t.Problem = from.Problem
	}
}

// like takes the columns of another table, and of the rest what the options say.
func (r *reader) like(c *clause, t *table, like *pg.TableLikeClause) {
	from := r.relation(like.Relation)
	if from == nil {
		t.Problem = c.fail(like.Relation.Location, fmt.Errorf("table %s takes columns from table %s, which is not "+
			"defined "+
			"before it: give its definition with all columns", t.QualifiedName(), like.Relation.Relname))
		return
	}
	const defaults, identity, indexes = 1 << 3, 1 << 5, 1 << 6 // of TableLikeOption in parsenodes.h
	first := len(t.Columns)
	t.copyColumns(from)
	for i := first; i < len(t.Columns); i++ {
		column := &t.Columns[i]
		column.Generated = column.Generated && like.Options&(defaults|identity) != 0
	}
	if like.Options&indexes != 0 {
		if from.PrimaryKey != nil {
			t.PrimaryKey, t.pkName = slices.Clone(from.PrimaryKey), t.Name+"_pkey"
		}
		for index, columns := range from.uniques {
			t.uniques[t.Name+" like "+index] = columns
		}
	}
}

// takeType takes the columns of a composite type.
func (r *reader) takeType(t *table, of *pg.TypeName) {
	def := r.types[r.typeNamed(of.Names)]
	if def == nil || def.columns == nil {
		t.Problem = fmt.Errorf("the columns of table %s are those of type %s, which is not defined before it: "+
			"give its definition with columns", t.QualifiedName(), lastName(of.Names))
		return
	}
	for _, column := range def.columns {
		if err := r.addColumn(def.clause, t, column); err != nil {
			t.Problem = err
		}
	}
}

// createTableAs takes a table whose columns only the database knows.
func (r *reader) createTableAs(c *clause, n *pg.CreateTableAsStmt) error {
	if n.Objtype != pg.ObjectType_OBJECT_TABLE {
		return nil
	}
	if t := r.newTable(c, n.Into.Rel, n.IfNotExists); t != nil {
		t.Problem = fmt.Errorf("the columns of table %s are those of a query: give its definition with columns, "+
			"for example from pg_dump --schema-only", t.QualifiedName())
	}
	return nil
}

// addColumn adds a column. One that is there from a parent or a type takes the constraints.
func (r *reader) addColumn(c *clause, t *table, def *pg.ColumnDef) error {
	i := t.Column(def.Colname)
	switch {
	case i >= 0 && def.GetTypeName() == nil, i >= 0 && t.inherits(r):
	case i >= 0:
		return about(t, c.fail(def.Location, fmt.Errorf("table %s has column %s already", t.QualifiedName(),
			def.Colname)))
	case def.GetTypeName() == nil:
		t.Problem = fmt.Errorf("column %s of table %s has no type", def.GetColname(), t.QualifiedName())
		return nil
	default:
		column := ddl.Column{Name: def.Colname, File: c.file, Pos: c.pos(def.Location)}
		r.setType(c, &column, def.TypeName)
		i = len(t.Columns)
		t.Columns = append(t.Columns, column)
	}
	column := &t.Columns[i]
	if strings.Contains(column.Type.Name, "serial") && column.Type.Schema == "" {
		column.NotNull, column.Generated = true, true
	}
	column.NotNull = column.NotNull || def.IsNotNull
	for _, node := range def.Constraints {
		t.columnConstraint(i, node.GetConstraint())
	}
	return nil
}

// inherits reports whether the table has a parent.
func (t *table) inherits(r *reader) bool {
	return slices.ContainsFunc(r.order, func(parent *table) bool { return slices.Contains(parent.children, t) })
}

func (t *table) columnConstraint(i int, c *pg.Constraint) {
	column := &t.Columns[i]
	switch c.GetContype() {
	case pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_UNIQUE:
		t.key(c, []string{column.Name})
	case pg.ConstrType_CONSTR_NOTNULL:
		column.NotNull = true
		if c.Conname != "" {
			t.notNull[c.Conname] = column.Name
		}
	case pg.ConstrType_CONSTR_NULL:
		column.NotNull = false
	case pg.ConstrType_CONSTR_IDENTITY:
		column.NotNull, column.Generated = true, true
	case pg.ConstrType_CONSTR_DEFAULT:
		column.Generated = draws(c.GetRawExpr())
	}
}

// draws reports whether a default is nextval of a sequence.
func draws(n *pg.Node) bool {
	return lastName(n.GetFuncCall().GetFuncname()) == "nextval"
}

func (r *reader) setType(c *clause, column *ddl.Column, n *pg.TypeName) {
	column.File, column.Type, column.TypePos = c.file, r.typeOf(n), c.pos(n.Location)
	column.TypeText = c.file.WordAt(column.TypePos)
}

// constraint takes a constraint of the table that makes columns unique.
func (t *table) constraint(c *pg.Constraint) {
	var columns []string
	for _, key := range c.GetKeys() {
		columns = append(columns, key.GetString_().GetSval())
	}
	if c.GetIndexname() != "" { // ADD PRIMARY KEY USING INDEX
		columns = t.uniques[c.Indexname]
	}
	t.key(c, columns)
}

func (t *table) key(c *pg.Constraint, columns []string) {
	switch constraint := c.GetConname(); c.GetContype() {
	case pg.ConstrType_CONSTR_PRIMARY:
		t.PrimaryKey, t.pkName = columns, constraint
		if constraint == "" {
			t.pkName = t.Name + "_pkey"
		}
		for _, column := range columns {
			if i := t.Column(column); i >= 0 {
				t.Columns[i].NotNull = true
			}
		}
	case pg.ConstrType_CONSTR_UNIQUE:
		if constraint == "" {
			constraint = t.Name + "_" + strings.Join(columns, "_") + "_key"
		}
		if !c.GetDeferrable() { // it would be looked at too late for a reader
			t.uniques[constraint] = columns
		}
	}
}

func (t *table) renameConstraint(from, to string) {
	if t.pkName == from {
		t.pkName = to
	}
	if columns, ok := t.uniques[from]; ok {
		delete(t.uniques, from)
		t.uniques[to] = columns
	}
	if column, ok := t.notNull[from]; ok {
		delete(t.notNull, from)
		t.notNull[to] = column
	}
}

func (t *table) dropConstraint(constraint string) {
	if t.pkName == constraint {
		t.PrimaryKey, t.pkName = nil, ""
	}
	delete(t.uniques, constraint)
	if i := t.Column(t.notNull[constraint]); i >= 0 {
		t.Columns[i].NotNull = false
	}
}

// without forgets what concerned a column that is gone.
func (t *table) without(column string) {
	if slices.Contains(t.PrimaryKey, column) {
		t.PrimaryKey, t.pkName = nil, ""
	}
	maps.DeleteFunc(t.uniques, func(_ string, columns []string) bool { return slices.Contains(columns, column) })
}

// index takes a unique index, which is as good as a constraint if it is on columns alone.
func (r *reader) index(n *pg.IndexStmt) {
	t := r.relation(n.GetRelation())
	if t == nil || !n.Unique || n.WhereClause != nil {
		return
	}
	var columns []string
	for _, param := range n.IndexParams {
		columns = append(columns, param.GetIndexElem().GetName()) // empty for an expression
	}
	index := n.Idxname
	if index == "" {
		index = t.Name + "_" + strings.Join(columns, "_") + "_idx"
	}
	t.uniques[index] = columns
}

// comment takes what is said of a table or of a column.
func (r *reader) comment(c *pg.CommentStmt) {
	items := c.Object.GetList().GetItems()
	switch {
	case c.Objtype == pg.ObjectType_OBJECT_TABLE:
		if t := r.named(items); t != nil {
			t.Comment = c.Comment
		}
	case c.Objtype == pg.ObjectType_OBJECT_COLUMN && len(items) > 1:
		if t := r.named(items[:len(items)-1]); t != nil {
			if i := t.Column(lastName(items)); i >= 0 {
				t.Columns[i].Comment = c.Comment
			}
		}
	}
}
