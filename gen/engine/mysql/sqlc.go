package mysql

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
)

// needed writes the wanted tables of a file as sqlc reads them: with each name in small ASCII letters, since it
// changes others, and with types that it knows.
func needed(f *ddl.File, wanted map[*ddl.Table]bool) string {
	var b strings.Builder
	for _, t := range f.Tables {
		if !wanted[t] {
			continue
		}
		table := told(f.Aliases, t.Name)
		if t.Schema != "" {
			b.WriteString("CREATE SCHEMA IF NOT EXISTS " + told(f.Aliases, t.Schema) + ";\n")
			table = told(f.Aliases, t.Schema) + "." + table
		}
		columns := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			columns[i] = "    " + told(f.Aliases, c.Name) + " " + toldType(f.Aliases, t, c)
			if c.NotNull {
				columns[i] += " NOT NULL"
			}
			if c.Comment != "" {
				columns[i] += " COMMENT " + literal(c.Comment)
			}
		}
		b.WriteString("CREATE TABLE " + table + " (\n" + strings.Join(columns, ",\n") + "\n)")
		if t.Comment != "" {
			b.WriteString(" COMMENT = " + literal(t.Comment))
		}
		b.WriteString(";\n")
	}
	return b.String()
}

// escaped begins the name that sqlc is told in the place of one that it would change. Names that are longer come
// first in the alphabet, so that none is taken for the beginning of another when names are put back.
const escaped = "repliqate_"

// told is a name as sqlc is told it, quoted.
func told(a *ddl.Aliases, name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) {
		return "`" + name + "`"
	}
	alias := fmt.Sprintf("`%s%04d_%s`", escaped, 9999-len(name), hex.EncodeToString([]byte(name)))
	a.Names[alias] = quote(name)
	return alias
}

// catalogName is the name that sqlc's catalog means by the one that it was told.
func catalogName(name string) string {
	rest, was := strings.CutPrefix(name, escaped)
	_, digits, ok := strings.Cut(rest, "_")
	if original, err := hex.DecodeString(digits); was && ok && err == nil {
		return string(original)
	}
	return name
}

// catalogued are the types that sqlc's catalog calls as they are called here.
var catalogued = map[string]bool{
	"tinyint": true, "smallint": true, "mediumint": true, "int": true, "bigint": true, "decimal": true, "float": true,
	"double": true, "bit": true, "year": true, "date": true, "time": true, "datetime": true, "timestamp": true,
	"char": true, "varchar": true, "tinytext": true, "text": true, "mediumtext": true, "longtext": true,
	"binary": true, "varbinary": true, "tinyblob": true, "blob": true, "mediumblob": true, "longblob": true,
	"json": true,
}

// toldType is a type for sqlc: a text in the place of one that it does not know, by an alias for the column.
func toldType(a *ddl.Aliases, t *ddl.Table, c ddl.Column) string {
	name, unsigned := strings.CutSuffix(c.Type.Name, " unsigned")
	switch {
	case !catalogued[name]:
		a.Types[t.QualifiedName()+"."+c.Name] = c.Type.Name
		return "text"
	case name == "varchar" || name == "varbinary":
		return name + "(1)"
	case unsigned:
		return name + " unsigned"
	}
	return name
}

func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(s) + "'"
}
