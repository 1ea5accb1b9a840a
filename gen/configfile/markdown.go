package configfile

import (
	"fmt"
	"strings"

	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
)

var origins = map[configkeys.Origin]string{configkeys.PythonDaemon: "Python daemon", configkeys.Kafka: "Kafka"}

// Markdown returns a page with its tables of keys written again. A table stands between two comments,
// <!-- keys SECTION --> and <!-- end of keys -->.
func Markdown(page string) (string, error) {
	for _, s := range configkeys.Sections() {
		begin, end := "<!-- keys "+s.Name+" -->\n", "<!-- end of keys -->\n"
		before, rest, found := strings.Cut(page, begin)
		_, after, ended := strings.Cut(rest, end)
		if !found || !ended {
			return "", fmt.Errorf("the page has no place for the keys of section %s: expected %s and %s", s.Name,
				strings.TrimSpace(begin), strings.TrimSpace(end))
		}
		page = before + begin + table(s.Keys) + end + after
	}
	return page, nil
}

func table(all []configkeys.Key) string {
	var out strings.Builder
	out.WriteString("| key | default, unit | meaning | from |\n|---|---|---|---|\n")
	for _, k := range all {
		meaning := k.Meaning
		if k.Kind == configkeys.Group {
			word, ok := configkeys.Find(k.Name + "." + k.Word)
			if !ok {
				continue // nothing but the keys below it
			}
			meaning += "; a word in place of the keys below: " + words(word.Words)
			k.Default, k.DefaultText = word.Default, word.DefaultText
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", k.Short(), facts(k, code), meaning, origins[k.Origin])
	}
	return out.String()
}

func code(s string) string { return "`" + s + "`" }

// words lists choices: `on`, `off` or `strict`.
func words(all []string) string {
	quoted := make([]string, len(all))
	for i, w := range all {
		quoted[i] = code(w)
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}
