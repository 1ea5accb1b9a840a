package configfile

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
)

// object is a part of the schema. Go writes its members in the order of their names.
type object = map[string]any

// Patterns of texts that stand for something else.
const (
	variable = `\$\{`
	numeral  = `^[-+]?[0-9._]` // numbers in quotes, and YAML 1.1's forms, which other readers take for texts
)

// Schema returns the JSON Schema (draft 2020-12) of a configuration. It is never stricter than the reader: a variable
// may stand for any value, null leaves the default, and levels that the Python daemon had take unknown keys.
func Schema() ([]byte, error) {
	root := object{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"$id":         SchemaURL,
		"title":       "Configuration of a repliqate replicator",
		"type":        "object",
		"required":    []string{configkeys.Root},
		"properties":  object{configkeys.Root: group(configkeys.Key{Lenient: true})},
		"description": "Generated from the table of keys (replicate/daemon/configkeys) by make config-docs. Do not edit.",
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(root)
	return out.Bytes(), err
}

// group is the schema of a mapping.
func group(g configkeys.Key) object {
	properties := object{"<<": true}
	var required, instead []string
	var either []object
	for _, k := range configkeys.Below(g.Name) {
		properties[k.Last()] = property(k)
		if other, found := configkeys.Replacement(k.Name); found && k.Required {
			instead = []string{other.Last(), k.Last()}
		}
		if k.Required || k.Kind == configkeys.Group && hasRequired(k.Name) {
			required = append(required, k.Last())
		}
		either = append(either, object{"required": []string{k.Last()}})
	}
	out := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		// A merge may bring what is required.
		out["anyOf"] = []object{{"required": required}, {"required": []string{"<<"}}}
	}
	if len(instead) > 0 { // one of the required keys has another that may stand in its place
		others := slices.DeleteFunc(slices.Clone(required), func(name string) bool { return name == instead[1] })
		out["anyOf"] = []object{{"required": required}, {"required": append(others, instead[0])},
			{"required": []string{"<<"}}}
	}
	if !g.Lenient {
		out["additionalProperties"] = false
	}
	if g.Either {
		out["oneOf"] = either
	}
	return out
}

func hasRequired(group string) bool {
	for _, k := range configkeys.Below(group) {
		if k.Required || k.Kind == configkeys.Group && hasRequired(k.Name) {
			return true
		}
	}
	return false
}

// property is the schema of a key's value.
func property(k configkeys.Key) object {
	choices := values(k)
	if !k.Required && !(k.Kind == configkeys.Group && hasRequired(k.Name)) {
		choices = append(choices, object{"type": "null"})
	}
	out := object{"description": describe(k)}
	if len(choices) == 1 {
		for name, value := range choices[0] {
			out[name] = value
		}
		return out
	}
	out["anyOf"] = choices
	return out
}

func values(k configkeys.Key) []object {
	text := func(pattern string) object { return object{"type": "string", "pattern": pattern} }
	switch k.Kind {
	case configkeys.Group:
		out := []object{group(k)}
		if word, ok := configkeys.Find(k.Name + "." + k.Word); ok {
			out = append(out, values(word)...)
		}
		return out
	case configkeys.Whole:
		return []object{{"type": "integer", "minimum": k.Least, "maximum": k.Most}, text(variable), text(numeral)}
	case configkeys.Seconds, configkeys.Milliseconds:
		return []object{{"type": "number", "minimum": k.Least, "maximum": k.Most}, text(variable), text(numeral)}
	case configkeys.Switch:
		return []object{{"type": "boolean"}, text(`(?i)^(true|false|yes|no|on|off)$`), text(variable)}
	case configkeys.Choice:
		out := []object{{"enum": k.Words}, text(variable)}
		for _, w := range k.Words {
			if w == "on" || w == "off" { // YAML 1.1 takes these for booleans
				return append(out, object{"type": "boolean"}, text(`(?i)^(true|false|yes|no|on|off)$`))
			}
		}
		return out
	case configkeys.List, configkeys.Addresses:
		return []object{{"type": "array", "items": object{"type": []string{"string", "number"}}}, {"type": "string"}}
	}
	return []object{{"type": []string{"string", "number"}}} // a name may be made of digits alone
}

// describe is what an editor shows of a key.
func describe(k configkeys.Key) string {
	text := sentence(k.Meaning)
	if k.Kind != configkeys.Group {
		text += " " + explained(k)
	}
	if k.Secret {
		text += " It is kept out of errors and logs."
	}
	return strings.TrimSpace(text)
}
