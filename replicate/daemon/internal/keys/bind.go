package keys

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
)

// reader reads the value of a key.
type reader interface {
	read(d *Document, path string, n *yaml.Node)
}

// Targets says where values go, by the name of their key: a *string, *int, *bool, *time.Duration or *[]string.
type Targets map[string]any

// Read reads all keys of the table into their targets. A key that the file lacks gets its default.
func (d *Document) Read(root *yaml.Node, targets Targets) error {
	if d.err != nil {
		return d.err
	}
	defaults := New("defaults", d.env, d.warn)
	for _, k := range configkeys.All() {
		if k.Default != "" {
			readerOf(k, targets).read(defaults, k.Name, &yaml.Node{Kind: yaml.ScalarNode, Value: k.Default})
		}
	}
	if defaults.err != nil {
		panic(defaults.err) // the table contradicts itself: a bug
	}
	repliqate := groupOf(configkeys.Key{Lenient: true}, targets) // the group of the keys without a dot
	mapping{lenient: true, known: map[string]reader{configkeys.Root: repliqate}}.read(d, "", root)
	return d.err
}

// groupOf makes a group's reader from those of its keys.
func groupOf(g configkeys.Key, targets Targets) mapping {
	m := mapping{lenient: g.Lenient, known: map[string]reader{}}
	for _, k := range configkeys.Below(g.Name) {
		m.known[k.Last()] = readerOf(k, targets)
		m.secret = m.secret || k.Secret
	}
	if g.Word != "" {
		m.word = m.known[g.Word]
		if m.word == nil {
			panic(fmt.Sprintf("group %s has no key %s", g.Name, g.Word))
		}
	}
	return m
}

// readerOf makes a key's reader. That the target's type fits the kind is tested.
func readerOf(k configkeys.Key, targets Targets) reader {
	target := targets[k.Name]
	switch k.Kind {
	case configkeys.Group:
		return groupOf(k, targets)
	case configkeys.Whole:
		return integer(target.(*int), int(k.Least), int(k.Most))
	case configkeys.Seconds:
		return bounded(k, target.(*time.Duration), time.Second, "seconds")
	case configkeys.Milliseconds:
		return bounded(k, target.(*time.Duration), time.Millisecond, "milliseconds")
	case configkeys.Switch:
		return boolean(target.(*bool))
	case configkeys.Choice:
		return choice(target.(*string), k.Words...)
	case configkeys.List:
		return list(target.(*[]string), false)
	case configkeys.Addresses:
		return list(target.(*[]string), true)
	}
	if k.Secret {
		return secret(target.(*string))
	}
	return text(target.(*string))
}

func bounded(k configkeys.Key, target *time.Duration, unit time.Duration, units string) reader {
	in := func(x float64) time.Duration { return time.Duration(x * float64(unit)) }
	return duration(target, unit, units, in(k.Least), in(k.Most))
}
