package emit

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/model"
)

// row prints the struct: what a row is.
func row(f *jen.File, t *model.Table) {
	doc(f, "Row is one row of "+t.QualifiedName()+", in column order. Text and binary fields of a scanned row are "+
		"views into the page, valid until the next row is scanned: Clone copies them.")
	var fields []jen.Code
	for i := range t.Columns {
		c := &t.Columns[i]
		remark := c.Type
		if remark == "" {
			remark = "any type"
		}
		switch {
		case i == t.Key:
			remark += ", the key"
		case !c.Nullable:
			remark += " not null"
		}
		if differs(c) {
			remark = c.Name + " " + remark
		}
		if c.Comment != "" {
			for _, line := range wrap(c.Comment) {
				fields = append(fields, jen.Comment(line))
			}
		}
		fields = append(fields, jen.Id(c.GoName).Add(goType(c)).Comment("// "+Shown(remark)))
	}
	f.Type().Id("Row").Struct(fields...)
}

// differs reports whether a field's name does not show the column's, so that a comment must.
func differs(c *model.Column) bool {
	return !strings.EqualFold(strings.ReplaceAll(c.Name, "_", ""), c.GoName)
}
