package configkeys

import (
	"slices"
	"strings"
)

// Root is the key that contains all others.
const Root = "repliqate"

// Kind is what a key's value looks like.
type Kind int

// The kinds of values.
const (
	Text         Kind = iota // a string
	Whole                    // a whole number
	Seconds                  // a number of seconds, with or without a fraction
	Milliseconds             // a number of milliseconds, with or without a fraction
	Switch                   // true or false
	Choice                   // one of Key.Words
	List                     // a list of strings, or a string in which commas separate them
	Addresses                // a list in which commas separate inside an item too, since none can hold one
	Group                    // other keys
)

// Origin is where a key comes from.
type Origin int

// The origins of keys.
const (
	Ours         Origin = iota
	PythonDaemon        // the Python daemon had it, with the same default
	Kafka               // the default is that of Kafka's own clients
)

// Place is whether a key appears in the files and texts that show a configuration to begin with.
type Place int

// The places of keys, each including those before it.
const (
	Commented Place = iota // the emitted config.yaml has it in a comment
	InFile                 // the emitted config.yaml sets it
	InHelp                 // --help shows it too
)

// The least and the most of a time, in seconds, where a key has no reason for bounds of its own. Below a
// millisecond a time would mean its default; a year stands for "never".
const (
	LeastTime = 0.001
	MostTime  = 366 * 24 * 60 * 60
)

// Key is a row of the table.
type Key struct {
	Name   string // its path below Root, with dots
	Kind   Kind
	Origin Origin

	Required    bool
	Expect      string // what the error says that names a missing key: "the name of the job"
	Default     string // the value without the key, as YAML has it; empty: the type's zero value
	DefaultText string // what happens without the key, when no value says it

	Unit        string // "s", "bytes", "host:port"; empty where the meaning says all
	Least, Most float64
	Words       []string // of a Choice

	InPlaceOf string // the key that this one replaces: just one of the two may be set

	Secret  bool // its value appears in no error and no log
	Meaning string

	// Example is a value as YAML has it. {package}, {table}, {key}, {fields}, {uri} and {sequence} stand for
	// those of the table that the code was generated for. A key whose placeholder has no value is left out, and its
	// group with it.
	Example string
	Place   Place

	// Of a Group: Lenient warns of an unknown key instead of refusing it, as at the levels that the Python daemon
	// had. Word names the key below whose value may take the group's place. Either says that just one key may be set.
	Lenient bool
	Word    string
	Either  bool
}

// Section is a part of the table, as the documentation has it.
type Section struct {
	Name string
	Keys []Key
}

// Sections returns the table in its sections.
func Sections() []Section {
	return []Section{{"job", job}, {"offset", offset}, {"source", source}, {"target", target}}
}

var all = slices.Concat(job, offset, source, target)

// All returns every key, groups included, in the table's order.
func All() []Key { return slices.Clone(all) }

// Find returns the key with a name.
func Find(name string) (Key, bool) {
	i := slices.IndexFunc(all, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return all[i], true
}

// Below returns the keys directly below a group, or at the top for "".
func Below(group string) []Key {
	var out []Key
	for _, k := range all {
		if k.Group() == group {
			out = append(out, k)
		}
	}
	return out
}

// Replacement returns the key that may be set in place of the one with a name.
func Replacement(name string) (Key, bool) {
	i := slices.IndexFunc(all, func(k Key) bool { return k.InPlaceOf == name })
	if i < 0 {
		return Key{}, false
	}
	return all[i], true
}

// Group is the name of the group that the key stands in, or "" at the top.
func (k Key) Group() string {
	i := strings.LastIndexByte(k.Name, '.')
	return k.Name[:max(i, 0)]
}

// Last is the last part of the name: the key as its line has it.
func (k Key) Last() string { return k.Name[strings.LastIndexByte(k.Name, '.')+1:] }

// Short is the name as people write it: sql_source.uri for replication.sql_source.uri.
func (k Key) Short() string { return Short(k.Name) }

// Short shortens the name of a key.
func Short(name string) string {
	rest := strings.TrimPrefix(name, "replication.")
	if strings.HasPrefix(rest, "sql_source") || strings.HasPrefix(rest, "kafka_target") {
		return rest
	}
	return name
}

// Fill puts the values of a table into the key's example. It reports false when one of them is empty.
func (k Key) Fill(values map[string]string) (example string, ok bool) {
	example = k.Example
	for name, value := range values {
		placeholder := "{" + name + "}"
		if value == "" && strings.Contains(example, placeholder) {
			return "", false
		}
		example = strings.ReplaceAll(example, placeholder, value)
	}
	return example, true
}
