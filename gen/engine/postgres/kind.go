package postgres

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

// code prints what is done with a column whose type is a row of the table, or an array of it.
type code struct {
	typ
	isArray bool
	domain  bool // the array is of a domain, whose number differs from database to database
}

// kindOf finds a type in the table; enums, domains and arrays wrap around it.
func kindOf(t ddl.Type) (model.Kind, error) {
	name := t.Name
	if t.Base != "" {
		name = t.Base
	}
	row, known := byName[name]
	switch {
	case t.Enum:
		row = enum
	case !known:
		return model.Kind{}, fmt.Errorf("type %s is not supported", t.Name)
	}
	kind := model.Kind{Type: row.formatted(), OID: row.oid, Key: keyTypes[row.formatted()], JSON: row.json,
		Code: code{row, t.Array, t.Base != ""}}
	if t.Enum || t.Base != "" {
		kind.Type = quote(t.Name)
		if t.Schema != "" && t.Schema != schema {
			kind.Type = quote(t.Schema) + "." + kind.Type
		}
	}
	switch {
	case t.Array && t.Base != "":
		kind.OID = 0
	case t.Array:
		kind.OID = row.array
	case t.Enum:
		kind.Key = ""
	}
	if t.Array {
		kind.Type, kind.Key, kind.JSON = kind.Type+"[]", "", "["+row.json+", null]"
	}
	return kind, nil
}

// value is the type of a value that is not null.
func (k code) value() *jen.Statement {
	if k.isArray {
		return jen.Qual(pgbinPath, "Array").Types(pgbin(k.goType))
	}
	return pgbin(k.goType)
}

func (k code) Type(c *model.Column) *jen.Statement {
	if c.Nullable {
		return jen.Qual(engine.ReplicatePath, "Null").Types(k.value())
	}
	return k.value()
}

func (k code) Scan(c *model.Column, i int) *jen.Statement {
	function, decode := "NotNull", pgbin(k.decode)
	if c.Nullable {
		function = "Nullable"
	}
	switch {
	case k.isArray && k.domain:
		decode = pgbin(k.elements).Dot("DecodeDomainArray")
	case k.isArray:
		decode = pgbin(k.elements).Dot("DecodeArray")
	}
	return jen.Qual(engine.ReplicatePath, function).Call(
		jen.Op("&").Err(), jen.Lit(c.Name), jen.Id("v").Index(jen.Lit(i)), decode)
}

func (k code) Append(c *model.Column) *jen.Statement {
	value, function := jen.Id("r").Dot(c.GoName), pgbin(k.append)
	if k.isArray {
		function = jen.Qual(pgbinPath, "AppendArray").Types(pgbin(k.goType))
	}
	if c.Nullable {
		return jen.Qual(engine.ReplicatePath, "AppendNullable").Call(jen.Id("b"), value, function)
	}
	return function.Call(jen.Id("b"), value)
}

func (k code) Clone(c *model.Column) *jen.Statement {
	value := jen.Id("r").Dot(c.GoName)
	var function *jen.Statement
	switch {
	case k.isArray || k.clone == method:
		if !c.Nullable {
			return value.Dot("Clone").Call()
		}
		function = k.value().Dot("Clone")
	case k.clone == asString:
		function = jen.Qual("strings", "Clone")
	case k.clone == asBytes:
		function = jen.Qual("bytes", "Clone")
	default:
		return nil
	}
	if c.Nullable {
		return jen.Qual(engine.ReplicatePath, "CloneNullable").Call(value, function)
	}
	return function.Call(value)
}

// Golden is what PostgreSQL sends of the sample. An array has two elements, of which the second is null.
func (k code) Golden(*model.Column) *jen.Statement {
	if !k.isArray {
		return engine.Bytes(k.wire)
	}
	header := big(4, 1) + big(4, 1) + big(4, int64(k.oid)) + big(4, 2) + big(4, 1)
	return engine.Bytes(header + big(4, int64(len(k.wire))) + k.wire + big(4, -1))
}

// golden declares a row as PostgreSQL sends it, and scans it.
func golden(t *model.Table, null func(*model.Column) bool) jen.Code {
	return jen.CustomFunc(jen.Options{}, func(g *jen.Group) {
		g.Id("wire").Op(":=").Index().Index().Byte().
			CustomFunc(jen.Options{Open: "{", Close: "\n}", Separator: "\n"}, func(g *jen.Group) {
				for i := range t.Columns {
					c := &t.Columns[i]
					value := jen.Nil()
					if !null(c) {
						value = c.Kind.Code.Golden(c)
					}
					value.Op(",").Comment("// " + engine.Shown(c.Name))
					if i == 0 {
						value = jen.Line().Add(value)
					}
					g.Add(value)
				}
			})
		g.Line().Var().Id("row").Id("Row")
		g.Line().If(jen.Err().Op(":=").Id("Scan").Call(jen.Op("&").Id("row"), jen.Id("wire")),
			jen.Err().Op("!=").Nil()).Block(
			jen.Id("t").Dot("Fatal").Call(jen.Err()))
		g.Line().If(jen.List(jen.Id("got"), jen.Err()).Op(":=").Id("scanKey").Call(jen.Id("wire")),
			jen.Err().Op("!=").Nil().Op("||").Id("got").Op("!=").Id("key").Call(jen.Op("&").Id("row"))).Block(
			jen.Id("t").Dot("Errorf").Call(jen.Lit("the key alone is %d, %v"), jen.Id("got"), jen.Err()))
	})
}

// pgbin is a name of package pgbin if it has a capital, and a predeclared one otherwise.
func pgbin(name string) *jen.Statement {
	if name[0] >= 'A' && name[0] <= 'Z' {
		return jen.Qual(pgbinPath, name)
	}
	return jen.Id(name)
}
