package sqlite

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/repliqate/repliqate/gen/ddl"
)

// needed writes the tables as SQLite understood them, with each name between quotes, since sqlc
// changes bare names to lower case and knows less of SQLite's grammar.
func needed(f *ddl.File, wanted map[*ddl.Table]bool) string {
	var b strings.Builder
	for _, t := range f.Tables {
		if !wanted[t] {
			continue
		}
		columns := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			columns[i] = "    " + quoteForSQLC(f.Aliases, c.Name) + " " + typeForSQLC(f.Aliases, c.Type.Name)
			if c.NotNull {
				columns[i] += " NOT NULL"
			}
		}
		b.WriteString("CREATE TABLE " + quoteForSQLC(f.Aliases, t.Name) + " (\n" + strings.Join(columns, ",\n") + "\n);\n")
	}
	return b.String()
}

// quoteForSQLC quotes a name as sqlc reads it, which unquotes names of SQLite like a literal of Go and cuts
// statements short by as many bytes as there are beyond ASCII.
func quoteForSQLC(a *ddl.Aliases, name string) string {
	bare := `"` + name + `"`
	if unquoted, err := strconv.Unquote(bare); err == nil && unquoted == name && isASCII(name) {
		return bare
	}
	literal := strconv.QuoteToASCII(name)
	escaped := `"` + strings.ReplaceAll(literal[1:len(literal)-1], `\"`, `\x22`) + `"`
	a.Names[escaped] = quote(name)
	return escaped
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// typeForSQLC is what sqlc is given for a declared type: the type itself if that is one plain word,
// since sqlc joins several to one and has a name of its own for none.
func typeForSQLC(a *ddl.Aliases, declared string) string {
	found := ddl.Lexemes(declared)
	if len(found) == 1 && found[0].Text == declared && declared[0] >= 'A' && ddl.IsWord(rune(declared[0])) {
		return declared
	}
	for name, known := range a.Types {
		if known == declared {
			return name
		}
	}
	name := fmt.Sprintf("repliqate_type_%d", len(a.Types)+1)
	a.Types[name] = declared
	return name
}
