package postgres

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/repliqate/repliqate/gen/ddl"
)

// userType is a type that the files define.
type userType struct {
	enum    bool
	domain  bool
	over    name // what a domain is over, or arrays of it
	arrays  int  // 1 if a domain is over arrays
	columns []*pg.ColumnDef
	clause  *clause // where the columns stand
}

// typeNode takes in a statement that defines a type.
func (r *reader) typeNode(c *clause, stmt *pg.Node) {
	switch n := stmt.Node.(type) {
	case *pg.Node_CreateEnumStmt:
		r.defineType(r.nameOf(n.CreateEnumStmt.TypeName), &userType{enum: true})
	case *pg.Node_CreateDomainStmt:
		over := r.typeOf(n.CreateDomainStmt.TypeName)
		t := &userType{domain: true, over: name{over.Schema, over.Name}}
		if over.Array {
			t.arrays = 1
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
		at := r.nameOf(n.CreateRangeStmt.TypeName)
		r.defineType(at, &userType{})
		r.defineType(multirange(at, n.CreateRangeStmt.Params), &userType{})
	case *pg.Node_DefineStmt: // a base type, or its name alone
		if n.DefineStmt.Kind == pg.ObjectType_OBJECT_TYPE {
			r.defineType(r.nameOf(n.DefineStmt.Defnames), &userType{})
		}
	}
}

// multirange is the name of the type that the database makes together with a range.
func multirange(of name, params []*pg.Node) name {
	for _, p := range params {
		if def := p.GetDefElem(); def.GetDefname() == "multirange_type_name" {
			return name{of.schema, lastName(def.GetArg().GetTypeName().GetNames())}
		}
	}
	if before, after, found := strings.Cut(of.name, "range"); found {
		return name{of.schema, before + "multirange" + after}
	}
	return name{of.schema, of.name + "_multirange"}
}

// quiet are extensions that bring no type which a column could have.
var quiet = strings.Fields(`plpgsql plperl plperlu plpython3u pltcl uuid-ossp pgcrypto pg_stat_statements unaccent
	tablefunc	dblink postgres_fdw file_fdw
	btree_gin btree_gist fuzzystrmatch pg_trgm pgstattuple pg_buffercache adminpack pgaudit
	pg_cron pg_prewarm pgrowlocks tsm_system_rows tsm_system_time pg_freespacemap pg_visibility`)

// extension takes in CREATE EXTENSION, which may define types.
func (r *reader) extension(c *clause) {
	i := 2
	if c.is("CREATE", "EXTENSION", "IF", "NOT", "EXISTS") {
		i = 5
	}
	if i < len(c.words) && !slices.Contains(quiet, unquote(c.words[i].Text)) {
		r.extensions = true
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
		if n := (name{own(s), last}); r.types[n] != nil || r.tables[n] != nil {
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
			other.over = to
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
	at := name{t.Schema, t.Name}
	leaf, arrays := r.endOf(at)
	if leaf != at {
		t.Base = qualified(leaf) + strings.Repeat("[]", arrays)
	}
	def := r.types[leaf]
	t.Enum = def != nil && def.enum
	t.Defined = def != nil || r.tables[leaf] != nil || leaf != at && leaf.schema != ""
	t.Extensions = r.extensions
}

// endOf is the type that a domain is over in the end, and how many arrays domains put around it; a type that is not a
// domain itself.
func (r *reader) endOf(at name) (leaf name, arrays int) {
	for range r.types {
		def := r.types[at]
		if def == nil || !def.domain {
			break
		}
		at, arrays = def.over, arrays+def.arrays
	}
	return at, arrays
}
