package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
)

// Bounds of a file and of what its aliases and variables may make of it, so that no file takes long.
const (
	fileMax  = 256 << 10
	workMax  = 4 << 20 // bytes of values, and as much for each pair of a mapping
	mergeMax = 16      // how deep << may nest
	pairWork = 64
)

// Document is a configuration file. The first error is kept. No error holds a value that may be a secret: the YAML
// parser's own words are not passed on, since they may repeat one.
type Document struct {
	name  string
	warn  func(string)
	env   func(string) (string, bool)
	lines map[string]int
	vars  map[string]bool // keys whose value came out of a variable
	work  int             // how much may still be read
	err   error
}

// New returns a document that has not been read yet. env looks up variables, as os.LookupEnv does.
func New(name string, env func(string) (string, bool), warn func(string)) *Document {
	return &Document{name: name, warn: warn, env: env, work: workMax, lines: map[string]int{}, vars: map[string]bool{}}
}

// Name is the file's name.
func (d *Document) Name() string { return d.name }

// Has reports whether the file has the key, with a value other than null.
func (d *Document) Has(key string) bool {
	_, ok := d.lines[full(key)]
	return ok
}

// HasRoot reports whether the file has the key that contains all others.
func (d *Document) HasRoot() bool {
	_, ok := d.lines[configkeys.Root]
	return ok
}

// Fault returns an error of a key, with its full name and where it stands.
func (d *Document) Fault(key, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s: %w", d.name, d.line(full(key)), full(key), fmt.Errorf(format, args...))
}

// Missing returns the error of a key that must be there.
func (d *Document) Missing(key, expected string) error {
	return fmt.Errorf("%s:%d: %s is missing: expected %s", d.name, d.line(full(key)), full(key), expected)
}

func full(key string) string { return configkeys.Root + "." + key }

// line is where a key stands, or the mapping that it would stand in.
func (d *Document) line(key string) int {
	for {
		if n, ok := d.lines[key]; ok {
			return max(n, 1)
		}
		i := strings.LastIndexByte(key, '.')
		if i < 0 {
			return 1
		}
		key = key[:i]
	}
}

// Shown is a key's value as an error may repeat it: not if it came out of a variable, and only if it can be no secret.
func (d *Document) Shown(key, text string, longest int) string {
	if d.vars[full(key)] {
		return "what its variable holds"
	}
	return Harmless(text, longest)
}

func (d *Document) fail(n *yaml.Node, path, format string, args ...any) {
	if d.err != nil {
		return
	}
	if path != "" {
		path += ": "
	}
	d.err = fmt.Errorf("%s:%d: %s%s", d.name, max(n.Line, 1), path, fmt.Sprintf(format, args...))
}

// spend counts what is read. It reports false when that is too much.
func (d *Document) spend(n *yaml.Node, path string, work int) bool {
	if d.work -= work; d.work < 0 {
		d.fail(n, path, "aliases and variables make the file too large: write it without them")
	}
	return d.err == nil
}

// Open reads the file.
func (d *Document) Open() *yaml.Node {
	content, err := d.content()
	if err != nil {
		d.err = fmt.Errorf("read configuration: %w; name the file with --config", err)
		return nil
	}
	return d.Parse(content)
}

func (d *Document) content() ([]byte, error) {
	f, err := os.Open(d.name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, fileMax+1))
	if err == nil && len(content) > fileMax {
		err = fmt.Errorf("%s: expected at most %d bytes", d.name, fileMax)
	}
	return content, err
}

// Parse reads the file's one document.
func (d *Document) Parse(content []byte) *yaml.Node {
	if !utf8.Valid(content) {
		line := 1
		for i, part := range bytes.Split(content, []byte("\n")) {
			if !utf8.Valid(part) {
				line = i + 1
				break
			}
		}
		d.err = fmt.Errorf("%s:%d: expected text in UTF-8", d.name, line)
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var root, second yaml.Node
	err := decoder.Decode(&root)
	switch {
	case errors.Is(err, io.EOF):
		d.err = fmt.Errorf("%s:1: the file is empty: expected the key repliqate", d.name)
	case err != nil:
		d.err = d.syntax(err, content)
	case !errors.Is(decoder.Decode(&second), io.EOF):
		d.err = fmt.Errorf("%s:%d: expected one YAML document", d.name, max(second.Line, 1))
	case len(root.Content) == 1:
		return root.Content[0]
	}
	return &yaml.Node{Kind: yaml.MappingNode, Line: 1}
}

// complaints are what the parser says, and what it means for the one who wrote the file.
var complaints = []struct{ said, means string }{
	{"unknown anchor", "an alias here has no anchor: put a value that begins with * in quotes"},
	{"tab character", "there is a tab where YAML requires spaces"},
	{"cannot start any token", "a value begins with a character that YAML reserves: put it in quotes"},
	{"mapping values are not allowed", "there is a colon where no key can be: use quotes, or correct the indentation"},
	{"did not find expected ','",
		"a bracket is not closed or a comma is missing: put values with such characters in quotes"},
	{"could not find expected ':'", "a line is neither a key with a colon nor part of a value: correct its indentation"},
	{"did not find expected key", "the line does not fit those above it: correct its indentation or quotes"},
	{"did not find expected '-' indicator", "the line does not fit those above it: correct its indentation or quotes"},
	{"unexpected end of stream", "a quote is not closed"},
	{"escape character", `a backslash in double quotes begins an escape that does not exist: use single quotes`},
	{"exceeded max depth", "it is nested too deeply"},
	{"control characters", "it holds a control character"},
}

var (
	atLine   = regexp.MustCompile(`^yaml: line (\d+): `)
	atAnchor = regexp.MustCompile(`^yaml: unknown anchor '(.*)' referenced$`)
)

// syntax is an error of the parser, in words that hold nothing of the file.
func (d *Document) syntax(err error, content []byte) error {
	line, means := 1, "it is not valid YAML"
	if m := atLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1]) // digits alone; one too large is no line
	} else if m := atAnchor.FindStringSubmatch(err.Error()); m != nil {
		before, _, _ := bytes.Cut(content, []byte("*"+m[1])) // the parser does not say where
		line += bytes.Count(before, []byte("\n"))
	}
	for _, c := range complaints {
		if strings.Contains(err.Error(), c.said) {
			means = c.means
			break
		}
	}
	return fmt.Errorf("%s:%d: %s", d.name, line, means)
}
