package keys

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// expandedMax bounds a value with its variables in their places.
const expandedMax = 64 << 10

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	upperName    = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)
)

// expand puts the environment's variables into a value: ${NAME} and ${NAME:-default}. As in a shell, the default
// also replaces an empty variable. $${ is a literal ${, and any other $ is itself, so that the Python daemon's
// values keep their meaning. What a variable holds is text and nothing else.
func (d *Document) expand(path string, n *yaml.Node, hidden bool) (text string, filled bool) {
	var out strings.Builder
	rest := n.Value
	for d.err == nil {
		before, after, found := strings.Cut(rest, "${")
		if strings.HasSuffix(before, "$") && found {
			out.WriteString(before[:len(before)-1] + "${")
			rest = after
			continue
		}
		out.WriteString(before)
		if !found {
			break
		}
		inner, after, closed := strings.Cut(after, "}")
		name, fallback, hasDefault := strings.Cut(inner, ":-")
		if !closed || !variableName.MatchString(name) || strings.Contains(fallback, "${") {
			d.fail(n, path, "expected ${NAME} or ${NAME:-default}; for a literal ${, write $${")
			break
		}
		content, ok := d.env(name)
		switch {
		case ok && (content != "" || !hasDefault):
			out.WriteString(content)
			filled = true
		case hasDefault:
			out.WriteString(fallback)
		default:
			d.unset(path, n, name, hidden)
		}
		if d.spend(n, path, len(content)) && out.Len() > expandedMax {
			d.fail(n, path, "expected at most %d bytes with its variables", expandedMax)
		}
		rest = after
	}
	return out.String(), filled
}

// unset says which variable is missing. In a secret, what does not look like a variable may be a part of
// it.
func (d *Document) unset(path string, n *yaml.Node, name string, hidden bool) {
	if hidden && !upperName.MatchString(name) {
		d.fail(n, path, "the environment does not have this variable: "+
			"set it; for a literal ${, write $${")
		return
	}
	d.fail(n, path, "the environment has no variable %s: set it, or give a default as ${%s:-default}", name, name)
}
