package postgres

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

// code prints what is done with a column whose type is a row of the table, or an array of it.
type code struct {
	typ
	levels    int    // of arrays: 1 for an array, 2 for an array of a domain over arrays
	domain    bool   // the elements are of a domain, whose number differs from database to database
	delimiter string // between the elements of an array that is read as text
}

// kindOf finds a type in the table; enums, domains and arrays wrap around it. What is not in the table is read as text.
func kindOf(t ddl.Type) (model.Kind, error) {
	t = written(t)
	leaf, inner := elementOf(t)
	levels := inner
	if t.Array {
		levels++
	}
	local := t.Schema == "" || t.Schema == schema || t.Schema == "pg_catalog"
	row, known := byName[leaf]
	known = known && (local || t.Base != "" || leaf == "hstore") // an extension can be in any schema
	kind := model.Kind{}
	switch {
	case t.Enum:
		row = enum
	case !known:
		row = other
		var err error
		if kind.Assumed, err = unknown(t, leaf); err != nil {
			return model.Kind{}, err
		}
	}
	if levels > 2 && !row.text {
		return model.Kind{}, fmt.Errorf("type %s is not supported: its arrays are nested by domains %d times", t.Name, levels)
	}
	c := code{row, levels, t.Base != "", cmp.Or(delimiters[leaf], ",")}
	kind.AsText, kind.JSON, kind.Code = row.text, c.sampleJSON(), c
	kind.Type = row.formatted()
	if t.Enum || t.Base != "" || !known || !local {
		kind.Type = quote(t.Name)
	}
	if !local {
		kind.Type = quote(t.Schema) + "." + kind.Type
	}
	if t.Array {
		kind.Type += "[]"
	}
	switch {
	case levels == 0:
		kind.OID, kind.Key = row.oid, keyTypes[row.formatted()]
	case t.Base == "":
		kind.OID = row.array
	default:
		kind.Element = row.oid
	}
	if levels > 0 && row.text {
		kind.Delimiter = c.delimiter
	}
	return kind, nil
}

// written is a type by its own name, where that of its array was written as the catalog has it: _int4 is int4[].
func written(t ddl.Type) ddl.Type {
	name, is := strings.CutPrefix(t.Name, "_")
	if _, known := byName[name]; is && known && t.Base == "" && !t.Enum {
		t.Name, t.Array = name, true
	}
	return t
}

// elementOf is the type at the bottom of domains and arrays, and how many arrays domains put around it.
func elementOf(t ddl.Type) (leaf string, arrays int) {
	leaf = cmp.Or(t.Base, t.Name)
	for strings.HasSuffix(leaf, "[]") {
		leaf, arrays = strings.TrimSuffix(leaf, "[]"), arrays+1
	}
	if t.Base == "" {
		return leaf, 0
	}
	if element := written(ddl.Type{Name: leaf}); element.Array {
		leaf, arrays = element.Name, arrays+1
	}
	return leaf, arrays
}

// value is the type of a value that is not null.
func (k code) value() *jen.Statement {
	switch {
	case k.levels > 0 && k.text:
		return jen.Qual(pgbinPath, "TextArray")
	case k.levels > 0:
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
	case k.levels > 0 && k.text:
		decode = pgbin("Delimiters").Call(jen.Lit(strings.Repeat(k.delimiter, k.levels))).Dot("DecodeArray")
	case k.levels > 1:
		decode = pgbin(k.elements).Dot("DecodeNestedArray")
	case k.levels > 0 && k.domain:
		decode = pgbin(k.elements).Dot("DecodeDomainArray")
	case k.levels > 0:
		decode = pgbin(k.elements).Dot("DecodeArray")
	}
	return jen.Qual(engine.ReplicatePath, function).Call(
		jen.Op("&").Err(), jen.Lit(c.Name), jen.Id("v").Index(jen.Lit(i)), decode)
}

func (k code) Append(c *model.Column) *jen.Statement {
	value, function := jen.Id("r").Dot(c.GoName), pgbin(k.append)
	switch {
	case k.levels > 0 && k.text:
		function = pgbin("AppendTextArray")
	case k.levels > 0:
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
	case k.levels > 0 || k.clone == method:
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
	value := k.wire
	for level := range k.levels {
		if k.text {
			value = `{"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"` + k.delimiter + `NULL}`
			continue
		}
		element := k.oid
		if level > 0 {
			element = 0
		}
		header := big(4, 1) + big(4, 1) + big(4, int64(element)) + big(4, 2) + big(4, 1)
		value = header + big(4, int64(len(value))) + value + big(4, -1)
	}
	return engine.Bytes(value)
}

// sampleJSON is what the message has for what Golden prints.
func (k code) sampleJSON() string {
	return strings.Repeat("[", k.levels) + k.json + strings.Repeat(", null]", k.levels)
}

// pgbin is a name of package pgbin if it has a capital, and a predeclared one otherwise.
func pgbin(name string) *jen.Statement {
	if name[0] >= 'A' && name[0] <= 'Z' {
		return jen.Qual(pgbinPath, name)
	}
	return jen.Id(name)
}
