package schema

import (
	"go/token"
	"strconv"
	"strings"
	"unicode"

	"github.com/repliqate/repliqate/gen/model"
)

// PackageName is the Go package of a table: its name in lower case, with the schema before it where
// that is not the default. What Go or its build would misread gets the suffix _table.
func PackageName(schema, table string) string {
	name := table
	if schema != "" {
		name = schema + "_" + table
	}
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	name = b.String()
	if name[0] == '_' || name[0] >= '0' && name[0] <= '9' {
		name = "t" + name // a folder that begins with _ is ignored by the go command
	}
	if misread[name] || token.IsKeyword(name) || strings.HasSuffix(name, "_test") {
		name += "_table"
	}
	return name
}

// misread are package names that mean something else to Go, or that hide what generated code uses.
var misread = map[string]bool{
	"internal": true, "vendor": true, "testdata": true, "main": true, "cmd": true, "init": true, "documentation": true,
	"replicate": true, "postgres": true, "sqlite": true, "pgbin": true, "sqlval": true, "daemon": true, "canonical": true,
	"strings": true, "bytes": true, "testing": true, "json": true, "string": true, "error": true, "bool": true,
}

// QueryPrefix begins the names of a table's queries, which are unique within one run of sqlc.
func QueryPrefix(pkg string) string { return GoName(pkg) }

// initialisms are written in capitals, as Go does.
var initialisms = map[string]bool{"id": true, "url": true, "uri": true, "uuid": true, "ip": true, "api": true,
	"sql": true, "json": true, "http": true, "html": true, "xml": true, "utc": true}

// GoName turns a column's name into an exported Go name.
func GoName(column string) string {
	words := strings.FieldsFunc(column, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var b strings.Builder
	for _, w := range words {
		if initialisms[strings.ToLower(w)] {
			b.WriteString(strings.ToUpper(w))
			continue
		}
		runes := []rune(w)
		b.WriteString(string(unicode.ToUpper(runes[0])) + string(runes[1:]))
	}
	name := b.String()
	if name == "" || !unicode.IsUpper([]rune(name)[0]) {
		name = "C" + name
	}
	return name
}

// nameFields names the fields of Row. Names that collide, with each other or with Row's methods, get
// a number: the first column keeps the bare name.
func nameFields(columns []model.Column) {
	taken := map[string]bool{"Checksum": true, "Clone": true}
	for i := range columns {
		base := GoName(columns[i].Name)
		name := base
		for n := 2; taken[name]; n++ {
			name = base + strconv.Itoa(n)
		}
		taken[name] = true
		columns[i].GoName = name
	}
}
