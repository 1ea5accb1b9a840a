package postgres

import (
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
)

// needed writes the wanted tables of a file as they are in the end, with the types that they need in the
// first file, so that sqlc sees neither what it can't parse nor what it would not follow.
func (r *reader) needed(f *ddl.File, first bool, wanted map[*ddl.Table]bool) string {
	var b strings.Builder
	if first {
		r.writeTypes(&b, wanted)
	}
	for _, t := range f.Tables {
		if wanted[t] {
			writeTable(&b, t)
		}
	}
	return b.String()
}

// writeTypes writes the schemas, which sqlc insists on, and the enums of wanted tables.
func (r *reader) writeTypes(b *strings.Builder, wanted map[*ddl.Table]bool) {
	schemas := map[string]bool{"": true}
	create := func(in string) {
		if !schemas[in] {
			schemas[in] = true
			b.WriteString("CREATE SCHEMA IF NOT EXISTS " + doubleQuote(in) + ";\n")
		}
	}
	enums := map[name]bool{}
	for _, t := range r.order {
		if !wanted[t.Table] {
			continue
		}
		create(t.Schema)
		for _, c := range t.Columns {
			n, _ := r.endOf(name{c.Type.Schema, c.Type.Name})
			if def := r.types[n]; def != nil && def.enum && !enums[n] {
				enums[n] = true
				create(n.schema)
				b.WriteString("CREATE TYPE " + relation(n.schema, n.name) + " AS ENUM ('');\n")
			}
		}
	}
}

func relation(in, called string) string {
	if in == "" {
		return doubleQuote(called)
	}
	return doubleQuote(in) + "." + doubleQuote(called)
}

func writeTable(b *strings.Builder, t *ddl.Table) {
	table := relation(t.Schema, t.Name)
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = "    " + doubleQuote(c.Name) + " " + typeForSQLC(c.Type)
		if c.NotNull {
			columns[i] += " NOT NULL"
		}
	}
	b.WriteString("CREATE TABLE " + table + " (\n" + strings.Join(columns, ",\n") + "\n);\n")
	if t.Comment != "" {
		b.WriteString("COMMENT ON TABLE " + table + " IS " + literal(t.Comment) + ";\n")
	}
	for _, c := range t.Columns {
		if c.Comment != "" {
			b.WriteString("COMMENT ON COLUMN " + table + "." + doubleQuote(c.Name) + " IS " + literal(c.Comment) +
				";\n")
		}
	}
}

// serials are the types that sqlc knows as what they stand for.
var serials = []string{"serial", "serial2", "serial4", "serial8", "smallserial", "bigserial"}

func typeForSQLC(t ddl.Type) string {
	called := relation(t.Schema, t.Name)
	if t.Name == `"char"` || t.Schema == "" && slices.Contains(serials, t.Name) {
		called = t.Name
	}
	if t.Array {
		called += "[]"
	}
	return called
}

func doubleQuote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// literal is a string whatever standard_conforming_strings is.
func literal(s string) string {
	return `E'` + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + `'`
}
