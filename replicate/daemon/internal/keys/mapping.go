package keys

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/repliqate/repliqate/internal/nearest"
)

// mapping is a group of keys: how the value of each of them is read.
type mapping struct {
	lenient bool   // the Python daemon had it, and ignored what it did not know: here that is a warning
	secret  bool   // one of its values is a secret, so an unknown key may be a part of that
	word    reader // reads a word that may take the mapping's place
	known   map[string]reader
}

// read reads the mapping.
func (m mapping) read(d *Document, path string, n *yaml.Node) {
	n = resolve(n)
	if isNull(n) && path != "" {
		return
	}
	if m.word != nil && n.Kind == yaml.ScalarNode {
		m.word.read(d, path, n)
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
		if r := m.known[name]; r != nil {
			r.read(d, full, resolve(p.value))
		} else {
			m.unknown(d, path, n, p)
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
func (m mapping) unknown(d *Document, path string, n *yaml.Node, p pair) {
	key := p.key
	if path == "" && p.value.Anchor != "" {
		return // what others refer to must stand somewhere
	}
	near := nearest.Of(key.Value, m.names())
	flow, alike := n.Style&yaml.FlowStyle != 0, nearest.Distance(key.Value, near) <= 2
	full, what := strings.TrimPrefix(path+"."+key.Value, "."), "unknown key"
	if !plainKey.MatchString(key.Value) || m.secret && (flow || !alike && !m.lenient) {
		full, what = path, "unknown key, not shown since it may be part of a value that belongs in quotes"
	}
	rest := m.secret && flow && isNull(p.value) // {uri: a,b} has the key b without a value
	if !m.lenient || rest {
		d.fail(key, full, "%s: the nearest is %s", what, near)
		return
	}
	if full != "" {
		full += ": "
	}
	d.warn(fmt.Sprintf("%s:%d: %s%s, ignored: the nearest is %s", d.name, key.Line, full, what, near))
}

func (m mapping) names() []string {
	out := make([]string, 0, len(m.known))
	for name := range m.known {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

type pair struct{ key, value *yaml.Node }

// pairs returns the keys of a mapping, and after them those that << merges into it. As in the Python daemon's
// loader, a mapping's own key wins, and then the first of the mappings that are merged.
func (d *Document) pairs(path string, n *yaml.Node, depth int) (out []pair) {
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
			d.fail(key, path, "this key is a duplicate of the one on line %d", seen[key.Value])
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
	for _, from := range merged {
		if from = resolve(from); from.Kind != yaml.MappingNode {
			d.fail(from, path, "<<: expected the alias of a mapping, or a list of such")
			return nil
		}
		for _, p := range d.pairs(path, from, depth+1) {
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

// isNull reports whether the value is left out, which leaves the default, as the Python daemon had it.
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
