package deps

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/repliqate/repliqate"

// root is the repository's, as seen from this package.
var root = filepath.Join("..", "..")

// buildTime are packages of the generator and of tests: none of it belongs into a replicator.
var buildTime = []string{
	"github.com/dave/jennifer", "github.com/sqlc-dev", "github.com/pganalyze", "github.com/wasilibs",
	"github.com/urfave/cli", "github.com/alicebob", "github.com/Shopify", "github.com/twmb/franz-go/pkg/kfake",
	"github.com/fergusstrange", "testing", "text/template",
	module + "/gen", module + "/templates", module + "/internal", module + "/replicate/replicatetest",
}

// shared are the small packages that generator and replicators have in common.
var shared = []string{module + "/internal/buildinfo", module + "/internal/nearest"}

// command is a generated program.
type command struct{ table, engine string }

func commands(t *testing.T) []command {
	t.Helper()
	mains, err := filepath.Glob(filepath.Join(root, "generated", "*", "cmd", "*", "main.gen.go"))
	if err != nil || len(mains) == 0 {
		t.Fatalf("no generated command: %v", err)
	}
	var found []command
	for _, name := range mains {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		header := regexp.MustCompile(`, engine (\w+)\n`).FindSubmatch(content)
		if header == nil || len(engines[string(header[1])].drivers) == 0 {
			t.Fatalf("%s: its header names no engine of engines_test.go", name)
		}
		found = append(found, command{filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(name)))), string(header[1])})
	}
	return found
}

func (c command) path() string { return module + "/generated/" + c.table + "/cmd/repliqate-" + c.table }

// TestLinkedPackages looks at everything that each generated command links.
func TestLinkedPackages(t *testing.T) {
	shown := map[string]bool{}
	for _, c := range commands(t) {
		shown[c.engine] = true
		linked := dependencies(t, c.path())
		for _, p := range linked {
			if is := within(p, buildTime); is != "" && !slices.Contains(shared, p) {
				t.Errorf("%s links %s", c.table, p)
			}
			for name, e := range engines {
				source := module + "/replicate/source/" + name
				if name != c.engine && within(p, append([]string{source}, e.drivers...)) != "" {
					t.Errorf("%s, which reads %s, links %s", c.table, c.engine, p)
				}
			}
		}
		own := slices.ContainsFunc(linked, func(p string) bool { return within(p, engines[c.engine].drivers) != "" })
		if !own || !slices.Contains(linked, module+"/replicate/source/"+c.engine) {
			t.Errorf("%s does not link the driver of %s: this test looks for the wrong names", c.table, c.engine)
		}
		if !slices.Contains(linked, "golang.org/x/crypto/x509roots/fallback") {
			t.Errorf("%s links no certificate authorities: it could not verify a server from an empty image", c.table)
		}
	}
	if len(shown) < 2 {
		t.Errorf("the committed examples are of %v alone: they no longer show that engines are kept apart", shown)
	}
}

// TestCoreImportsStandardLibraryAlone keeps the loop, the codec and the decoders free of modules.
func TestCoreImportsStandardLibraryAlone(t *testing.T) {
	folders := []string{"", "/loop", "/canonical", "/codec/json"}
	for _, e := range engines {
		for _, p := range e.onlyStandard {
			folders = append(folders, "/source/"+p)
		}
	}
	for _, folder := range folders {
		for _, p := range dependencies(t, module+"/replicate"+folder) {
			first, _, _ := strings.Cut(p, "/")
			if strings.Contains(first, ".") && within(p, []string{module + "/replicate"}) == "" {
				t.Errorf("replicate%s needs %s", folder, p)
			}
		}
	}
}

func dependencies(t *testing.T, path string) []string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", path)
	cmd.Dir, cmd.Stderr = root, &stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v: %s", path, err, stderr.String())
	}
	// The standard library's own copies of modules are the standard library.
	return slices.DeleteFunc(strings.Fields(string(out)), func(p string) bool { return strings.HasPrefix(p, "vendor/") })
}

// within returns which of the trees the package is in, or "".
func within(path string, trees []string) string {
	for _, tree := range trees {
		if path == tree || strings.HasPrefix(path, tree+"/") {
			return tree
		}
	}
	return ""
}

// imports returns what a file imports by itself.
func imports(t *testing.T, name string) (paths []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range file.Imports {
		paths = append(paths, strings.Trim(i.Path.Value, `"`))
	}
	return paths
}
