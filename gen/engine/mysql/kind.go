package mysql

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

// code prints what is done with a column whose type is a row of the table.
type code struct{ typ }

// kindOf finds a type in the table. sqlc's catalog has a name of its own for each enum.
func kindOf(t ddl.Type) (model.Kind, error) {
	name := t.Name
	if t.Enum {
		name = "enum"
	}
	if number, unsigned := strings.CutSuffix(name, " unsigned"); unsigned && !strings.HasSuffix(number, "int") {
		name = number // only integers travel otherwise where they have no sign
	}
	row, known := byName[name]
	if !known {
		return model.Kind{}, fmt.Errorf("type %s is not supported", t.Name)
	}
	return model.Kind{Type: row.live(), Key: row.key, JSON: row.json, Code: code{row}}, nil
}

func (k code) Type(c *model.Column) *jen.Statement {
	if c.Nullable {
		return jen.Qual(engine.ReplicatePath, "Null").Types(mybin(k.goType))
	}
	return mybin(k.goType)
}

func (k code) Scan(c *model.Column, i int) *jen.Statement {
	function := "NotNull"
	if c.Nullable {
		function = "Nullable"
	}
	return jen.Qual(engine.ReplicatePath, function).Call(
		jen.Op("&").Err(), jen.Lit(c.Name), jen.Id("v").Index(jen.Lit(i)), mybin(k.decode))
}

func (k code) Append(c *model.Column) *jen.Statement {
	value, function := jen.Id("r").Dot(c.GoName), mybin(k.append)
	if c.Nullable {
		return jen.Qual(engine.ReplicatePath, "AppendNullable").Call(jen.Id("b"), value, function)
	}
	return function.Call(jen.Id("b"), value)
}

func (k code) Clone(c *model.Column) *jen.Statement {
	value := jen.Id("r").Dot(c.GoName)
	var function *jen.Statement
	switch k.clone {
	case method:
		if !c.Nullable {
			return value.Dot("Clone").Call()
		}
		function = mybin(k.goType).Dot("Clone")
	case asString:
		function = jen.Qual("strings", "Clone")
	case asBytes:
		function = jen.Qual("bytes", "Clone")
	case asSlice:
		function = jen.Qual("slices", "Clone")
		if c.Nullable {
			function = function.Types(mybin(k.goType))
		}
	default:
		return nil
	}
	if c.Nullable {
		return jen.Qual(engine.ReplicatePath, "CloneNullable").Call(value, function)
	}
	return function.Call(value)
}

// Golden is what the server sends of the sample.
func (k code) Golden(*model.Column) *jen.Statement { return engine.Bytes(k.wire) }

// mybin is a name of package mybin if it has a capital, and a predeclared one otherwise.
func mybin(name string) *jen.Statement {
	if name[0] >= 'A' && name[0] <= 'Z' {
		return jen.Qual(mybinPath, name)
	}
	return jen.Id(name)
}
