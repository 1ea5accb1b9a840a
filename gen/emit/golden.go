package emit

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

// golden prints the golden test that each package carries: a row as the database sends it, the bytes that
// are published for it, and their checksum. The expected bytes are made of the engine's samples, not by
// the code under test.
func golden(f *jen.File, t table) {
	doc(f, "A row with a sample in each column is published as these bytes, and has this checksum.")
	goldenTest(f, t, "TestGoldenRow", func(*model.Column) bool { return false })
	f.Line()
	doc(f, "A row in which every column is null that can be is published as these.")
	goldenTest(f, t, "TestGoldenNulls", func(c *model.Column) bool { return c.Nullable })
}

// goldenTest declares the row and compares it with what is expected.
func goldenTest(f *jen.File, t table, name string, null func(*model.Column) bool) {
	members := goldenMembers(t, null)
	sum := sha256.Sum256([]byte(strings.Join(members, "")))
	f.Func().Id(name).Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(
		t.source.Golden(t.Table, null),
		jen.Id("data").Op(":=").Add(lines(members)),
		jen.Qual(testPath, "Golden").CustomFunc(jen.Options{Open: "(", Close: ")", Separator: ","}, func(g *jen.Group) {
			g.Id("t")
			g.Id("Table").Call()
			g.Op("&").Id("row")
			g.Id(t.KeyColumn().Kind.JSON) // an integer
			g.Id("data")
			g.Line().Lit(hex.EncodeToString(sum[:]))
		}),
	)
}

// lines is a string that is put together from parts, a line each.
func lines(parts []string) *jen.Statement {
	return jen.CustomFunc(jen.Options{Separator: " +\n"}, func(g *jen.Group) {
		for _, part := range parts {
			g.Add(engine.Raw(part))
		}
	})
}

// goldenMembers are the parts of the canonical JSON that the samples make.
func goldenMembers(t table, null func(*model.Column) bool) []string {
	var members []string
	for n, i := range byName(t) {
		c, before := &t.Columns[i], ", "
		if n == 0 {
			before = "{"
		}
		value := c.Kind.JSON
		if null(c) {
			value = "null"
		}
		members = append(members, before+quoteJSON(c.Name)+": "+value)
	}
	members[len(members)-1] += "}"
	return members
}

// byName returns the published columns in the order that they have in canonical JSON.
func byName(t table) []int {
	sorted := slices.Clone(t.Fields)
	slices.SortFunc(sorted, func(a, b int) int { return strings.Compare(t.Columns[a].Name, t.Columns[b].Name) })
	return sorted
}
