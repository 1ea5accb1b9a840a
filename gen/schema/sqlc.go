package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/sqlc-dev/sqlc/pkg/cli"
)

// pluginMethod is the argument with which sqlc runs its process plugin, which is repliqate-gen itself.
const pluginMethod = "/plugin.CodegenService/Generate"

// Options is what repliqate-gen tells itself through sqlc, since a plugin gets neither the DDL nor an
// environment. In sqlc.yaml it is written by hand: docs/generate.md explains each.
type Options struct {
	Module  string            `json:"module"`            // import path of the output folder
	Domains map[string]string `json:"domains,omitempty"` // base type by domain
	Types   map[string]string `json:"types,omitempty"`   // type as the database has it, by sqlc's name or by table.column
	Names   map[string]string `json:"names,omitempty"`   // quoted name of SQL, by what sqlc is given
	Tables  []TableOptions    `json:"tables"`
}

// TableOptions is what the catalog lacks of one table.
type TableOptions struct {
	Schema        string   `json:"schema,omitempty"` // if it is not the default
	Table         string   `json:"table"`
	Key           string   `json:"key"`
	Fields        []string `json:"fields,omitempty"` // empty: all
	Package       string   `json:"package"`
	Source        string   `json:"source"`
	Regenerate    string   `json:"regenerate"`
	AutoIncrement bool     `json:"auto_increment,omitempty"`
	Strict        bool     `json:"strict,omitempty"`
}

// Text is SQL and the file that it is from.
type Text struct{ Name, SQL string }

// Compile has sqlc compile the DDL and the queries and run the plugin on the result. It returns the
// plugin's files by their path below the output folder.
func Compile(engine string, ddl []Text, queries []Text, options Options) (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "repliqate-gen-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for sqlc: %w", err)
	}
	defer os.RemoveAll(dir)
	in := input{dir: dir}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program, to run it as sqlc's plugin: %w", err)
	}
	type object = map[string]any
	config, err := json.Marshal(object{
		"version": "2",
		"plugins": []object{{"name": "repliqate", "process": object{"cmd": self, "format": "json"}}},
		"sql": []object{{
			"engine": engine, "schema": in.add("schema", ddl), "queries": in.add("query", forSQLC(queries, options.Names)),
			"codegen": []object{{"plugin": "repliqate", "out": "out", "options": options}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("write sqlc's configuration: %w", err)
	}
	in.write("sqlc.json", string(config))
	if in.err != nil {
		return nil, fmt.Errorf("prepare sqlc's input: %w", in.err)
	}
	if err := runSQLC(self, dir); err != nil {
		return nil, in.explain(err)
	}
	return readTree(filepath.Join(dir, "out"))
}

// forSQLC writes queries as sqlc can read them: with the names that it is given, and with comments in ASCII,
// since it finds the end of a statement by characters and cuts it off by bytes.
func forSQLC(queries []Text, names map[string]string) []Text {
	replace := replacer(names, true)
	told := make([]Text, len(queries))
	for i, q := range queries {
		var b strings.Builder
		for line := range strings.Lines(q.SQL) {
			if strings.HasPrefix(line, "--") {
				line = strings.Map(func(r rune) rune { return min(r, unicode.MaxASCII) }, line)
			}
			b.WriteString(line)
		}
		told[i] = Text{Name: q.Name, SQL: replace.Replace(b.String())}
	}
	return told
}

// replacer replaces names by what sqlc is given instead, or the other way round.
func replacer(names map[string]string, forSQLC bool) *strings.Replacer {
	var pairs []string
	for _, told := range slices.Sorted(maps.Keys(names)) {
		if forSQLC {
			pairs = append(pairs, names[told], told)
		} else {
			pairs = append(pairs, told, names[told])
		}
	}
	return strings.NewReplacer(pairs...)
}

// input is what sqlc reads: a folder of files, and which of the user's files each is from.
type input struct {
	dir   string
	names []string // pairs: name in the folder, name to show in its place
	err   error
}

// add writes texts to files and returns their names.
func (in *input) add(kind string, texts []Text) []string {
	var names []string
	for i, text := range texts {
		name := fmt.Sprintf("%s%d.sql", kind, i)
		in.write(name, text.SQL)
		in.names = append(in.names, name+":", text.Name+":")
		names = append(names, name)
	}
	return names
}

func (in *input) write(name, content string) {
	in.err = errors.Join(in.err, os.WriteFile(filepath.Join(in.dir, name), []byte(content), 0o600))
}

// explain names the user's files in sqlc's message.
func (in *input) explain(err error) error {
	said := strings.ReplaceAll(err.Error(), in.dir+string(filepath.Separator), "")
	var lines []string
	for line := range strings.Lines(strings.NewReplacer(in.names...).Replace(said)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "# package") {
			lines = append(lines, line)
		}
	}
	return fmt.Errorf("compile the schema with sqlc: %s", strings.Join(lines, "; "))
}

// runSQLC runs sqlc on the folder. sqlc ends its process when it finds a mistake, so it has one of its
// own, of this same program: what it printed can be explained then, and nothing is left behind.
func runSQLC(self, dir string) error {
	cmd := exec.Command(self, sqlcArgument, filepath.Join(dir, "sqlc.json"))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		if said.Len() > 0 {
			return errors.New(said.String())
		}
		return err
	}
	return nil
}

// sqlcArgument is the first argument with which this program runs itself to be sqlc.
const sqlcArgument = "/sqlc"

// Inner runs what this program runs itself for: sqlc, or sqlc's plugin. It reports whether the arguments
// ask for that, and the exit status.
func Inner(args []string, plugin func() error) (status int, inner bool) {
	if len(args) < 2 || args[1] == sqlcArgument && len(args) != 3 {
		return 0, false
	}
	switch args[1] {
	case sqlcArgument:
		return cli.Run([]string{"generate", "--no-remote", "-f", args[2]}), true
	case pluginMethod:
		if err := plugin(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

func readTree(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what sqlc wrote: %w", err)
	}
	return files, nil
}
