package emit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/model"
)

// test prints the golden test that each package carries: a row as the database sends it, the bytes that
// are published for it, and their checksum. The expected bytes are made of the engine's samples, not by
// the code under test.
func test(f *jen.File, t *model.Table) {
	doc(f, "A row of a value of each type is published as these bytes, which have this checksum.")
	f.Func().Id("TestGoldenRow").Params(testingT()).Block(
		goldenRow(t, false),
		goldenCall(t, false),
	)
	f.Line()
	doc(f, "So is a row in which all is null that can be.")
	f.Func().Id("TestGoldenNulls").Params(testingT()).Block(
		goldenRow(t, true),
		goldenCall(t, true),
	)
}

func testingT() jen.Code { return jen.Id("t").Op("*").Qual("testing", "T") }

// isNull reports whether a column is null in the golden row.
func isNull(c *model.Column, nulls bool) bool { return nulls && c.Nullable }

// goldenRow declares the row: scanned from what PostgreSQL sends, or of SQLite's values.
func goldenRow(t *model.Table, nulls bool) jen.Code {
	if t.KeyColumn().Kind.Method != "" {
		return goldenValues(t, nulls)
	}
	var wire []jen.Code
	for i := range t.Columns {
		value := jen.Nil()
		if c := &t.Columns[i]; !isNull(c, nulls) {
			value = bytesLiteral(c.Kind.Sample.Wire)
		}
		wire = append(wire, value.Op(",").Comment("// "+Shown(t.Columns[i].Name)))
	}
	return jen.CustomFunc(jen.Options{}, func(g *jen.Group) {
		g.Id("wire").Op(":=").Index().Index().Byte().
			CustomFunc(jen.Options{Open: "{", Close: "\n}", Separator: "\n"}, func(g *jen.Group) {
				for i, value := range wire {
					if i == 0 {
						g.Line().Add(value)
						continue
					}
					g.Add(value)
				}
			})
		g.Line().Var().Id("row").Id("Row")
		g.Line().If(jen.Err().Op(":=").Id("scan").Call(jen.Op("&").Id("row"), jen.Id("wire")),
			jen.Err().Op("!=").Nil()).Block(
			jen.Id("t").Dot("Fatal").Call(jen.Err()))
		g.Line().If(jen.List(jen.Id("got"), jen.Err()).Op(":=").Id("scanKey").Call(jen.Id("wire")),
			jen.Err().Op("!=").Nil().Op("||").Id("got").Op("!=").Id("key").Call(jen.Op("&").Id("row"))).Block(
			jen.Id("t").Dot("Errorf").Call(jen.Lit("the key alone is %d, %v"), jen.Id("got"), jen.Err()))
	})
}

// goldenValues declares a row of SQLite, whose values need no wire.
func goldenValues(t *model.Table, nulls bool) jen.Code {
	var values []jen.Code
	for i := range t.Columns {
		c := &t.Columns[i]
		sample := c.Kind.Sample
		if isNull(c, nulls) {
			continue // the zero value is null
		}
		member, value := "Str", jen.Lit(sample.Wire)
		switch sample.Class {
		case "Integer":
			member, value = "Int", jen.Id(sample.Wire)
		case "Real":
			member, value = "Float", jen.Id(sample.Wire)
		case "Blob":
			member, value = "Bytes", bytesLiteral(sample.Wire)
		}
		values = append(values, field(c.GoName, jen.Qual(sqlvalPath, "Value").Values(
			field("Class", jen.Qual(sqlvalPath, sample.Class)), field(member, value))))
	}
	return jen.Id("row").Op(":=").Id("Row").Add(multi(values...))
}

// goldenCall compares the row with what is expected, which is given on lines of its own.
func goldenCall(t *model.Table, nulls bool) jen.Code {
	sum := sha256.Sum256([]byte(goldenData(t, nulls)))
	return jen.Qual(testPath, "Golden").CustomFunc(jen.Options{Open: "(", Close: ")", Separator: ","}, func(g *jen.Group) {
		g.Id("t")
		g.Op("&").Id("Table").Dot("Table")
		g.Op("&").Id("row")
		g.Id(goldenKey(t))
		g.Line().Add(raw(goldenData(t, nulls)))
		g.Line().Lit(hex.EncodeToString(sum[:]))
	})
}

// bytesLiteral is a byte slice: readable where it is text, and hexadecimal otherwise.
func bytesLiteral(s string) *jen.Statement {
	literal := strconv.QuoteToASCII(s)
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' }) {
		literal = fmt.Sprintf(`"%s"`, hexEscapes(s))
	}
	return jen.Index().Byte().Parens(jen.Id(literal))
}

func hexEscapes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, `\x%02x`, s[i])
	}
	return b.String()
}

// goldenData is the canonical JSON that the samples make.
func goldenData(t *model.Table, nulls bool) string {
	var members []string
	for _, i := range byName(t) {
		value := t.Columns[i].Kind.Sample.JSON
		if isNull(&t.Columns[i], nulls) {
			value = "null"
		}
		members = append(members, quoteJSON(t.Columns[i].Name)+": "+value)
	}
	return "{" + strings.Join(members, ", ") + "}"
}

// byName returns the published columns in the order that they have in canonical JSON.
func byName(t *model.Table) []int {
	sorted := slices.Clone(t.Fields)
	slices.SortFunc(sorted, func(a, b int) int { return strings.Compare(t.Columns[a].Name, t.Columns[b].Name) })
	return sorted
}

// goldenKey is the key's sample, which is an integer in JSON too.
func goldenKey(t *model.Table) string { return t.KeyColumn().Kind.Sample.JSON }
