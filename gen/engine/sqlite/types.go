package sqlite

import "strings"

// class is one of the storage classes that a value can have.
type class struct {
	name   string // in sqlval
	member string // of sqlval.Value, which holds a value of this class
	goType string
	decode string // func(Value) (T, error) in sqlval
	append string // func([]byte, T) []byte in canonical
	clone  string // package whose Clone copies a view; empty if it is not a view
}

var (
	integer = class{"Integer", "Int", "int64", "DecodeInteger", "AppendInt", ""}
	float   = class{"Real", "Float", "float64", "DecodeReal", "AppendFloat64", ""}
	text    = class{"Text", "Str", "string", "DecodeText", "AppendString", "strings"}
	blob    = class{"Blob", "Bytes", "[]byte", "DecodeBlob", "AppendBase64", "bytes"}
)

// typ is everything that is known of a declared type: one row of the table of types.
type typ struct {
	name   string
	class  class  // what it holds if the schema guarantees it; of the sample otherwise
	method string // of sqlval.Value, writes canonical JSON
	key    string // what holds it as a key; empty if it can't be a key
	// The sample is a value for generated tests, a number as Go writes it or the text or bytes, and what the message has
	// for it.
	value, json string
}

var types = []typ{
	{"INTEGER", integer, "AppendJSON", "int64", "9007199254740993", "9007199254740993"},
	{"INT", integer, "AppendJSON", "int64", "-2", "-2"},
	{"BIGINT", integer, "AppendJSON", "int64", "9007199254740993", "9007199254740993"},
	{"REAL", float, "AppendJSON", "", "1e+16", "1e+16"},
	{"TEXT", text, "AppendJSON", "", "caf\u00e9 \"1\"\n", `"caf\u00e9 \"1\"\n"`},
	{"BLOB", blob, "AppendJSON", "", "\x00\xff", `"AP8="`},
	{"BOOLEAN", integer, "AppendBool", "", "1", "true"},
	{"BOOL", integer, "AppendBool", "", "1", "true"},
	{"JSON", text, "AppendEmbedded", "", `{"b":1.10, "a":[null]}`, `{"a": [null], "b": 1.1}`},
	{"JSONB", text, "AppendEmbedded", "", `{"b":1.10, "a":[null]}`, `{"a": [null], "b": 1.1}`},
}

// other is every other declared type, and none.
var other = typ{"", text, "AppendJSON", "", "caf\u00e9 \"1\"\n", `"caf\u00e9 \"1\"\n"`}

// guaranteed are the types of a column that hold one class alone in a STRICT table, and as its key.
var guaranteed = map[string]bool{"INTEGER": true, "INT": true, "BIGINT": true, "REAL": true, "TEXT": true, "BLOB": true}

// names are those of the types. docs/types.md has them by their class, unless they have a line of their own.
func names() (all [][]string) {
	for _, t := range types {
		all = append(all, []string{strings.ToLower(t.class.name), t.name})
	}
	return all
}

func find(name string) typ {
	for _, t := range types {
		if t.name == name {
			return t
		}
	}
	return other
}
