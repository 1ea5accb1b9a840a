package daemon

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite testdata/config with what the reader says now")

// shop is the table that the cases of testdata/config are for.
var shop = generated{
	table: "orders", key: "id", regenerate: "repliqate-gen --schema shop.sql --table orders --fields id,note",
	fields: []string{"id", "note"}, columns: []string{"id", "note"},
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

// commented finds a key in a configuration, in a comment or not, at the beginning of a line or in braces.
func commented(key string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)(^ *(# )?|[{,] ?)` + key + `:`)
}

func readContent(t *testing.T, content []byte, env map[string]string) (c *Config, warnings []string, err error) {
	t.Helper()
	d := newDocument("config.yaml", func(msg string) { warnings = append(warnings, msg) })
	d.env = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	c, err = d.config(d.parse(content))
	if err == nil {
		err = c.agree(shop)
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

// Every key of the reader is explained in docs/configure.md and in the configuration that is emitted.
func TestEveryKeyIsDocumented(t *testing.T) {
	all := paths("", new(Config).keys())
	if len(all) < 50 {
		t.Fatalf("only %d keys: %q", len(all), all)
	}
	for _, name := range []string{"../../docs/configure.md", "../../templates/config.yaml.tmpl"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range all {
			key := path[strings.LastIndexByte(path, '.')+1:]
			if slices.ContainsFunc(all, func(other string) bool { return strings.HasPrefix(other, path+".") }) {
				continue // it is nothing but those below it
			}
			full := strings.TrimPrefix(path, "repliqate.")
			found := bytes.Contains(content, []byte("| `"+full+"` |")) ||
				bytes.Contains(content, []byte("| `"+strings.TrimPrefix(full, "replication.")+"` |"))
			if strings.HasSuffix(name, ".tmpl") {
				found = commented(key).Match(content)
			}
			if !found {
				t.Errorf("%s does not have %s", filepath.Base(name), path)
			}
		}
	}
}

// Every metric, and every warning of the log, is explained to those who operate it.
func TestOperatorsKnowWhatIsSaid(t *testing.T) {
	page, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []struct {
		file, pattern string
		least         int
	}{
		{"../metrics/statsd/hooks.go", `\.(?:Count|Timing|Gauge|Hold)\("([a-z_.]+)"`, 15},
		{"events.go", `log\.Warn\("([^"]*)"`, 8},
		{"events.go", `^\t"[a-z]+": +"([^"]* (?:can't|failed)[^"]*)",`, 6},
		{"log.go", `log\.Warn\("([^"]*)"`, 1},
		{"wire.go", `log\.warn\("([^"]*)"`, 1},
	} {
		code, err := os.ReadFile(source.file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`(?m)`+source.pattern).FindAllSubmatch(code, -1)
		if len(found) < source.least {
			t.Errorf("%s: found %d of at least %d", source.file, len(found), source.least)
		}
		for _, m := range found {
			// The page may leave out how a line goes on.
			begins := m[1][:min(len(m[1]), 20)]
			if !bytes.Contains(page, append([]byte("`"), begins...)) {
				t.Errorf("docs/operate.md does not explain %q", m[1])
			}
		}
	}
}

// Files of other systems begin with a byte order mark and end lines in two characters.
func TestFilesOfOtherSystems(t *testing.T) {
	content := "\ufeff" + strings.ReplaceAll(compose(map[string]string{"kafka": "brokers: [a:1]"}), "\n", "\r\n")
	c, warnings, err := readContent(t, []byte(content), nil)
	if err != nil || len(warnings) > 0 || c.Name != "shop" || !slices.Equal(c.Kafka.Brokers, []string{"a:1"}) {
		t.Errorf("read %+v, %q, %v", c, warnings, err)
	}
}
