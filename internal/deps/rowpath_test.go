package deps

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// slow are the packages that would cost a row reflection or an allocation for each value (Promise 8).
var slow = []string{"reflect", "encoding/json", "fmt", "database/sql"}

// rowPackages are on the way of a row as a whole: no file of theirs may import a slow package.
var rowPackages = []string{
	"generated/*",
	"replicate",
	"replicate/loop",
	"replicate/loop/internal/machine",
	"replicate/canonical",
	"replicate/codec/json",
	"replicate/source/internal/keyset",
}

// rowFunctions are on the way of a row in packages that also connect, verify and explain errors, for which
// they import fmt. In these functions nothing of a slow package may be used, but for an error that is
// returned: with it the page ends.
var rowFunctions = map[string][]string{
	"replicate/sink/kafka":  {"flight", "Publish", "record", "acknowledged", "giveUp", "partitioner", "fnv1a"},
	"replicate/sink/stdout": {"print"},
}

// Those of the engines' sources come from engines.
func init() {
	for name, e := range engines {
		for _, p := range e.rowPackages {
			rowPackages = append(rowPackages, "replicate/source/"+p)
		}
		if len(e.rowFunctions) > 0 {
			rowFunctions["replicate/source/"+name] = e.rowFunctions
		}
	}
}

func goFiles(t *testing.T, pattern string) (names []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	if len(names) == 0 {
		t.Fatalf("%s holds no Go file: the row path has moved, correct the list", pattern)
	}
	return names
}

func TestRowPathImportsNothingSlow(t *testing.T) {
	for _, pattern := range rowPackages {
		for _, name := range goFiles(t, pattern) {
			for _, path := range imports(t, name) {
				if within(path, slow) != "" {
					t.Errorf("%s imports %s", name, path)
				}
			}
		}
	}
}

func TestRowFunctionsUseNothingSlow(t *testing.T) {
	for folder, functions := range rowFunctions {
		missing := slices.Clone(functions)
		set := token.NewFileSet()
		for _, name := range goFiles(t, folder) {
			file, err := parser.ParseFile(set, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || !slices.Contains(functions, f.Name.Name) {
					continue
				}
				missing = slices.DeleteFunc(missing, func(name string) bool { return name == f.Name.Name })
				for _, use := range slowUses(file, f) {
					t.Errorf("%s: func %s uses %s", set.Position(use.Pos()), f.Name.Name, use.Sel.Name)
				}
			}
		}
		if len(missing) > 0 {
			t.Errorf("%s has no functions %v: the row path has moved, correct the list", folder, missing)
		}
	}
}

// slowUses finds what a function uses of slow packages, but for fmt.Errorf in a return statement.
func slowUses(file *ast.File, f *ast.FuncDecl) (uses []*ast.SelectorExpr) {
	names := map[string]bool{}
	for _, i := range file.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		if within(path, slow) == "" {
			continue
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = true
	}
	var visit func(n ast.Node, returned bool)
	visit = func(n ast.Node, returned bool) {
		ast.Inspect(n, func(inner ast.Node) bool {
			switch inner := inner.(type) {
			case *ast.ReturnStmt:
				if inner != n {
					visit(inner, true)
					return false
				}
			case *ast.SelectorExpr:
				x, ok := inner.X.(*ast.Ident)
				if ok && names[x.Name] && !(returned && inner.Sel.Name == "Errorf") {
					uses = append(uses, inner)
				}
			}
			return true
		})
	}
	visit(f.Body, false)
	return uses
}

// TestSlowUsesBite shows what the search finds.
func TestSlowUsesBite(t *testing.T) {
	const text = `package x
import ("fmt"; "encoding/json"; r "reflect")
func f(v any) error {
	fmt.Sprint(v)
	json.Marshal(v)
	r.ValueOf(v)
	e := fmt.Errorf("kept")
	if v == nil { return wrap(fmt.Errorf("allowed")) }
	return errors.New(fmt.Sprint(e))
}`
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, use := range slowUses(file, file.Decls[1].(*ast.FuncDecl)) {
		got = append(got, use.X.(*ast.Ident).Name+"."+use.Sel.Name)
	}
	if want := []string{"fmt.Sprint", "json.Marshal", "r.ValueOf", "fmt.Errorf", "fmt.Sprint"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}
