package configfile

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
)

// SchemaURL is where editors find the JSON Schema.
const SchemaURL = "https://raw.githubusercontent.com/repliqate/repliqate/main/docs/config.schema.json"

// columns is where comments are wrapped.
const columns = 110

// YAML returns the keys with an explanation of each, for the table that the values are of (see configkeys.Key.Example).
func YAML(values map[string]string) string {
	w := writer{values: values}
	w.group("", "  ")
	return configkeys.Root + ":\n" + strings.TrimPrefix(w.out.String(), "\n")
}

type writer struct {
	out    strings.Builder
	values map[string]string
}

// group writes the keys directly below a group.
func (w *writer) group(name, indent string) {
	for _, k := range configkeys.Below(name) {
		switch {
		case k.Kind != configkeys.Group:
			w.key(k, indent)
		case hasGroups(k.Name) || isSet(k.Name):
			fmt.Fprintf(&w.out, "\n%s%s:\n", indent, k.Last())
			w.group(k.Name, indent+"  ")
		default:
			w.braces(k, indent)
		}
	}
}

func (w *writer) key(k configkeys.Key, indent string) {
	example, ok := k.Fill(w.values)
	if !ok {
		return
	}
	w.comment(indent, "", sentence(k.Meaning)+" "+explained(k))
	mark := "# "
	if k.Place != configkeys.Commented {
		mark = ""
	}
	fmt.Fprintf(&w.out, "%s%s%s: %s\n", indent, mark, k.Last(), example)
}

// braces writes a group as a comment of one line, or of several if just one of its keys may be set.
func (w *writer) braces(g configkeys.Key, indent string) {
	below := configkeys.Below(g.Name)
	var items []string
	for _, k := range below {
		example, ok := k.Fill(w.values)
		if !ok {
			return
		}
		if k.InPlaceOf == "" { // the line would not be accepted with both
			items = append(items, k.Last()+": "+example)
		}
	}
	w.comment(indent, "", sentence(g.Meaning))
	for _, k := range below {
		w.comment(indent, "  ", k.Last()+": "+strings.TrimSuffix(plain(k.Meaning), ".")+". "+explained(k))
	}
	if !g.Either {
		items = []string{strings.Join(items, ", ")}
	}
	for _, item := range items {
		fmt.Fprintf(&w.out, "%s# %s: {%s}\n", indent, g.Last(), item)
	}
}

// comment writes a text in lines that are not too long.
func (w *writer) comment(indent, inner, text string) {
	line := indent + "# " + inner
	empty := true
	for _, word := range strings.Fields(text) {
		if !empty && utf8.RuneCountInString(line)+1+len(word) > columns {
			w.out.WriteString(line + "\n")
			line, empty = indent+"# "+inner, true
			if inner != "" {
				line += "  "
			}
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	w.out.WriteString(line + "\n")
}

func plain(meaning string) string { return strings.ReplaceAll(meaning, "`", "") }

// sentence is a meaning with a capital letter and a full stop, unless it begins with a word of the configuration.
func sentence(meaning string) string {
	first, size := utf8.DecodeRuneInString(meaning)
	if first != '`' {
		meaning = string(unicode.ToUpper(first)) + meaning[size:]
	}
	return plain(meaning) + "."
}

// explained says what holds without a value, as a sentence.
func explained(k configkeys.Key) string {
	text := facts(k, func(s string) string { return s })
	if k.Required {
		return strings.ToUpper(text[:1]) + text[1:] + "."
	}
	return "Default: " + plain(text) + "."
}

// isSet reports whether a key directly below a group is set in the file.
func isSet(group string) bool {
	for _, k := range configkeys.Below(group) {
		if k.Place != configkeys.Commented {
			return true
		}
	}
	return false
}

func hasGroups(group string) bool {
	for _, k := range configkeys.Below(group) {
		if k.Kind == configkeys.Group {
			return true
		}
	}
	return false
}
