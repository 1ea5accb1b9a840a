package emit

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/model"
)

// table prints the package comment and the descriptor that the run time works with.
func table(f *jen.File, t *model.Table) {
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

	f.Line()
	doc(f, "Table connects this package to the replication loop.")
	columns, fields, oids := []jen.Code{}, []jen.Code{}, []jen.Code{}
	for _, c := range t.Columns {
		columns = append(columns, jen.Values(jen.Id("Name").Op(":").Lit(c.Name), jen.Id("Type").Op(":").Lit(c.Type),
			jen.Id("Nullable").Op(":").Lit(c.Nullable)))
		oids = append(oids, jen.Lit(int(c.Kind.OID)))
	}
	for _, i := range t.Fields {
		fields = append(fields, jen.Lit(t.Columns[i].Name))
	}
	core := jen.Qual(replicatePath, "Table").Types(jen.Id("Row"), jen.Int64()).Add(multi(
		field("Name", jen.Lit(t.QualifiedName())),
		field("KeyColumn", jen.Lit(t.KeyColumn().Name)),
		field("Columns", jen.Index().Qual(replicatePath, "Column").Add(multi(columns...))),
		field("Fields", jen.Index().String().Values(fields...)),
		field("Fingerprint", jen.Lit(t.Fingerprint)),
		field("Format", jen.Lit(Format)),
		field("Regenerate", jen.Lit(t.Regenerate)),
		field("Key", jen.Id("key")),
		field("AppendJSON", jen.Id("AppendJSON")),
		field("AppendColumn", jen.Id("AppendColumn")),
	))
	values := []jen.Code{
		field("Table", core),
		field("Relation", raw(t.Relation)),
		field("First", jen.Id("firstQuery")), field("Next", jen.Id("nextQuery")),
		field("At", jen.Id("atQuery")), field("Lookup", jen.Id("lookupQuery")),
		field("Scan", jen.Id("scan")), field("ScanKey", jen.Id("scanKey")),
	}
	if t.KeyColumn().Kind.Method == "" {
		values = append(values, field("OIDs", jen.Index().Uint32().Values(oids...)))
	} else {
		values = append(values, field("AutoIncrement", jen.Lit(t.AutoIncrement)))
	}
	f.Var().Id("Table").Op("=").Qual(runtimePath(t), "Table").Types(jen.Id("Row"), jen.Int64()).Add(multi(values...))

	key := jen.Int64().Parens(jen.Id("r").Dot(t.KeyColumn().GoName))
	if t.KeyColumn().Kind.Method != "" {
		key = jen.Id("r").Dot(t.KeyColumn().GoName).Dot("Int64").Call()
	}
	f.Line()
	doc(f, "key returns the row's key.")
	f.Func().Id("key").Params(jen.Id("r").Op("*").Id("Row")).Int64().Block(jen.Return(key))
}

// program prints main, which only wires.
func program(f *jen.File, t *model.Table) {
	for _, line := range wrap(fmt.Sprintf(
		"Command repliqate-%s replicates table %s to Kafka. Its options: repliqate-%s --help.",
		t.Package, t.QualifiedName(), t.Package)) {
		f.PackageComment(line)
	}
	f.Func().Id("main").Params().Block(
		jen.Qual(daemonPath, "Main").Call(
			jen.Qual(daemonPath, "Program").Types(jen.Qual(t.Import, "Row"), jen.Int64()).Add(multi(
				field("Engine", jen.Lit(t.Engine)),
				field("Table", jen.Op("&").Qual(t.Import, "Table").Dot("Table")),
				field("NewSource", jen.Qual(t.Import, "Table").Dot("NewSource")),
			))))
}
