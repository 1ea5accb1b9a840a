package tidy

import (
	"fmt"
	"go/ast"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
)

// configKeys matches the keys of the configuration, but for those that are ordinary words.
var configKeys = func() *regexp.Regexp {
	var names []string
	for _, k := range configkeys.All() {
		for _, name := range []string{k.Name, k.Short(), k.Last()} {
			if strings.ContainsAny(name, "._") {
				names = append(names, regexp.QuoteMeta(name))
			}
		}
	}
	slices.Sort(names)
	slices.Reverse(names) // the longer of two with the same beginning comes first
	return regexp.MustCompile(`\b(?:` + strings.Join(slices.Compact(names), "|") + `)\b`)
}()

// keyName looks for keys of the configuration in strings and comments of the parts, which are used without one too.
func keyName(s source) (found []string) {
	if s.isTest() || !strings.HasPrefix(s.path, "replicate/") || strings.HasPrefix(s.path, "replicate/daemon/") {
		return nil
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		text := ""
		switch n := n.(type) {
		case *ast.BasicLit:
			text = n.Value
		case *ast.Comment:
			text = n.Text
		}
		if name := configKeys.FindString(text); name != "" {
			found = append(found, fmt.Sprintf("%s: it names the key %s: a part names a replicate.Setting, for which the daemon "+
				"puts the key", s.at(n.Pos()), name))
		}
		return true
	})
	return found
}

// TestPartsNameNoKeys keeps the configuration file out of the packages that it configures.
func TestPartsNameNoKeys(t *testing.T) {
	for _, s := range readAll(t, filepath.Join("..", "..")) {
		for _, found := range keyName(s) {
			t.Error(found)
		}
	}
	for code, want := range map[string]int{
		"var x = \"check sql_source.uri\"\n": 1,
		"var x = \"set on_bad_row\"\n":       1,
		"// as lease.mode says\nvar x int\n": 1,
		"var x = \"check the topic\"\n":      0,
		"var on_bad_row = \"a\"\n":           0,
	} {
		s, err := parse("replicate/x.go", []byte("package x\n\n"+code))
		if err != nil {
			t.Fatal(err)
		}
		if found := keyName(s); len(found) != want {
			t.Errorf("found %q, want %d in\n%s", found, want, code)
		}
	}
}
