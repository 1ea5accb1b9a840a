package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// document is a configuration file while it is read. The first error is kept.
type document struct {
	name string
	warn func(string)
	env  func(string) (string, bool)
	err  error
}

// keys are the keys of a mapping and how to read each.
type keys map[string]func(path string, n *yaml.Node)

func (d *document) fail(n *yaml.Node, path, format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%s:%d: %s: %s", d.name, n.Line, path, fmt.Sprintf(format, args...))
	}
}

// parse reads the file's one document.
func (d *document) parse(r io.Reader) *yaml.Node {
	decoder := yaml.NewDecoder(r)
	var root yaml.Node
	if err := decoder.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty: expected the key repliqate")
		}
		d.err = fmt.Errorf("%s: %s", d.name, strings.TrimPrefix(err.Error(), "yaml: "))
		return nil
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		d.err = fmt.Errorf("%s: expected one YAML document", d.name)
		return nil
	}
	return root.Content[0]
}

// mapping reads a mapping. At the levels that the original had it ignored what it did not know, so
// there an unknown key is a warning; at others it is an error.
func (d *document) mapping(path string, n *yaml.Node, lenient bool, known keys) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "expected keys and values, got %s", kindOf(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		full := strings.TrimPrefix(path+"."+key.Value, ".")
		read := known[key.Value]
		switch {
		case seen[key.Value]:
			d.fail(key, full, "the key stands here twice")
		case read == nil && lenient:
			d.warn(fmt.Sprintf("%s:%d: %s is unknown and ignored: the nearest key is %s", d.name, key.Line, full, nearest(key.Value, names(known))))
		case read == nil:
			d.fail(key, full, "unknown key: the nearest is %s", nearest(key.Value, names(known)))
		default:
			read(full, resolve(value))
		}
		seen[key.Value] = true
	}
}

func names(k keys) []string {
	out := make([]string, 0, len(k))
	for name := range k {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	return fmt.Sprintf("%q", n.Value)
}

var variable = regexp.MustCompile(`\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}`)

// scalar returns a scalar's text with the environment's variables in their places.
func (d *document) scalar(path string, n *yaml.Node, want string) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, "expected %s, got %s", want, kindOf(n))
		return "", false
	}
	return variable.ReplaceAllStringFunc(n.Value, func(m string) string {
		if m == "$$" {
			return "$"
		}
		parts := variable.FindStringSubmatch(m)
		if value, ok := d.env(parts[1]); ok && (value != "" || parts[2] == "") {
			return value
		}
		if parts[2] == "" {
			d.fail(n, path, "the environment has no variable %s: set it, or give a default as ${%s:-default}", parts[1], parts[1])
		}
		return parts[3]
	}), true
}

// text reads a string. An explicit null, as the original allowed it, leaves the default.
func (d *document) text(target *string) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		if n.Tag == "!!null" {
			return
		}
		if s, ok := d.scalar(path, n, "a text"); ok {
			*target = s
		}
	}
}

func (d *document) integer(target *int, least int) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		if n.Tag == "!!null" {
			return
		}
		s, ok := d.scalar(path, n, "a whole number")
		v, err := strconv.Atoi(s)
		if ok && (err != nil || v < least) {
			d.fail(n, path, "expected a whole number of at least %d, got %q", least, s)
		}
		*target = v
	}
}

func (d *document) boolean(target *bool) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		s, ok := d.scalar(path, n, "true or false")
		if ok && s != "true" && s != "false" {
			d.fail(n, path, "expected true or false, got %q", s)
		}
		*target = s == "true"
	}
}

// seconds reads a number of seconds above 0.
func (d *document) seconds(target *time.Duration) func(string, *yaml.Node) {
	return d.duration(target, time.Second, "seconds")
}

func (d *document) milliseconds(target *time.Duration) func(string, *yaml.Node) {
	return d.duration(target, time.Millisecond, "milliseconds")
}

func (d *document) duration(target *time.Duration, unit time.Duration, name string) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		s, ok := d.scalar(path, n, "a number of "+name)
		v, err := strconv.ParseFloat(s, 64)
		if ok && (err != nil || !(v > 0) || v > 1e9) {
			d.fail(n, path, "expected a number of %s above 0, got %q", name, s)
			return
		}
		*target = time.Duration(v * float64(unit))
	}
}

// choice reads one of several words.
func (d *document) choice(target *string, words ...string) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		s, ok := d.scalar(path, n, strings.Join(words, ", "))
		for _, w := range words {
			if s == w {
				*target = s
				return
			}
		}
		if ok {
			d.fail(n, path, "expected %s, got %q", strings.Join(words, " or "), s)
		}
	}
}

// list reads a list of texts, or a text of items separated by commas.
func (d *document) list(target *[]string) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		if n.Tag == "!!null" {
			return
		}
		*target = []string{}
		items := []*yaml.Node{n}
		if n.Kind == yaml.SequenceNode {
			items = n.Content
		}
		for _, item := range items {
			s, ok := d.scalar(path, resolve(item), "a list of texts")
			if !ok {
				return
			}
			for _, part := range strings.Split(s, ",") {
				if part = strings.TrimSpace(part); part != "" {
					*target = append(*target, part)
				}
			}
		}
	}
}

// open reads the file.
func (d *document) open() *yaml.Node {
	f, err := os.Open(d.name)
	if err != nil {
		d.err = fmt.Errorf("read configuration: %w; name the file with --config", err)
		return nil
	}
	defer f.Close()
	return d.parse(f)
}
