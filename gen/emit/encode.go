package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/model"
	"github.com/repliqate/repliqate/replicate/canonical"
)

// encode prints the functions that write a row as canonical JSON.
func encode(f *jen.File, t *model.Table) {
	doc(f, "AppendJSON appends the row's canonical JSON, keys in order: "+
		"the message's data, and what the checksum digests.")
	var lines []jen.Code
	for n, i := range byName(t) {
		before := ", "
		if n == 0 {
			before = "{"
		}
		name := jen.Add(raw(before + quoteJSON(t.Columns[i].Name) + ": ")).Op("...")
		lines = append(lines,
			jen.Id("b").Op("=").Append(jen.Id("b"), name),
			jen.Id("b").Op("=").Add(appendValue(&t.Columns[i])),
		)
	}
	lines = append(lines, jen.Return(jen.Append(jen.Id("b"), jen.LitRune('}'))))
	f.Func().Id("AppendJSON").Params(jen.Id("b").Index().Byte(), jen.Id("r").Op("*").Id("Row")).
		Index().Byte().Block(lines...)

	f.Line()
	doc(f, "AppendColumn appends the canonical JSON of column i, in column order from 0, for message keys of columns.")
	var cases []jen.Code
	for i := range t.Columns {
		cases = append(cases, jen.Case(jen.Lit(i)).Block(jen.Return(appendValue(&t.Columns[i]))))
	}
	f.Func().Id("AppendColumn").Params(jen.Id("b").Index().Byte(), jen.Id("r").Op("*").Id("Row"), jen.Id("i").Int()).
		Index().Byte().Block(jen.Switch(jen.Id("i")).Block(cases...), jen.Return(jen.Id("b")))
}

func appendValue(c *model.Column) *jen.Statement {
	value := jen.Id("r").Dot(c.GoName)
	switch {
	case c.Kind.Method != "":
		return value.Dot(c.Kind.Method).Call(jen.Id("b"))
	case c.Nullable:
		return jen.Qual(replicatePath, "AppendNullable").Call(jen.Id("b"), value, appender(c))
	}
	return appender(c).Call(jen.Id("b"), value)
}

// quoteJSON writes a column's name with the run time's own encoder.
func quoteJSON(name string) string { return string(canonical.AppendString(nil, name)) }

// checksum prints the checksum and the copy of a row.
func checksum(f *jen.File, t *model.Table) {
	doc(f, "Checksum returns the SHA-256 of the row's canonical JSON.")
	f.Func().Params(jen.Id("r").Op("*").Id("Row")).Id("Checksum").Params().Qual(replicatePath, "Checksum").Block(
		jen.Return(jen.Qual(replicatePath, "ChecksumOf").Call(jen.Id("AppendJSON").Call(jen.Nil(), jen.Id("r")))))
	f.Line()
	doc(f, "Clone returns a copy that stays valid when the page is gone.")
	lines := []jen.Code{jen.Id("c").Op(":=").Op("*").Id("r")}
	for i := range t.Columns {
		if line := cloneColumn(&t.Columns[i]); line != nil {
			lines = append(lines, line)
		}
	}
	lines = append(lines, jen.Return(jen.Id("c")))
	f.Func().Params(jen.Id("r").Op("*").Id("Row")).Id("Clone").Params().Id("Row").Block(lines...)
}

func cloneColumn(c *model.Column) jen.Code {
	value := jen.Id("r").Dot(c.GoName)
	var clone *jen.Statement
	switch {
	case c.Kind.Method != "":
		return jen.Id("c").Dot(c.GoName).Op("=").Add(value).Dot("Clone").Call()
	case c.Kind.Array:
		clone = jen.Qual(pgbinPath, "Array").Types(qual(c.Kind.Go)).Dot("Clone")
	case c.Kind.Clone.Name != "":
		clone = qual(c.Kind.Clone)
	default:
		return nil
	}
	if c.Nullable {
		return jen.Id("c").Dot(c.GoName).Op("=").Qual(replicatePath, "CloneNullable").Call(value, clone)
	}
	return jen.Id("c").Dot(c.GoName).Op("=").Add(clone).Call(value)
}
