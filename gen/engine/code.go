package engine

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"
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
