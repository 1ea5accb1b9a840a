package manual

import (
	"regexp"
	"strings"
)

// item is a line of a list in a help text, with its continuation: an option, a word, or an exit status.
type item struct {
	terms []string // --help and -h, or one
	value string   // what an option is given, such as PATH
	text  string
}

var itemLine = regexp.MustCompile(`^  (\S+(?:, \S+)*)(?: ([A-Za-z]+))?(?:  +(.*))?$`)

// parseItem reads the first line of an item.
func parseItem(line string) (item, bool) {
	m := itemLine.FindStringSubmatch(line)
	if m == nil {
		return item{}, false
	}
	return item{terms: strings.Split(m[1], ", "), value: m[2], text: m[3]}, true
}

// heading is the line above a list, such as Options:.
var heading = regexp.MustCompile(`^([A-Z][a-z ]+):$`)

// items are those of the lists of a help text below one of the headings.
func items(help string, headings ...string) (found []item) {
	wanted := false
	for line := range strings.SplitSeq(help, "\n") {
		if m := heading.FindStringSubmatch(line); m != nil {
			wanted = false
			for _, h := range headings {
				wanted = wanted || m[1] == h
			}
			continue
		}
		switch i, isItem := parseItem(line); {
		case strings.TrimSpace(line) == "":
			wanted = false
		case !wanted:
		case isItem:
			found = append(found, i)
		case len(found) > 0:
			last := &found[len(found)-1]
			last.text = strings.TrimSpace(last.text + " " + strings.TrimSpace(line))
		}
	}
	return found
}

func options(help string) []item { return items(help, "Options") }

// words are what a command takes that is no option, each once.
func words(help string) (found []item) {
	seen := map[string]bool{}
	for _, i := range items(help, "Commands", "Words") {
		if !seen[i.terms[0]] {
			found = append(found, i)
		}
		seen[i.terms[0]] = true
	}
	return found
}

// isFile reports whether an option's value is a file.
func (i item) isFile() bool { return i.value == "PATH" || i.value == "FILE" }

// summary is the first sentence of a command's help, without its subject.
func (m *manual) summary(e entry) string {
	line, _, _ := strings.Cut(e.help, "\n\n")
	line = strings.TrimPrefix(line, m.binary+" "+e.name+" ")
	line, _, _ = strings.Cut(strings.ReplaceAll(line, "\n", " "), ". ")
	return strings.TrimSuffix(line, ".")
}
