package gen_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen"
	"github.com/repliqate/repliqate/internal/gobuild"
)

// repository is the root of this module, whatever folder a test has gone to.
var repository = func() string {
	dir, err := filepath.Abs("..")
	if err != nil {
		panic(err)
	}
	return dir
}()

// foreignModule makes a module that takes the run time from this repository, and goes there.
func foreignModule(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	writeInput(t, "go.mod", []byte("module example.com/shop\n\ngo 1.26.0\n\nreplace "+gen.RuntimeModule+" => "+
		repository+"\n"))
	sums, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	writeInput(t, "go.sum", sums)
	// A new machine has downloaded only what this platform builds: go get reads more, down to the go.mod of
	// modules that nothing is built from.
	for _, args := range [][]string{{"mod", "download"}, {"mod", "graph"}} {
		if err := gobuild.Run(t.Context(), repository, args...); err != nil {
			t.Fatal(err)
		}
	}
}

// goCommand runs the go command in the working directory, with nothing but what is on this machine.
func goCommand(t *testing.T, args ...string) {
	t.Helper()
	cmd := gobuild.Command(t.Context(), args...)
	cmd.Env = append(cmd.Env, "GOPROXY=off", "GOFLAGS=-mod=readonly -trimpath", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// mustGenerate runs repliqate-gen and returns what it printed.
func mustGenerate(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, status := generate(append([]string{"repliqate-gen"}, args...)...)
	if status != 0 {
		t.Fatalf("repliqate-gen %s: exit %d\n%s", strings.Join(args, " "), status, stderr)
	}
	return stdout
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// The go.mod that counts is the one where the output lies, not the one where the command runs.
func TestModuleOfOutput(t *testing.T) {
	newModule(t)
	writeInput(t, "tools/go.mod", []byte("module example.com/tools\n\ngo 1.26\n"))
	writeInput(t, "orders.sql", []byte("CREATE TABLE orders (id bigserial PRIMARY KEY);\n"))
	stdout := mustGenerate(t, "--schema", "orders.sql", "--out", "tools/generated", "--with", "dockerfile")
	if !strings.Contains(stdout, "go get "+gen.RuntimeModule) {
		t.Errorf("it does not say that the run time is missing:\n%s", stdout)
	}
	main := read(t, "tools/generated/orders/cmd/repliqate-orders/main.gen.go")
	if !strings.Contains(main, `"example.com/tools/generated/orders"`) {
		t.Errorf("the import does not follow tools/go.mod:\n%s", main)
	}
	docker := read(t, "tools/generated/orders/Dockerfile")
	if !strings.Contains(docker, "./generated/orders/cmd/repliqate-orders\n") {
		t.Errorf("the Dockerfile does not build from the root of the module:\n%s", docker)
	}
}

// Without a go.mod there is no import path: nothing is written, and it says what to do.
func TestNoModule(t *testing.T) {
	t.Chdir(t.TempDir())
	writeInput(t, "orders.sql", []byte("CREATE TABLE orders (id bigserial PRIMARY KEY);\n"))
	_, stderr, status := generate("repliqate-gen", "--schema", "orders.sql")
	if status != 1 || !strings.Contains(stderr, "go mod init") || len(tree()) != 1 {
		t.Errorf("exit %d, files %q: %s", status, tree(), stderr)
	}
	writeInput(t, "go.mod", []byte("modul x\n"))
	_, stderr, status = generate("repliqate-gen", "--schema", "orders.sql")
	if status != 1 || !strings.Contains(stderr, "go.mod") {
		t.Errorf("exit %d: %s", status, stderr)
	}
}
