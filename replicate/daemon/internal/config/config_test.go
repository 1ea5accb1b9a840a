package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/repliqate/repliqate/replicate/daemon/internal/keys"
)

var update = flag.Bool("update", false, "rewrite testdata/config with what the reader says now")

// shop is the table that the cases of testdata/config are for.
var shop = Generated{
	Table: "orders", Key: "id", Regenerate: "repliqate-gen --schema shop.sql --table orders --fields id,note",
	Fields: []string{"id", "note"}, Columns: []string{"id", "note"},
}

// base is the configuration that a case changes. Its sections are the levels that a case can add lines to;
// a line of the case takes the place of the base's line with the same key.
var base = []struct{ level, indent, text string }{
	{"root", "  ", "name: shop"},
	{"replication", "    ", "poll_interval_sec: 1"},
	{"source", "      ", "uri: postgresql://u:p@h/d\ntable: orders\nprimary_key: id"},
	{"kafka", "      ", "topic: orders"},
}

var opening = map[string]string{
	"root": "repliqate:", "replication": "  replication:", "source": "    sql_source:", "kafka": "    kafka_target:",
}

// compose makes a configuration of the base and a case's lines.
func compose(changes map[string]string) string {
	var out strings.Builder
	for _, section := range base {
		out.WriteString(opening[section.level] + "\n")
		change := changes[section.level]
		for line := range strings.SplitSeq(section.text, "\n") {
			key, _, _ := strings.Cut(line, ":")
			if !strings.HasPrefix("\n"+change, "\n"+key+":") && !strings.Contains(change, "\n"+key+":") {
				out.WriteString(section.indent + line + "\n")
			}
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(change, "\n"), "\n") {
			if change != "" {
				out.WriteString(section.indent + line + "\n")
			}
		}
	}
	return out.String()
}

// TestConfig reads the configurations of testdata/config. A case's sections are its name with .root,
// .replication, .source and .kafka for lines at these levels, or .yaml for a whole file; .env for
// variables; and .want for what is said: the error, or warnings and the settings that differ from the base's.
func TestConfig(t *testing.T) {
	files, err := filepath.Glob("testdata/config/*.txtar")
	if err != nil || len(files) < 3 {
		t.Fatalf("found %d files: %v", len(files), err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		sections := map[string]map[string]string{}
		for _, f := range archive.Files {
			dot := strings.LastIndexByte(f.Name, '.')
			name, kind := f.Name[:dot], f.Name[dot+1:]
			if sections[name] == nil {
				sections[name] = map[string]string{}
				names = append(names, name)
			}
			sections[name][kind] = string(f.Data)
		}
		var rewritten []txtar.File
		for _, name := range names {
			got := readCase(t, sections[name])
			if strings.Contains(file, "secrets") && strings.Contains(got, ": ") && strings.Contains(got, "hunter2") {
				t.Errorf("%s: a secret is repeated: %s", name, got)
			}
			if want, ok := sections[name]["want"]; !ok && !*update || ok && want != got && !*update {
				t.Errorf("%s: %s\n got %swant %s", filepath.Base(file), name, got, want)
			}
			for _, f := range archive.Files {
				if strings.HasPrefix(f.Name, name+".") && !strings.HasSuffix(f.Name, ".want") {
					rewritten = append(rewritten, f)
				}
			}
			rewritten = append(rewritten, txtar.File{Name: name + ".want", Data: []byte(got)})
		}
		if *update {
			content := txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: rewritten})
			if err := os.WriteFile(file, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// readCase reads one case's configuration as config.yaml in a folder and an environment of its own.
func readCase(t *testing.T, sections map[string]string) (said string) {
	t.Helper()
	content, whole := sections["yaml"]
	if !whole {
		content = compose(sections)
	}
	environment := map[string]string{}
	for line := range strings.Lines(sections["env"]) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		environment[name] = strings.ReplaceAll(value, `\n`, "\n")
	}
	c, warnings, err := readContent(t, []byte(content), environment)
	var out strings.Builder
	for _, w := range warnings {
		fmt.Fprintln(&out, "warning:", w)
	}
	if err != nil {
		fmt.Fprintln(&out, "error:", err)
		return out.String()
	}
	plain, _, err := readContent(t, []byte(compose(nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	was := settings(plain)
	for _, s := range settings(c) {
		if !slices.Contains(was, s) {
			fmt.Fprintln(&out, s)
		}
	}
	return out.String()
}

func readContent(t *testing.T, content []byte, env map[string]string) (c *Config, warnings []string, err error) {
	t.Helper()
	warn := func(msg string) { warnings = append(warnings, msg) }
	doc := keys.New("config.yaml", func(name string) (string, bool) { v, ok := env[name]; return v, ok }, warn)
	c, err = read(doc, doc.Parse(content), warn)
	if err == nil {
		err = c.Agree(shop)
	}
	return c, warnings, err
}

// settings are the exported fields of a configuration that are set, one a line.
func settings(c *Config) []string {
	var out []string
	var walk func(name string, v reflect.Value)
	walk = func(name string, v reflect.Value) {
		switch {
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() || f.Name == "messageKey" {
					walk(strings.TrimPrefix(name+"."+f.Name, "."), v.Field(i))
				}
			}
		case v.Kind() == reflect.Slice && !v.IsNil():
			out = append(out, fmt.Sprintf("%s = %q", name, fmt.Sprint(v)))
		case !v.IsZero() && v.Kind() == reflect.String:
			out = append(out, fmt.Sprintf("%s = %q", name, v))
		case !v.IsZero():
			out = append(out, fmt.Sprintf("%s = %v", name, v))
		}
	}
	walk("", reflect.ValueOf(*c))
	return out
}

// Files of other systems begin with a byte order mark and end lines in two characters.
func TestFilesOfOtherSystems(t *testing.T) {
	content := "\ufeff" + strings.ReplaceAll(compose(map[string]string{"kafka": "brokers: [a:1]"}), "\n", "\r\n")
	c, warnings, err := readContent(t, []byte(content), nil)
	if err != nil || len(warnings) > 0 || c.Name != "shop" || !slices.Equal(c.Kafka.Brokers, []string{"a:1"}) {
		t.Errorf("read %+v, %q, %v", c, warnings, err)
	}
}
