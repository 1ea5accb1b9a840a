package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/model"
)

// query prints the SQL and the scan of its result.
func query(f *jen.File, t *model.Table) {
	doc(f, "The keyset queries: from the first row on, from a key on, the row of one key, and the rows of a list of keys.")
	f.Const().Defs(
		jen.Id("firstQuery").Op("=").Add(raw(t.Queries.First)),
		jen.Line().Id("nextQuery").Op("=").Add(raw(t.Queries.Next)),
		jen.Line().Id("atQuery").Op("=").Add(raw(t.Queries.At)),
		jen.Line().Id("lookupQuery").Op("=").Add(raw(t.Queries.Lookup)),
	)
	if t.Columns[t.Key].Kind.Method != "" {
		scanValues(f, t)
		return
	}
	scanBinary(f, t)
}

// scanBinary prints the scan of PostgreSQL's binary format.
func scanBinary(f *jen.File, t *model.Table) {
	f.Line()
	doc(f, "scan decodes the result's columns into r.")
	lines := []jen.Code{}
	for i := range t.Columns {
		c := &t.Columns[i]
		decode := "NotNull"
		if c.Nullable {
			decode = "Nullable"
		}
		lines = append(lines, jen.Id("r").Dot(c.GoName).Op("=").Qual(replicatePath, decode).Call(
			jen.Op("&").Err(), jen.Lit(c.Name), jen.Id("v").Index(jen.Lit(i)), decoder(c)))
	}
	lines = append(lines, jen.Return(jen.Err()))
	f.Func().Id("scan").Params(jen.Id("r").Op("*").Id("Row"), jen.Id("v").Index().Index().Byte()).
		Params(jen.Err().Error()).Block(lines...)

	key := t.KeyColumn()
	f.Line()
	doc(f, "scanKey decodes the key alone, so that a row that can't be scanned can be named.")
	f.Func().Id("scanKey").Params(jen.Id("v").Index().Index().Byte()).
		Params(jen.Id("key").Int64(), jen.Err().Error()).Block(
		jen.Id("key").Op("=").Int64().Parens(jen.Qual(replicatePath, "NotNull").Call(
			jen.Op("&").Err(), jen.Lit(key.Name), jen.Id("v").Index(jen.Lit(t.Key)), decoder(key))),
		jen.Return(jen.Id("key"), jen.Err()),
	)
	for i := range t.Columns {
		decodeArray(f, &t.Columns[i])
	}
}

// decodeArray prints the decoder of an array column.
func decodeArray(f *jen.File, c *model.Column) {
	if !c.Kind.Array {
		return
	}
	elements := qual(c.Kind.Elems)
	if c.Kind.Custom {
		elements = jen.Id("elementsOf" + c.GoName)
		f.Line()
		doc(f, "The elements are of a domain, whose number differs from database to database.")
		f.Var().Add(elements).Op("=").Qual(pgbinPath, "AnyOID").Call(qual(c.Kind.Elems))
	}
	f.Line()
	f.Func().Id("decode"+c.GoName).Params(jen.Id("v").Index().Byte()).
		Params(jen.Qual(pgbinPath, "Array").Types(qual(c.Kind.Go)), jen.Error()).
		Block(jen.Return(jen.Qual(pgbinPath, "DecodeArray").Call(jen.Id("v"), elements)))
}

// scanValues prints the scan of SQLite's values.
func scanValues(f *jen.File, t *model.Table) {
	f.Line()
	doc(f, "scan reads the result's columns into r.")
	lines := []jen.Code{}
	for i := range t.Columns {
		lines = append(lines, jen.Id("r").Dot(t.Columns[i].GoName).Op("=").Qual(sqlvalPath, "Scan").Call(
			jen.Op("&").Err(), jen.Lit(t.Columns[i].Name), jen.Id("row"), jen.Lit(i)))
	}
	lines = append(lines, jen.Return(jen.Err()))
	f.Func().Id("scan").Params(jen.Id("r").Op("*").Id("Row"), jen.Id("row").Op("*").Qual(sqlvalPath, "Row")).
		Params(jen.Err().Error()).Block(lines...)
	f.Line()
	doc(f, "scanKey reads the key alone, so that a row that can't be scanned can be named.")
	f.Func().Id("scanKey").Params(jen.Id("row").Op("*").Qual(sqlvalPath, "Row")).Params(jen.Int64(), jen.Error()).Block(
		jen.Return(jen.Qual(sqlvalPath, "ScanKey").Call(jen.Lit(t.KeyColumn().Name), jen.Id("row"), jen.Lit(t.Key))))
}
