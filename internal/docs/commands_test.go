package docs

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gen "github.com/repliqate/repliqate/gen/command"
	"github.com/repliqate/repliqate/generated/orders"
	"github.com/repliqate/repliqate/replicate/daemon"
)

// command is a command line that a page shows, in a block or between backticks.
type command struct {
	place string
	words []string
}

var shell = regexp.MustCompile(`^\$? *((?:make|go|\./repliqate-orders|repliqate-orders|repliqate-gen) .*)`)

// commands returns the command lines of all pages.
func commands(t *testing.T) (found []command) {
	t.Helper()
	add := func(p *page, n int, line string) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		for part := range strings.SplitSeq(line, "&&") {
			if m := shell.FindStringSubmatch(strings.TrimSpace(part)); m != nil {
				found = append(found, command{fmt.Sprintf("%s:%d", p.name, n), strings.Fields(m[1])})
			}
		}
	}
	for _, p := range pages(t) {
		if p.name == "CHANGELOG.md" {
			continue // it tells what was
		}
		for _, b := range p.blocks() {
			for i, line := range strings.Split(b.text, "\n") {
				add(p, b.line+i, line)
			}
		}
		for n, line := range p.prose() {
			for _, m := range span.FindAllStringSubmatch(line, -1) {
				add(p, n, m[1])
			}
		}
	}
	return found
}

// Every command that a page shows calls targets, packages, tests and options that there are.
func TestCommands(t *testing.T) {
	t.Chdir(root)
	makefile, err := os.ReadFile("Makefile")
	must(t, err)
	options := map[string]string{"repliqate-gen": generator(t, 0, "--help"), "repliqate-orders": replicator(t)}
	seen := map[string]int{}
	for _, c := range commands(t) {
		name := strings.TrimPrefix(c.words[0], "./")
		seen[name]++
		switch name {
		case "make":
			if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(c.words[1]) + `:`).Match(makefile) {
				t.Errorf("%s: make has no target %s", c.place, c.words[1])
			}
		case "go":
			checkGo(t, c)
		default:
			for _, w := range c.words {
				flag, _, _ := strings.Cut(strings.Trim(w, "[]"), "=")
				if strings.HasPrefix(flag, "--") && !strings.Contains(options[name], flag) {
					t.Errorf("%s: %s has no option %s", c.place, name, flag)
				}
			}
		}
		if i := slices.Index(c.words, "--schema"); name == "repliqate-gen" && i > 0 && isFile(c.words[i+1]) {
			generator(t, 0, append(c.words[1:], "--list")...)
		}
	}
	for name, least := range map[string]int{"make": 8, "go": 8, "repliqate-gen": 3, "repliqate-orders": 4} {
		if seen[name] < least {
			t.Errorf("found only %d commands of %s", seen[name], name)
		}
	}
}

// The table of options in docs/generate.md and repliqate-gen --help have the same ones.
func TestGeneratorOptions(t *testing.T) {
	option := regexp.MustCompile(`--[a-z-]+`)
	page, help := map[string]bool{}, map[string]bool{"--help": true}
	for _, line := range readPage(t, "docs/generate.md").lines {
		if strings.HasPrefix(line, "| `--") {
			page[option.FindString(line)] = true
		}
	}
	for _, name := range option.FindAllString(generator(t, 0, "--help"), -1) {
		help[name] = true
		if !page[name] && name != "--help" {
			t.Errorf("docs/generate.md lacks %s", name)
		}
	}
	for name := range page {
		if !help[name] {
			t.Errorf("docs/generate.md has %s, which repliqate-gen lacks", name)
		}
	}
}

// generator runs repliqate-gen and returns what it printed.
func generator(t *testing.T, status int, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if got := gen.Run(append([]string{"repliqate-gen"}, args...), &out, &out); got != status {
		t.Errorf("repliqate-gen %s: exit status %d\n%s", strings.Join(args, " "), got, &out)
	}
	return out.String()
}

// replicator returns the help of a replicator and of its command.
func replicator(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	program := daemon.Program[orders.Row, int64]{Engine: "postgres", Table: orders.Table(), NewSource: orders.NewSource}
	for _, args := range [][]string{{"--help"}, {"offset", "--help"}, {"verify", "--help"}, {"check", "--help"},
		{"status", "--help"},
		{"republish", "--help"}, {"tail", "--help"}, {"completion", "--help"}, {"man", "--help"}} {
		if status := daemon.Run(t.Context(), program, args, &out, &out); status != 0 {
			t.Errorf("repliqate-orders %s: exit status %d\n%s", strings.Join(args, " "), status, &out)
		}
	}
	return out.String()
}

// checkGo looks for the folders and the tests that a go command names.
func checkGo(t *testing.T, c command) {
	t.Helper()
	var folders []string
	for _, w := range c.words {
		if strings.HasPrefix(w, "./") {
			folder := strings.TrimSuffix(w, "/...")
			if files, err := filepath.Glob(filepath.Join(folder, "*")); err != nil || len(files) == 0 {
				if c.place[:6] != "README" { // README's are run in a module of the reader's
					t.Errorf("%s: there is no folder %s", c.place, w)
				}
			}
			folders = append(folders, w)
		}
	}
	i := slices.Index(c.words, "-run")
	if c.words[1] != "test" || i < 0 || len(folders) == 0 {
		return
	}
	pattern, _, _ := strings.Cut(strings.Trim(c.words[i+1], `'"`), "/") // what follows is a subtest
	if pattern == "^$" {
		return // it is about fuzzing or benchmarks alone
	}
	wanted := regexp.MustCompile(pattern)
	for _, name := range tests(t, folders[0]) {
		if wanted.MatchString(name) {
			return
		}
	}
	t.Errorf("%s: %s has no test %s", c.place, folders[0], wanted)
}

// tests returns the names of the tests in a folder, and below it if it ends in dots.
func tests(t *testing.T, folder string) (names []string) {
	t.Helper()
	dir, deep := strings.CutSuffix(folder, "/...")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && !deep:
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
		return nil
	})
	must(t, err)
	return names
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
