package config

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/tools/txtar"
)

// FuzzConfig reads anything: it never panics or takes long, and every error is one line with the file's name.
func FuzzConfig(f *testing.F) {
	files, err := filepath.Glob("testdata/config/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("found %d files: %v", len(files), err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, section := range archive.Files {
			switch kind := section.Name[strings.LastIndexByte(section.Name, '.')+1:]; kind {
			case "yaml":
				f.Add(section.Data)
			case "root", "replication", "source", "kafka":
				f.Add([]byte(compose(map[string]string{kind: string(section.Data)})))
			}
		}
	}
	env := map[string]string{"A": "1", "B": "${A}", "C": "x: [y\n", "EMPTY": ""}
	f.Fuzz(func(t *testing.T, content []byte) {
		began := time.Now()
		_, warnings, err := readContent(t, content, env)
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("%d bytes took %v", len(content), d)
		}
		if err != nil {
			warnings = append(warnings, err.Error())
		}
		for _, text := range warnings {
			if !strings.HasPrefix(text, "config.yaml:") || strings.ContainsAny(text, "\n\r") || len(text) > 1000 ||
				!utf8.ValidString(text) {
				t.Errorf("said %q", text)
			}
		}
	})
}

// FuzzPassword writes a password with anything around it, and wants no error to repeat it.
func FuzzPassword(f *testing.F) {
	for _, around := range [][2]string{
		{"", ""}, {"{", "}"}, {"[", ""}, {`"`, `"x`}, {"'", ""}, {"*", ""}, {"&", ": "}, {"!", ""}, {"a: ", ""}, {"${", "}"},
		{"%", ""}, {"- ", ""}, {"|", ""}, {"\t", "\t"}, {"? ", ""}, {"a,", ""}, {"}", ": "}, {"#", ""}, {"${a:-", ""},
	} {
		f.Add(around[0], around[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.ContainsAny(before+after, "\n\r\u0085\u2028\u2029") {
			return // what stands in another line may be the value of another key
		}
		const secret = "hunter2"
		for _, lines := range []string{
			"redis_addr: h:1\nredis:\n  password: " + before + secret + after,
			"redis_addr: " + before + secret + after,
			"redis_addr: h:1\nredis: {password: " + strings.ReplaceAll(before, ",", "") + secret + after + "}",
		} {
			_, warnings, err := readContent(t, []byte(compose(map[string]string{"root": lines})), nil)
			if err != nil {
				warnings = append(warnings, err.Error())
			}
			for _, text := range warnings {
				if strings.Contains(text, secret) {
					t.Errorf("%q is said of\n%s", text, lines)
				}
			}
		}
	})
}
