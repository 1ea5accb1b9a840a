package schema

import (
	"go/token"
	gotypes "go/types"
	"strconv"
	"strings"
	"unicode"

	"github.com/repliqate/repliqate/gen/model"
)

// PackageName is the Go package of a table: its name in lower case, with the schema before it if
// that is not the default, and _ for all but ASCII letters and digits. A name that would begin with a digit or
// with _ gets the prefix t. What Go or its build would misread, or is imported, gets the suffix _table.
func PackageName(schema, table string, imported map[string]bool) string {
	name := table
	if schema != "" {
		name = schema + "_" + table
	}
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	name = b.String()
	if name == "" || name[0] == '_' || name[0] >= '0' && name[0] <= '9' {
		name = "t" + name // a folder that begins with _ is ignored by the go command
	}
	if misread(name) || imported[name] {
		name += "_table"
	}
	return name
}

// misread reports whether Go would take a package's name for something else: a keyword, a predeclared
// name, a folder or a file with a meaning of its own, or a package that all generated code imports. The program of
// a package gen would be called as the generator is.
func misread(name string) bool {
	last := name[strings.LastIndexByte(name, '_')+1:]
	return token.IsKeyword(name) || gotypes.Universe.Lookup(name) != nil || meaningful[name] ||
		last == "test" && last != name || constrained[last] && last != name
}

var meaningful = set(`internal vendor testdata main init cmd documentation builtin gen
	replicate replicatetest daemon canonical strings strconv bytes testing json hex`)

// constrained are the endings of file names that mean an operating system or a processor.
var constrained = set(`aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris
	wasip1 windows zos 386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32
	mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm unix`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// QueryPrefix begins the names of a table's queries. Two packages never have the same.
func QueryPrefix(pkg string) string { return strings.ToUpper(pkg[:1]) + pkg[1:] }

// initialisms are written in capitals, as Go does.
var initialisms = set("id url uri uuid oid ip api sql json jsonb http html xml utc")

// GoName turns a column's name into an exported Go name: its words, which are runs of letters and
// digits, each with a capital. A name that would not begin with a capital begins with C.
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

// nameFields names the fields of Row. The first column keeps the bare name; a further one whose name
// differs only in case, or that is called like a method of Row, gets the lowest free number from 2 on.
// So a column that is added at the end never renames a field.
func nameFields(columns []model.Column) {
	taken := map[string]bool{"checksum": true, "clone": true}
	for i := range columns {
		base := GoName(columns[i].Name)
		name := base
		for n := 2; taken[strings.ToLower(name)]; n++ {
			name = base + strconv.Itoa(n)
		}
		taken[strings.ToLower(name)] = true
		columns[i].GoName = name
	}
}
