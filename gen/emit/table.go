package emit

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

// descriptor prints the package comment and what the run time works with.
func descriptor(f *jen.File, t table) {
	comment := "."
	if t.Comment != "" {
		comment = ": " + t.Comment
	}
	for _, line := range wrap(fmt.Sprintf("Package %s replicates table %s%s", t.Package, t.QualifiedName(), comment)) {
		f.PackageComment(line)
	}
	doc(f, "If this constant is undefined, the replicate module and this file are of different ages: upgrade the module "+
		"with go get, or regenerate with the matching repliqate-gen.")
	f.Const().Id("_").Op("=").Qual(replicatePath, fmt.Sprintf("GeneratedFormat%d", Format))

	types := []jen.Code{jen.Id("Row"), t.KeyType()}
	f.Line()
	doc(f, "Table returns what is known of the table, for the replication loop.")
	f.Func().Id("Table").Params().Op("*").Qual(replicatePath, "Table").Types(types...).Block(
		jen.Return(jen.Op("&").Id("table").Dot("Table")))
	f.Line()
	doc(f, "NewSource returns a source that reads the table.")
	f.Func().Id("NewSource").Params(
		jen.Id("b").Op("*").Qual(replicatePath, "Builder").Types(types...),
		jen.Id("c").Qual(replicatePath, "SourceConfig"),
	).Params(jen.Qual(replicatePath, "Source").Types(t.KeyType()), jen.Error()).Block(
		jen.Return(jen.Id("table").Dot("NewSource").Call(jen.Id("b"), jen.Id("c"))))

	f.Line()
	values := []jen.Code{
		engine.Field("Table", core(t, types)),
		engine.Field("Relation", engine.Raw(t.Relation)),
		engine.Field("First", jen.Id("firstQuery")), engine.Field("Next", jen.Id("nextQuery")),
		engine.Field("At", jen.Id("atQuery")), engine.Field("Lookup", jen.Id("lookupQuery")),
		engine.Field("Scan", jen.Id("Scan")), engine.Field("ScanKey", jen.Id("scanKey")),
	}
	values = append(values, t.source.Fields(t.Table)...)
	f.Var().Id("table").Op("=").Qual(t.source.Path, "Table").Types(types...).Add(engine.Multi(values...))

	f.Line()
	doc(f, "key returns the row's key.")
	f.Func().Id("key").Params(rowParam()).Add(t.KeyType()).Block(
		jen.Return(asKey(t, jen.Id("r").Dot(t.KeyColumn().GoName))))
}

// core is what every engine's table has.
func core(t table, types []jen.Code) jen.Code {
	var columns []jen.Code
	for i := range t.Columns {
		columns = append(columns, column(&t.Columns[i]))
	}
	var fields []string
	for _, i := range t.Fields {
		fields = append(fields, t.Columns[i].Name)
	}
	return jen.Qual(replicatePath, "Table").Types(types...).Add(engine.Multi(
		engine.Field("Name", jen.Lit(t.QualifiedName())),
		engine.Field("KeyColumn", jen.Lit(t.KeyColumn().Name)),
		engine.Field("Columns", jen.Index().Qual(replicatePath, "Column").Add(engine.Multi(columns...))),
		engine.Field("Fields", texts(fields)),
		engine.Field("Fingerprint", jen.Lit(t.Fingerprint)),
		engine.Field("Format", jen.Lit(Format)),
		engine.Field("Regenerate", jen.Lit(t.Regenerate)),
		engine.Field("Key", jen.Id("key")),
		engine.Field("AppendJSON", jen.Id("AppendJSON")),
		engine.Field("AppendColumn", jen.Id("AppendColumn")),
	))
}

// texts is a slice of strings, on several lines if they don't fit one.
func texts(values []string) jen.Code {
	var rows []string
	row := ""
	for _, v := range values {
		v = strconv.Quote(v)
		if row != "" && len(row)+len(", ")+len(v) > 80 {
			rows = append(rows, row)
			row = ""
		}
		if row != "" {
			row += ", "
		}
		row += v
	}
	literal := "{" + row + "}"
	if len(rows) > 0 {
		literal = "{\n" + strings.Join(append(rows, row), ",\n") + ",\n}"
	}
	return jen.Index().String().Op(literal)
}

// column is what a column of the live table is compared with.
func column(c *model.Column) jen.Code {
	values := []jen.Code{engine.Field("Name", jen.Lit(c.Name)), engine.Field("Type", jen.Lit(c.Kind.Type))}
	if c.Kind.OID != 0 {
		values = append(values, engine.Field("OID", jen.Lit(int(c.Kind.OID))))
	}
	if c.Nullable {
		values = append(values, engine.Field("Nullable", jen.True()))
	}
	if c.Kind.Element != 0 {
		values = append(values, engine.Field("Element", jen.Lit(int(c.Kind.Element))))
	}
	if c.Kind.AsText {
		values = append(values, engine.Field("AsText", jen.True()))
	}
	if c.Kind.Delimiter != "" {
		values = append(values, engine.Field("Delimiter", jen.Lit(c.Kind.Delimiter)))
	}
	return jen.Values(values...)
}

// program prints main, which only wires.
func program(f *jen.File, t table) {
	for _, line := range wrap(fmt.Sprintf(
		"Command repliqate-%s replicates table %s to Kafka. Its options: repliqate-%s --help.",
		t.Package, t.QualifiedName(), t.Package)) {
		f.PackageComment(line)
	}
	f.Func().Id("main").Params().Block(
		jen.Qual(daemonPath, "Main").Call(
			jen.Qual(daemonPath, "Program").Types(jen.Qual(t.Import, "Row"), t.KeyType()).Add(engine.Multi(
				engine.Field("Engine", jen.Lit(t.Engine)),
				engine.Field("Table", jen.Qual(t.Import, "Table").Call()),
				engine.Field("NewSource", jen.Qual(t.Import, "NewSource")),
			))))
}
