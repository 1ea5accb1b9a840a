package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/replicate/canonical"
)

// encode prints the functions that write a row as canonical JSON.
func encode(f *jen.File, t table) {
	doc(f, "AppendJSON appends the row's canonical JSON, keys in order: "+
		"the message's data, and what the checksum digests.")
	var lines []jen.Code
	for n, i := range byName(t) {
		c, before := &t.Columns[i], ", "
		if n == 0 {
			before = "{"
		}
		name := engine.Raw(before + quoteJSON(c.Name) + ": ").Op("...")
		lines = append(lines,
			jen.Id("b").Op("=").Append(jen.Id("b"), name),
			jen.Id("b").Op("=").Add(c.Kind.Code.Append(c)),
		)
	}
	lines = append(lines, jen.Return(jen.Append(jen.Id("b"), jen.LitRune('}'))))
	f.Func().Id("AppendJSON").Params(bytesParam(), rowParam()).Index().Byte().Block(lines...)

	f.Line()
	doc(f, "AppendColumn appends the canonical JSON of column i, in column order from 0, for message keys of columns. "+
		"It panics if there is no such column.")
	var cases []jen.Code
	for i := range t.Columns {
		c := &t.Columns[i]
		cases = append(cases, jen.Case(jen.Lit(i)).Block(jen.Return(c.Kind.Code.Append(c))))
	}
	f.Func().Id("AppendColumn").Params(bytesParam(), rowParam(), jen.Id("i").Int()).Index().Byte().Block(
		jen.Switch(jen.Id("i")).Block(cases...),
		jen.Panic(jen.Lit("table "+t.QualifiedName()+" has no column ").Op("+").
			Qual("strconv", "Itoa").Call(jen.Id("i"))),
	)
}

// quoteJSON writes a column's name with the run time's own encoder.
func quoteJSON(name string) string { return string(canonical.AppendString(nil, name)) }
