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
	for _, line := range wrap(fmt.Sprintf("Command repliqate-%s replicates table %s to Kafka. Its options: repliqate-%s --help.",
		t.Package, t.QualifiedName(), t.Package)) {
		f.PackageComment(line)
	}
	f.Func().Id("main").Params().Block(
		jen.Qual(daemonPath, "Main").Call(jen.Qual(daemonPath, "Program").Types(jen.Qual(t.Import, "Row"), jen.Int64()).Add(multi(
			field("Engine", jen.Lit(t.Engine)),
			field("Table", jen.Op("&").Qual(t.Import, "Table").Dot("Table")),
			field("NewSource", jen.Qual(t.Import, "Table").Dot("NewSource")),
		))))
}

// test prints the test that each package carries.
func test(f *jen.File, t *model.Table) {
	doc(f, "The empty row is published with every column under its name, in canonical order, and its checksum is that of those bytes.")
	members := []jen.Code{}
	for _, i := range t.Fields {
		members = append(members, jen.Lit(t.Columns[i].Name))
	}
	f.Func().Id("TestEmptyRow").Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(
		jen.Var().Id("row").Id("Row"),
		jen.Id("data").Op(":=").Id("AppendJSON").Call(jen.Nil(), jen.Op("&").Id("row")),
		jen.Var().Id("members").Map(jen.String()).Qual("encoding/json", "RawMessage"),
		jen.If(jen.Err().Op(":=").Qual("encoding/json", "Unmarshal").Call(jen.Id("data"), jen.Op("&").Id("members")),
			jen.Err().Op("!=").Nil()).Block(jen.Id("t").Dot("Fatalf").Call(jen.Lit("%v in %s"), jen.Err(), jen.Id("data"))),
		jen.Id("fields").Op(":=").Index().String().Values(members...),
		jen.If(jen.Len(jen.Id("members")).Op("!=").Len(jen.Id("fields"))).Block(
			jen.Id("t").Dot("Errorf").Call(jen.Lit("%d members, want %d: %s"), jen.Len(jen.Id("members")), jen.Len(jen.Id("fields")), jen.Id("data"))),
		jen.For(jen.List(jen.Id("_"), jen.Id("name")).Op(":=").Range().Id("fields")).Block(
			jen.If(jen.List(jen.Id("_"), jen.Id("ok")).Op(":=").Id("members").Index(jen.Id("name")), jen.Op("!").Id("ok")).Block(
				jen.Id("t").Dot("Errorf").Call(jen.Lit("column %s is missing: %s"), jen.Id("name"), jen.Id("data")))),
		jen.For(jen.List(jen.Id("i"), jen.Id("column")).Op(":=").Range().Id("Table").Dot("Columns")).Block(
			jen.List(jen.Id("value"), jen.Id("published")).Op(":=").Id("members").Index(jen.Id("column").Dot("Name")),
			jen.If(jen.Id("got").Op(":=").String().Parens(jen.Id("AppendColumn").Call(jen.Nil(), jen.Op("&").Id("row"), jen.Id("i"))),
				jen.Id("published").Op("&&").Id("got").Op("!=").String().Parens(jen.Id("value"))).Block(
				jen.Id("t").Dot("Errorf").Call(jen.Lit("column %s alone is %s, in the row %s"), jen.Id("column").Dot("Name"), jen.Id("got"), jen.Id("value")))),
		jen.If(jen.Id("row").Dot("Checksum").Call().Op("!=").Qual("crypto/sha256", "Sum256").Call(jen.Id("data"))).Block(
			jen.Id("t").Dot("Error").Call(jen.Lit("the checksum is not the SHA-256 of the data"))),
		jen.Id("clone").Op(":=").Id("row").Dot("Clone").Call(),
		jen.If(jen.Id("clone").Dot("Checksum").Call().Op("!=").Id("row").Dot("Checksum").Call()).Block(
			jen.Id("t").Dot("Error").Call(jen.Lit("a clone has another checksum"))),
	)
}
