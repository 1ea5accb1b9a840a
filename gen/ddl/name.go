package ddl

import "strings"

// closing are the quotes of names by what opens them, whatever the engine.
var closing = map[byte]string{'"': `"`, '`': "`", '[': "]"}

// SplitName splits a name as a person writes it: a table, or a schema and a table, each with quotes or
// without. It reports whether there were quotes.
func SplitName(text string) (schema, name string, quoted bool) {
	parts := []string{""}
	for rest := strings.TrimSpace(text); rest != ""; {
		last := &parts[len(parts)-1]
		end, opens := closing[rest[0]]
		switch {
		case opens && *last == "":
			part, after, ok := unquote(rest[1:], end)
			if !ok {
				return "", text, false
			}
			*last, rest, quoted = part, after, true
		case rest[0] == '.':
			parts, rest = append(parts, ""), rest[1:]
		default:
			*last, rest = *last+rest[:1], rest[1:]
		}
	}
	if len(parts) == 1 {
		return "", parts[0], quoted
	}
	return parts[len(parts)-2], parts[len(parts)-1], quoted // before these may be a database
}

// unquote reads up to the quote that ends a name, in which a doubled one stands for one.
func unquote(text, end string) (name, rest string, ok bool) {
	for {
		before, after, found := strings.Cut(text, end)
		if !found {
			return "", "", false
		}
		name += before
		if !strings.HasPrefix(after, end) {
			return name, after, true
		}
		name, text = name+end, after[len(end):]
	}
}

// SplitList splits a list of names at its commas. A name with a comma or spaces around it stands between
// double quotes.
func SplitList(text string) []string {
	var out []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		item, rest, quoted := "", "", false
		if text[0] == '"' {
			item, rest, quoted = unquote(text[1:], `"`)
			rest = strings.TrimSpace(rest)
			quoted = quoted && (rest == "" || rest[0] == ',')
		}
		if !quoted {
			item, rest, _ = strings.Cut(text, ",")
			item = strings.TrimSpace(item)
		}
		text = strings.TrimPrefix(rest, ",")
		if item != "" {
			out = append(out, item)
		}
	}
	return out
}

// QuoteItem writes a name so that SplitList reads it.
func QuoteItem(name string) string {
	if name == strings.TrimSpace(name) && !strings.ContainsAny(name, `,"`) && name != "" {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// JoinList is the list that SplitList reads.
func JoinList(names []string) string {
	items := make([]string, len(names))
	for i, name := range names {
		items[i] = QuoteItem(name)
	}
	return strings.Join(items, ",")
}
