package emit

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

// row prints the struct, what a row is, and its copy.
func row(f *jen.File, t table) {
	doc(f, "Row is one row of "+t.QualifiedName()+", in column order. Text and binary fields of a scanned row are "+
		"views into the page, valid until the next row is scanned: Clone copies them.")
	if t.source.Note != nil {
		if note := t.source.Note(t.Table); note != "" {
			f.Comment("//")
			doc(f, note)
		}
	}
	var fields []jen.Code
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Comment != "" {
			for _, line := range wrap(c.Comment) {
				fields = append(fields, jen.Comment(line))
			}
		}
		fields = append(fields, jen.Id(c.GoName).Add(c.Kind.Code.Type(c)).Comment("// "+engine.Shown(remark(c, i == t.Key))))
	}
	f.Type().Id("Row").Struct(fields...)

	f.Line()
	doc(f, "Clone returns a copy that stays valid when the page is gone.")
	lines := []jen.Code{jen.Id("c").Op(":=").Op("*").Id("r")}
	for i := range t.Columns {
		c := &t.Columns[i]
		if value := c.Kind.Code.Clone(c); value != nil {
			lines = append(lines, jen.Id("c").Dot(c.GoName).Op("=").Add(value))
		}
	}
	lines = append(lines, jen.Return(jen.Id("c")))
	f.Func().Params(rowParam()).Id("Clone").Params().Id("Row").Block(lines...)
}

// remark says what a column is in the database, with its name if the field's does not show it.
func remark(c *model.Column, key bool) string {
	text := c.Kind.Type
	if text == "" {
		text = "any type"
	}
	switch {
	case key:
		text += ", the key"
	case !c.Nullable:
		text += " not null"
	}
	if !strings.EqualFold(strings.ReplaceAll(c.Name, "_", ""), c.GoName) {
		text = c.Name + " " + text
	}
	return text
}
