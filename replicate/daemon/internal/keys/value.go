package keys

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// readFunc reads one value; a null never comes to it.
type readFunc func(d *Document, path string, n *yaml.Node)

func (f readFunc) read(d *Document, path string, n *yaml.Node) {
	switch {
	case isNull(n) && n.Anchor != "":
		d.fail(n, path, "expected a value: one that begins with & must be in quotes")
		return
	case isNull(n):
		return
	case n.Kind == yaml.ScalarNode && !slices.Contains(knownTags, n.ShortTag()):
		d.fail(n, path, "expected a value without a YAML tag: one that begins with ! must be in quotes")
		return
	}
	d.lines[path] = n.Line
	f(d, path, n)
}

// knownTags are the types that a value may have, or be said to have.
var knownTags = []string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!merge"}

// value is a scalar with the environment's variables in their places.
type value struct {
	text   string
	plain  bool // as the file has it, without quotes and variables, so that YAML's types count
	hidden bool // it is a secret
	filled bool // a variable's content is part of it
}

// shown describes the value in an error. What may hold a secret, in whatever key it stands, is not repeated.
func (v value) shown() string {
	const longest = 40
	switch {
	case v.hidden:
		return "something else"
	case v.filled:
		return "something else from the environment"
	}
	return Harmless(v.text, longest)
}

// Harmless quotes a text that is short and nothing like an address with a password.
func Harmless(s string, longest int) string {
	odd := func(r rune) bool { return r == '@' || !unicode.IsPrint(r) }
	if len(s) > longest || strings.Contains(s, "://") || strings.ContainsFunc(s, odd) {
		return fmt.Sprintf("a text of %d bytes", len(s))
	}
	return strconv.Quote(s)
}

// scalar reads a single value. want says what was expected where there is something else.
func (d *Document) scalar(path string, n *yaml.Node, want string, hidden bool) (value, bool) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, "expected %s, got %s", want, kindOf(n))
		return value{}, false
	}
	if !d.spend(n, path, len(n.Value)+1) {
		return value{}, false
	}
	v := value{text: n.Value, plain: n.Style == 0, hidden: hidden}
	if strings.Contains(v.text, "${") {
		v.plain = false
		v.text, v.filled = d.expand(path, n, hidden)
		d.vars[path] = d.vars[path] || v.filled
	}
	return v, d.err == nil
}

// text reads a string. One that YAML, as the Python daemon read it, takes for something that is written in
// another way must be in quotes, since it would be another name than the Python daemon's.
func text(target *string) reader {
	return readFunc(func(d *Document, path string, n *yaml.Node) {
		v, ok := d.scalar(path, n, "a text", false)
		switch {
		case !ok:
		case v.plain && otherInPython(v.text):
			d.fail(n, path, "YAML takes %s for a number, a date or a boolean: put it in quotes", v.shown())
		default:
			*target = v.text
		}
	})
}

// secret reads a string that never appears in an error or a log.
func secret(target *string) reader {
	return readFunc(func(d *Document, path string, n *yaml.Node) {
		if v, ok := d.scalar(path, n, "a text", true); ok {
			*target = v.text
		}
	})
}

func integer(target *int, least, most int) reader {
	return readFunc(func(d *Document, path string, n *yaml.Node) {
		v, ok := d.scalar(path, n, "a whole number", false)
		if !ok {
			return
		}
		i, err := v.integer()
		if err != nil || i < int64(least) || i > int64(most) {
			d.fail(n, path, "expected a whole number from %d to %d, got %s", least, most, v.shown())
			return
		}
		*target = int(i)
	})
}

// integer reads YAML 1.1's forms, which the Python daemon's loader knew: 1_000, 0x1f, 0b11, and 010 as octal.
func (v value) integer() (int64, error) {
	if v.plain {
		return integer11(v.text)
	}
	return strconv.ParseInt(v.text, 10, 64)
}

func integer11(s string) (int64, error) {
	if strings.HasPrefix(strings.TrimLeft(s, "+-"), "0o") || strings.HasPrefix(s, "_") {
		return 0, strconv.ErrSyntax
	}
	s = strings.ReplaceAll(s, "_", "")
	if strings.TrimLeft(s, "+-0") == "" && s != "" && s[len(s)-1] == '0' {
		return 0, nil // also 00, which is not octal to ParseInt
	}
	return strconv.ParseInt(s, 0, 64)
}

// boolean reads YAML 1.1's words.
func boolean(target *bool) reader {
	return readFunc(func(d *Document, path string, n *yaml.Node) {
		v, ok := d.scalar(path, n, "true or false", false)
		if !ok {
			return
		}
		b, known := booleans[strings.ToLower(v.text)]
		if !known {
			d.fail(n, path, "expected true or false, got %s", v.shown())
		}
		*target = b
	})
}

var booleans = map[string]bool{"true": true, "yes": true, "on": true, "false": false, "no": false, "off": false}

func duration(target *time.Duration, unit time.Duration, units string, least, most time.Duration) reader {
	in := func(t time.Duration) string { return strconv.FormatFloat(float64(t)/float64(unit), 'f', -1, 64) }
	return readFunc(func(d *Document, path string, n *yaml.Node) {
		v, ok := d.scalar(path, n, "a number of "+units, false)
		if !ok {
			return
		}
		x, err := v.number()
		x *= float64(unit)
		if err != nil || !(x >= float64(least)) || x > float64(most) {
			d.fail(n, path, "expected a number of %s from %s to %s, got %s", units, in(least), in(most), v.shown())
			return
		}
		*target = time.Duration(x)
	})
}

var decimal = regexp.MustCompile(`^[-+]?[0-9._]+([eE][-+]?[0-9]+)?$`)

func (v value) number() (float64, error) {
	if i, err := v.integer(); err == nil {
		return float64(i), nil
	}
	if !decimal.MatchString(v.text) {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(strings.ReplaceAll(v.text, "_", ""), 64)
}

// choice reads one of several words. YAML's other words for on and off mean those.
func choice(target *string, words ...string) reader {
	want := strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	return readFunc(func(d *Document, path string, n *yaml.Node) {
		v, ok := d.scalar(path, n, want, false)
		if !ok {
			return
		}
		same := v.text
		if on, is := booleans[strings.ToLower(same)]; is {
			same = map[bool]string{true: "on", false: "off"}[on]
		}
		for _, w := range words {
			if w == v.text || w == same {
				*target = w
				return
			}
		}
		d.fail(n, path, "expected %s, got %s", want, v.shown())
	})
}

// list reads a list of texts, or a text of items that commas separate. Where commas can't be part of an
// item they separate in a list too.
func list(target *[]string, split bool) reader {
	return readFunc(func(d *Document, path string, n *yaml.Node) {
		items, split := []*yaml.Node{n}, split || n.Kind == yaml.ScalarNode
		if n.Kind == yaml.SequenceNode {
			items = n.Content
		}
		*target = []string{}
		for _, item := range items {
			var s string
			item = resolve(item)
			if isNull(item) {
				d.fail(item, path, "expected a list of texts, got an empty item")
			}
			text(&s).read(d, path, item)
			if d.err != nil {
				return
			}
			parts := []string{s}
			if split {
				parts = strings.Split(s, ",")
			}
			for _, part := range parts {
				if part = strings.TrimSpace(part); part != "" {
					*target = append(*target, part)
				}
			}
		}
		d.lines[path] = n.Line
	})
}

// The forms of YAML 1.1 that the Python daemon's loader took for something other than a text.
var (
	number11 = regexp.MustCompile(`^[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(:[0-5]?[0-9])*` +
		`(\.[0-9_]*)?([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?|\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
	date11 = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}`)
	whole  = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)
)

// otherInPython reports whether the Python daemon saw something in a plain text that Python prints in another
// way.
func otherInPython(s string) bool {
	if _, is := booleans[strings.ToLower(s)]; is {
		return s != "True" && s != "False"
	}
	return number11.MatchString(s) && !whole.MatchString(s) || date11.MatchString(s)
}
