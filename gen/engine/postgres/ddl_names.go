package postgres

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// own is how a name holds a schema: empty for the default one.
func own(s string) string {
	if s == schema {
		return ""
	}
	return s
}

// creating is the schema that a bare name is created in.
func (r *reader) creating() string {
	for _, s := range r.path {
		if s != "" && s != "$user" && s != "pg_catalog" && !strings.HasPrefix(s, "pg_temp") {
			return s
		}
	}
	return schema
}

// find finds a table as the search path does; a bare name that it does not find is looked for in the
// default schema, as a dump that was edited has it.
func (r *reader) find(inSchema, table string) *table {
	if inSchema != "" {
		return r.tables[name{own(inSchema), table}]
	}
	for _, s := range append(slices.Clone(r.path), schema) {
		if t := r.tables[name{own(s), table}]; t != nil {
			return t
		}
	}
	return nil
}

func (r *reader) relation(v *pg.RangeVar) *table { return r.find(v.GetSchemaname(), v.GetRelname()) }

// named finds a table by its name in one part or more.
func (r *reader) named(items []*pg.Node) *table {
	switch len(items) {
	case 0:
		return nil
	case 1:
		return r.find("", lastName(items))
	}
	return r.find(items[len(items)-2].GetString_().GetSval(), lastName(items))
}

func lastName(names []*pg.Node) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1].GetString_().GetSval()
}

// nameOf is the name of something that is created.
func (r *reader) nameOf(items []*pg.Node) name {
	if len(items) > 1 {
		return name{own(items[len(items)-2].GetString_().GetSval()), lastName(items)}
	}
	return name{own(r.creating()), lastName(items)}
}

// set obeys SET search_path and SET SCHEMA.
func (r *reader) set(n *pg.VariableSetStmt) {
	if n.Name != "search_path" {
		return
	}
	path := []string{schema} // of DEFAULT and RESET
	if n.Kind == pg.VariableSetKind_VAR_SET_VALUE {
		path = nil
		for _, arg := range n.Args {
			path = append(path, constant(arg))
		}
	}
	r.search(path, n.IsLocal)
}

func (r *reader) search(path []string, local bool) {
	if local && r.before == nil {
		r.before = r.path
	}
	r.path = path
}

func constant(n *pg.Node) string { return n.GetAConst().GetSval().GetSval() }

// selectStatement obeys SELECT set_config('search_path', ...), as pg_dump writes it.
func (r *reader) selectStatement(n *pg.SelectStmt) {
	for _, target := range n.GetTargetList() {
		call := target.GetResTarget().GetVal().GetFuncCall()
		if lastName(call.GetFuncname()) != "set_config" || len(call.Args) < 2 ||
			constant(call.Args[0]) != "search_path" {
			continue
		}
		var path []string
		for part := range strings.SplitSeq(constant(call.Args[1]), ",") {
			if part = strings.TrimSpace(part); part != "" {
				path = append(path, unquote(part))
			}
		}
		local := len(call.Args) > 2 && call.Args[2].GetAConst().GetBoolval().GetBoolval()
		r.search(path, local)
	}
}

// createSchema creates what is defined together with a schema.
func (r *reader) createSchema(c *clause, n *pg.CreateSchemaStmt) error {
	in := n.Schemaname
	if in == "" {
		in = n.GetAuthrole().GetRolename()
	}
	before := r.path
	defer func() { r.path = before }()
	r.path = append([]string{in}, before...)
	for _, element := range n.SchemaElts {
		if err := r.node(c, element); err != nil {
			return err
		}
	}
	return nil
}

// move gives a table another name.
func (r *reader) move(t *table, to name) {
	delete(r.tables, name{t.Schema, t.Name})
	t.Schema, t.Name = to.schema, to.name
	r.tables[to] = t
}

// setSchema does ALTER ... SET SCHEMA.
func (r *reader) setSchema(c *clause, n *pg.AlterObjectSchemaStmt) error {
	switch n.ObjectType {
	case pg.ObjectType_OBJECT_TABLE:
		if t := r.relation(n.Relation); t != nil {
			r.move(t, name{own(n.Newschema), t.Name})
		} else if !n.MissingOk {
			r.late(c, n.Relation, "moved")
		}
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		from := r.typeNamed(n.Object.GetList().GetItems())
		r.moveType(from, name{own(n.Newschema), from.name})
	}
	return nil
}

// drop forgets tables, types, schemas and unique indexes.
func (r *reader) drop(n *pg.DropStmt) {
	for _, object := range n.Objects {
		items := object.GetList().GetItems()
		switch n.RemoveType {
		case pg.ObjectType_OBJECT_TABLE:
			if t := r.named(items); t != nil {
				r.forget(t)
			}
		case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
			delete(r.types, r.typeNamed(object.GetTypeName().GetNames()))
		case pg.ObjectType_OBJECT_SCHEMA:
			r.forgetSchema(own(object.GetString_().GetSval()))
		case pg.ObjectType_OBJECT_INDEX:
			for _, t := range r.order {
				delete(t.uniques, lastName(items))
			}
		}
	}
}

// forget removes a table and its partitions.
func (r *reader) forget(t *table) {
	delete(r.tables, name{t.Schema, t.Name})
	r.order = slices.DeleteFunc(r.order, func(other *table) bool { return other == t })
	for _, child := range t.children {
		if child.hidden {
			r.forget(child)
		}
	}
}

func (r *reader) forgetSchema(in string) {
	for _, t := range slices.Clone(r.order) {
		if t.Schema == in {
			r.forget(t)
		}
	}
	for n := range r.types {
		if n.schema == in {
			delete(r.types, n)
		}
	}
}

// rename gives a table, a column, a type or a schema another name.
func (r *reader) rename(c *clause, n *pg.RenameStmt) error {
	switch n.RenameType {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_COLUMN:
		t := r.relation(n.Relation)
		switch {
		case t == nil && !n.MissingOk && n.RelationType == pg.ObjectType_OBJECT_TABLE:
			r.late(c, n.Relation, "renamed")
		case t == nil:
		case n.RenameType == pg.ObjectType_OBJECT_TABLE:
			r.move(t, name{t.Schema, n.Newname})
		default:
			return r.renameColumn(c, t, n)
		}
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		if t := r.relation(n.Relation); t != nil {
			t.renameConstraint(n.Subname, n.Newname)
		}
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		from := r.typeNamed(n.Object.GetList().GetItems())
		r.moveType(from, name{from.schema, n.Newname})
	case pg.ObjectType_OBJECT_SCHEMA:
		r.renameSchema(own(n.Subname), own(n.Newname))
	}
	return nil
}

func (r *reader) renameSchema(from, to string) {
	for _, t := range r.order {
		if t.Schema == from {
			r.move(t, name{to, t.Name})
		}
	}
	for n := range r.types {
		if n.schema == from {
			r.moveType(n, name{to, n.name})
		}
	}
}
