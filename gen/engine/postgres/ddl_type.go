package postgres

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/repliqate/repliqate/gen/ddl"
)

// userType is a type that the files define.
type userType struct {
	enum    bool
	base    string // what a domain is over, as the catalog has it
	over    name   // the same, if that may be a type of the files
	columns []*pg.ColumnDef
	clause  *clause // where the columns stand
}

// typeNode takes in a statement that defines a type.
func (r *reader) typeNode(c *clause, stmt *pg.Node) {
	switch n := stmt.Node.(type) {
	case *pg.Node_CreateEnumStmt:
		r.defineType(r.nameOf(n.CreateEnumStmt.TypeName), &userType{enum: true})
	case *pg.Node_CreateDomainStmt:
		over := n.CreateDomainStmt.TypeName
		t := &userType{base: baseName(over)}
		if len(over.GetArrayBounds()) == 0 {
			t.over = r.typeNamed(over.GetNames())
		}
		r.defineType(r.nameOf(n.CreateDomainStmt.Domainname), t)
	case *pg.Node_CompositeTypeStmt:
		v, t := n.CompositeTypeStmt.Typevar, &userType{clause: c}
		for _, column := range n.CompositeTypeStmt.Coldeflist {
			t.columns = append(t.columns, column.GetColumnDef())
		}
		at := name{own(v.Schemaname), v.Relname}
		if v.Schemaname == "" {
			at.schema = own(r.creating())
		}
		r.defineType(at, t)
	case *pg.Node_CreateRangeStmt:
		r.defineType(r.nameOf(n.CreateRangeStmt.TypeName), &userType{})
	}
}

// defineType adds a type. One that is there already stays, as it does in the database.
func (r *reader) defineType(at name, t *userType) {
	if r.types[at] == nil {
		r.types[at] = t
	}
}

// typeNamed finds the name that a type has. One that the files don't define keeps the name as it is
// written.
func (r *reader) typeNamed(items []*pg.Node) name {
	last := lastName(items)
	if len(items) > 1 {
		in := items[len(items)-2].GetString_().GetSval()
		if in == "pg_catalog" {
			return name{"", last}
		}
		return name{own(in), last}
	}
	for _, s := range append(append([]string{}, r.path...), schema) {
		if n := (name{own(s), last}); r.types[n] != nil {
			return n
		}
	}
	return name{"", last}
}

// moveType gives a type another name, in the columns too.
func (r *reader) moveType(from, to name) {
	t := r.types[from]
	if t == nil || from == to {
		return
	}
	delete(r.types, from)
	r.types[to] = t
	for _, other := range r.types {
		if other.over == from {
			other.over, other.base = to, to.name
		}
	}
	for _, table := range r.order {
		for i := range table.Columns {
			if c := &table.Columns[i].Type; c.Schema == from.schema && c.Name == from.name {
				c.Schema, c.Name = to.schema, to.name
			}
		}
	}
}

// typeOf is the type of a column.
func (r *reader) typeOf(n *pg.TypeName) ddl.Type {
	at := r.typeNamed(n.Names)
	t := ddl.Type{Schema: at.schema, Name: at.name, Array: len(n.ArrayBounds) > 0}
	if t.Name == "char" { // the parser calls char(n) bpchar
		t.Name = `"char"`
	}
	return t
}

// settle says what a type is, once all types are known.
func (r *reader) settle(t *ddl.Type) {
	def := r.types[name{t.Schema, t.Name}]
	if def == nil {
		return
	}
	t.Base = r.baseOf(def)
	t.Enum = r.endOf(def).enum
}

// endOf is the type that a domain is over in the end.
func (r *reader) endOf(t *userType) *userType {
	for range r.types {
		next := r.types[t.over]
		if t.base == "" || next == nil {
			break
		}
		t = next
	}
	return t
}

// baseOf is the name of the type that a domain is over in the end, and empty if the type is not a domain.
func (r *reader) baseOf(t *userType) string {
	base := t.base
	for range r.types {
		next := r.types[t.over]
		if t.base == "" || next == nil {
			break
		}
		base = t.over.name
		if next.base != "" {
			base = next.base
		}
		t = next
	}
	return base
}

// baseName is the type that a domain is over; one over arrays shows as such.
func baseName(n *pg.TypeName) string {
	base := lastName(n.GetNames())
	if base == "char" {
		base = `"char"`
	}
	if len(n.GetArrayBounds()) > 0 {
		base += "[]"
	}
	return base
}
