package engine

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/model"
)

// Import paths of the run time that engines print.
const (
	ReplicatePath = "github.com/repliqate/repliqate/replicate"
	CanonicalPath = ReplicatePath + "/canonical"
)

// Field is a field of a literal.
func Field(name string, value jen.Code) jen.Code { return jen.Id(name).Op(":").Add(value) }

// Multi is a list of values on lines of their own, in order.
func Multi(items ...jen.Code) *jen.Statement {
	return jen.CustomFunc(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, func(g *jen.Group) {
		for _, item := range items {
			g.Add(item)
		}
	})
}

// Raw is a string literal between backquotes if that can be, so that SQL stays greppable.
func Raw(s string) *jen.Statement {
	for line := range strings.SplitSeq(s, "\n") {
		if !strconv.CanBackquote(line) {
			return jen.Lit(s)
		}
	}
	return jen.Op("`" + s + "`")
}

// Shown is a text for a comment of one line: what can't be printed becomes a space.
func Shown(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// Bytes is a byte slice: readable if it is text, and hexadecimal otherwise.
func Bytes(s string) *jen.Statement {
	literal := strconv.QuoteToASCII(s)
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' }) {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		}
		literal = `"` + b.String() + `"`
	}
	return jen.Index().Byte().Parens(jen.Id(literal))
}

// WireGolden is Source.Golden of engines whose rows arrive as bytes, a slice a column.
func WireGolden(t *model.Table, null func(*model.Column) bool) jen.Code {
	return jen.CustomFunc(jen.Options{}, func(g *jen.Group) {
		g.Id("wire").Op(":=").Index().Index().Byte().
			CustomFunc(jen.Options{Open: "{", Close: "\n}", Separator: "\n"}, func(g *jen.Group) {
				for i := range t.Columns {
					c := &t.Columns[i]
					value := jen.Nil()
					if !null(c) {
						value = c.Kind.Code.Golden(c)
					}
					value.Op(",").Comment("// " + Shown(c.Name))
					if i == 0 {
						value = jen.Line().Add(value)
					}
					g.Add(value)
				}
			})
		g.Line().Var().Id("row").Id("Row")
		g.Line().If(jen.Err().Op(":=").Id("Scan").Call(jen.Op("&").Id("row"), jen.Id("wire")),
			jen.Err().Op("!=").Nil()).Block(
			jen.Id("t").Dot("Fatal").Call(jen.Err()))
		g.Line().If(jen.List(jen.Id("got"), jen.Err()).Op(":=").Id("scanKey").Call(jen.Id("wire")),
			jen.Err().Op("!=").Nil().Op("||").Id("got").Op("!=").Id("key").Call(jen.Op("&").Id("row"))).Block(
			jen.Id("t").Dot("Errorf").Call(jen.Lit("the key alone is %d, %v"), jen.Id("got"), jen.Err()))
	})
}
