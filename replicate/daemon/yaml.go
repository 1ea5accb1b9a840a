package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/repliqate/repliqate/internal/nearest"
)

// Bounds of a file and of what its aliases and variables may make of it, so that no file takes long.
const (
	fileMax  = 256 << 10
	workMax  = 4 << 20 // bytes of values, and as much for each pair of a mapping
	mergeMax = 16      // how deep << may nest
	pairWork = 64
)

// document is a configuration file while it is read. The first error is kept. No error holds a value
// that may be a secret: what the YAML parser says itself is not passed on, since it may repeat a value.
type document struct {
	name  string
	warn  func(string)
	env   func(string) (string, bool)
	lines map[string]int
	vars  map[string]bool // keys whose value came out of a variable
	work  int             // how much may still be read
	err   error
}

func newDocument(name string, warn func(string)) *document {
	return &document{name: name, warn: warn, env: os.LookupEnv, work: workMax, lines: map[string]int{},
		vars: map[string]bool{}}
}

// reader reads the value of a key.
type reader interface {
	read(d *document, path string, n *yaml.Node)
}

// keys is a mapping: how the value of each of its keys is read.
type keys struct {
	original bool   // the original had it, and ignored what it did not know: here that is a warning
	secret   bool   // one of its values is a secret, so an unknown key may be a part of that
	word     reader // reads a word that may stand in the mapping's place
	known    map[string]reader
}

func (d *document) fail(n *yaml.Node, path, format string, args ...any) {
	if d.err != nil {
		return
	}
	if path != "" {
		path += ": "
	}
	d.err = fmt.Errorf("%s:%d: %s%s", d.name, max(n.Line, 1), path, fmt.Sprintf(format, args...))
}

// spend counts what is read. It reports false when that is too much.
func (d *document) spend(n *yaml.Node, path string, work int) bool {
	if d.work -= work; d.work < 0 {
		d.fail(n, path, "aliases and variables make too much of the file: write it without them")
	}
	return d.err == nil
}

// open reads the file.
func (d *document) open() *yaml.Node {
	content, err := d.content()
	if err != nil {
		d.err = fmt.Errorf("read configuration: %w; name the file with --config", err)
		return nil
	}
	return d.parse(content)
}

func (d *document) content() ([]byte, error) {
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

// parse reads the file's one document.
func (d *document) parse(content []byte) *yaml.Node {
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
	{"unknown anchor", "an alias stands here whose anchor does not: put a value that begins with * in quotes"},
	{"tab character", "a tab stands where YAML wants blanks"},
	{"cannot start any token", "a value begins with a character that YAML keeps for itself: put it in quotes"},
	{"mapping values are not allowed", "a colon stands where no key can: use quotes, or mend the indentation"},
	{"did not find expected ','", "a bracket is not closed or a comma is missing: put values with such signs in quotes"},
	{"could not find expected ':'", "a line is neither a key with a colon nor part of a value: mend its indentation"},
	{"did not find expected key", "the line does not fit those above it: mend its indentation or quotes"},
	{"did not find expected '-' indicator", "the line does not fit those above it: mend its indentation or quotes"},
	{"unexpected end of stream", "a quote is not closed"},
	{"escape character", `a backslash in double quotes begins an escape that does not exist: use single quotes`},
	{"exceeded max depth", "it is nested too deep"},
	{"control characters", "it holds a control character"},
}

var (
	atLine   = regexp.MustCompile(`^yaml: line (\d+): `)
	atAnchor = regexp.MustCompile(`^yaml: unknown anchor '(.*)' referenced$`)
)

// syntax is an error of the parser, in words that hold nothing of the file.
func (d *document) syntax(err error, content []byte) error {
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

// read reads the mapping.
func (k keys) read(d *document, path string, n *yaml.Node) {
	n = resolve(n)
	if isNull(n) && path != "" {
		return
	}
	if k.word != nil && n.Kind == yaml.ScalarNode {
		k.word.read(d, path, n)
		return
	}
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "expected keys and values, got %s", kindOf(n))
		return
	}
	d.lines[path] = n.Line
	for _, p := range d.pairs(path, n, 0) {
		name := p.key.Value
		full := strings.TrimPrefix(path+"."+name, ".")
		if r := k.known[name]; r != nil {
			r.read(d, full, resolve(p.value))
		} else {
			k.unknown(d, path, n, p)
		}
		if d.err != nil {
			return
		}
	}
}

// plainKey is what a key looks like that is no part of a secret.
var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,39}$`)

// unknown refuses a key, or warns of it. Where a secret stands beside it, the key may be the rest of that:
// {password: abc,def} has the key def. So there it is repeated only where it can't be.
func (k keys) unknown(d *document, path string, n *yaml.Node, p pair) {
	key := p.key
	if path == "" && p.value.Anchor != "" {
		return // what others refer to must stand somewhere
	}
	near := nearest.Of(key.Value, k.names())
	flow, alike := n.Style&yaml.FlowStyle != 0, nearest.Distance(key.Value, near) <= 2
	full, what := strings.TrimPrefix(path+"."+key.Value, "."), "unknown key"
	if !plainKey.MatchString(key.Value) || k.secret && (flow || !alike && !k.original) {
		full, what = path, "unknown key, not shown since it may be part of a value that belongs in quotes"
	}
	rest := k.secret && flow && isNull(p.value) // {uri: a,b} has the key b without a value
	if !k.original || rest {
		d.fail(key, full, "%s: the nearest is %s", what, near)
		return
	}
	if full != "" {
		full += ": "
	}
	d.warn(fmt.Sprintf("%s:%d: %s%s, ignored: the nearest is %s", d.name, key.Line, full, what, near))
}

func (k keys) names() []string {
	out := make([]string, 0, len(k.known))
	for name := range k.known {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

type pair struct{ key, value *yaml.Node }

// pairs returns the keys of a mapping, and after them those that << merges into it. As the original's
// loader had it, a key of the mapping's own counts, and else that of the first mapping merged.
func (d *document) pairs(path string, n *yaml.Node, depth int) (out []pair) {
	if depth > mergeMax {
		d.fail(n, path, "<< nests too deep")
		return nil
	}
	seen := map[string]int{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), resolve(n.Content[i+1])
		switch {
		case !d.spend(n, path, pairWork):
			return nil
		case key.Kind != yaml.ScalarNode:
			d.fail(key, path, "expected a word as the key")
			return nil
		case seen[key.Value] != 0:
			d.fail(key, path, "a key stands here twice, the first time in line %d", seen[key.Value])
			return nil
		case key.Tag == "!!merge" && value.Kind == yaml.SequenceNode:
			merged = append(merged, value.Content...)
		case key.Tag == "!!merge":
			merged = append(merged, value)
		default:
			out = append(out, pair{key, value})
		}
		seen[key.Value] = max(key.Line, 1)
	}
	for _, m := range merged {
		if m = resolve(m); m.Kind != yaml.MappingNode {
			d.fail(m, path, "<<: expected the alias of a mapping, or a list of such")
			return nil
		}
		for _, p := range d.pairs(path, m, depth+1) {
			if seen[p.key.Value] == 0 {
				seen[p.key.Value] = max(p.key.Line, 1)
				out = append(out, p)
			}
		}
		if d.err != nil {
			return nil
		}
	}
	return out
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// isNull reports whether the value is left out, which leaves the default, as with the original.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}
