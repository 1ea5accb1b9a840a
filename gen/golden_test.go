package gen_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/repliqate/repliqate/gen"
	"github.com/repliqate/repliqate/gen/command"
)

var update = flag.Bool("update", false, "rewrite the golden files with what the generator prints and writes now")

// TestMain lets this test program be sqlc and its plugin, as repliqate-gen is.
func TestMain(m *testing.M) {
	if status, inner := gen.Inner(os.Args); inner {
		os.Exit(status)
	}
	os.Exit(m.Run())
}

// The sections of a golden file that are not input: what was printed, which files are there in the
// end, and the content of those under show/.
const (
	runSection    = "run"
	outputSection = "output"
	filesSection  = "files"
	showPrefix    = "show/"
)

// TestGolden runs the commands of each testdata/*.txtar in a module of its own.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("find golden files: %v, %d files", err, len(names))
	}
	for _, name := range names {
		path, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { testGolden(t, path) })
	}
}

func testGolden(t *testing.T, path string) {
	want, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	newModule(t)
	var run string
	input := map[string]bool{"go.mod": true}
	for _, f := range want.Files {
		switch {
		case f.Name == runSection:
			run = string(f.Data)
		case f.Name == outputSection || f.Name == filesSection || strings.HasPrefix(f.Name, showPrefix):
		default:
			input[f.Name] = true
			writeInput(t, f.Name, f.Data)
		}
	}
	if run == "" {
		t.Fatalf("%s has no section %q", path, runSection)
	}
	output := transcript(run)
	got := &txtar.Archive{Comment: want.Comment}
	for _, f := range want.Files {
		got.Files = append(got.Files, txtar.File{Name: f.Name, Data: section(f, output, input)})
	}
	if !slices.ContainsFunc(got.Files, func(f txtar.File) bool { return f.Name == outputSection }) {
		got.Files = append(got.Files, txtar.File{Name: outputSection, Data: []byte(output)})
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, want := txtar.Format(got), txtar.Format(want); !bytes.Equal(have, want) {
		t.Errorf("run go test ./gen -run TestGolden -update and look at the difference; got:\n%s", have)
	}
}

// section returns what a section of the golden file is now.
func section(f txtar.File, output string, input map[string]bool) []byte {
	switch {
	case f.Name == outputSection:
		return []byte(output)
	case f.Name == filesSection:
		var listing strings.Builder
		for _, name := range tree() {
			if !input[name] {
				listing.WriteString(name + "\n")
			}
		}
		return []byte(listing.String())
	case strings.HasPrefix(f.Name, showPrefix):
		content, err := os.ReadFile(strings.TrimPrefix(f.Name, showPrefix))
		if err != nil {
			return []byte(err.Error() + "\n")
		}
		return content
	}
	return f.Data
}

// transcript runs each line of run as a command. Lines on standard error begin with "! ".
func transcript(run string) string {
	var b strings.Builder
	for line := range strings.Lines(run) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		b.WriteString("$ " + line + "\n")
		stdout, stderr, status := generate(fields(line)...)
		b.WriteString(stdout)
		for line := range strings.Lines(stderr) {
			b.WriteString("! " + line)
		}
		if status != 0 {
			fmt.Fprintf(&b, "exit %d\n", status)
		}
	}
	return b.String()
}

// fields splits a command line at spaces that are not between single quotes.
func fields(line string) []string {
	var out []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
			continue
		}
		out = append(out, strings.Fields(part)...)
	}
	return out
}

// generate runs the command in this process. Its first argument is the name of the program.
func generate(args ...string) (stdout, stderr string, status int) {
	var out, err bytes.Buffer
	status = command.Run(args, &out, &err)
	return out.String(), err.String(), status
}

// newModule makes an empty module that requires the run time, and goes there.
func newModule(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	writeInput(t, "go.mod", []byte("module example.com/shop\n\ngo 1.26\n\nrequire "+gen.RuntimeModule+" v0.0.0\n"))
}

func writeInput(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// tree lists the files of the working directory.
func tree() []string {
	var names []string
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		names = append(names, err.Error())
	}
	return names
}
