package sqlite

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

// kindOf finds a declared type in the table. It is typed if every value has its class; the key always has, since the
// source stops at one that is not an integer.
func kindOf(t ddl.Type) (model.Kind, error) {
	name, _, _ := strings.Cut(strings.ToUpper(t.Name), "(") // without length and precision
	name = strings.TrimSpace(name)
	row := find(name)
	kind := model.Kind{Type: name, Key: row.key, JSON: row.json, Code: dynamic{row}}
	if t.Strict && guaranteed[name] {
		kind.Code = typed{row}
	}
	return kind, nil
}

// note says why fields are not typed.
func note(t *model.Table) string {
	for _, c := range t.Columns {
		if _, is := c.Kind.Code.(dynamic); is {
			return "SQLite keeps values of any type in a column of a table that is not STRICT, and in one declared ANY: " +
				"an sqlval.Value carries its type."
		}
	}
	return ""
}

// typed prints what is done with a column that holds one class alone, or null.
type typed struct{ typ }

func (k typed) Type(c *model.Column) *jen.Statement {
	if c.Nullable {
		return jen.Qual(engine.ReplicatePath, "Null").Types(jen.Id(k.class.goType))
	}
	return jen.Id(k.class.goType)
}

func (k typed) Scan(c *model.Column, i int) *jen.Statement {
	function := "NotNull"
	if c.Nullable {
		function = "Nullable"
	}
	return jen.Qual(sqlvalPath, function).Call(
		jen.Op("&").Err(), jen.Lit(c.Name), jen.Id("row"), jen.Lit(i), jen.Qual(sqlvalPath, k.class.decode))
}

func (k typed) Append(c *model.Column) *jen.Statement {
	value, function := jen.Id("r").Dot(c.GoName), jen.Qual(engine.CanonicalPath, k.class.append)
	if c.Nullable {
		return jen.Qual(engine.ReplicatePath, "AppendNullable").Call(jen.Id("b"), value, function)
	}
	return function.Call(jen.Id("b"), value)
}

func (k typed) Clone(c *model.Column) *jen.Statement {
	value := jen.Id("r").Dot(c.GoName)
	switch {
	case k.class.clone == "":
		return nil
	case c.Nullable:
		return jen.Qual(engine.ReplicatePath, "CloneNullable").Call(value, jen.Qual(k.class.clone, "Clone"))
	}
	return jen.Qual(k.class.clone, "Clone").Call(value)
}

func (k typed) Golden(c *model.Column) *jen.Statement {
	if c.Nullable {
		return jen.Qual(engine.ReplicatePath, "Null").Types(jen.Id(k.class.goType)).Values(
			engine.Field("V", k.literal()), engine.Field("Valid", jen.True()))
	}
	return k.literal()
}

// dynamic prints what is done with a column that holds values of any class.
type dynamic struct{ typ }

func (k dynamic) Type(*model.Column) *jen.Statement { return jen.Qual(sqlvalPath, "Value") }

func (k dynamic) Scan(c *model.Column, i int) *jen.Statement {
	return jen.Qual(sqlvalPath, "Scan").Call(jen.Op("&").Err(), jen.Lit(c.Name), jen.Id("row"), jen.Lit(i))
}

func (k dynamic) Append(c *model.Column) *jen.Statement {
	return jen.Id("r").Dot(c.GoName).Dot(k.method).Call(jen.Id("b"))
}

func (k dynamic) Clone(c *model.Column) *jen.Statement {
	return jen.Id("r").Dot(c.GoName).Dot("Clone").Call()
}

func (k dynamic) Golden(*model.Column) *jen.Statement {
	return jen.Qual(sqlvalPath, "Value").Values(
		engine.Field("Class", jen.Qual(sqlvalPath, k.class.name)), engine.Field(k.class.member, k.literal()))
}

// literal is the sample in Go.
func (t *typ) literal() *jen.Statement {
	switch t.class {
	case blob:
		return engine.Bytes(t.value)
	case text:
		return jen.Lit(t.value)
	}
	return jen.Id(t.value)
}

// golden declares a row, which can be written as it is. The zero value of a field that can be null is null.
func golden(t *model.Table, null func(*model.Column) bool) jen.Code {
	var values []jen.Code
	for i := range t.Columns {
		if c := &t.Columns[i]; !null(c) {
			values = append(values, engine.Field(c.GoName, c.Kind.Code.Golden(c)))
		}
	}
	return jen.Id("row").Op(":=").Id("Row").Add(engine.Multi(values...))
}
