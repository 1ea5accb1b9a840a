package script

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Placeholder is a piece of a statement that a client or a template fills in before a server sees it.
type Placeholder struct {
	Offset int    // in the statement's Text
	Text   string // what stands there
	Remedy string // how to have it filled in
}

func (p *Placeholder) Error() string {
	return fmt.Sprintf("%s stands for a value that is not known here: %s", p.Text, p.Remedy)
}

// templates are the placeholders of templates, which no SQL has outside of strings. Within a quoted name
// only the first ones are looked for.
var templates = regexp.MustCompile(`^(?:\{\{[^}]*\}\}|\{%[^%]*%\}|\$\{[^}]*\}|<%.*?%>|\$\([^)]*\)` +
	`|\{[A-Za-z_][\w.]*\}|%\([A-Za-z_]\w*\)s|%[A-Za-z_]\w*%|%s|@@?[A-Za-z_]\w*@?@?|#__\w*)`)

var inName = regexp.MustCompile(`\{\{[^}]*\}\}|\$\{[^}]*\}|<%.*?%>|%\([A-Za-z_]\w*\)s`)

var psqlVariable = regexp.MustCompile(`^:(?:'\w+'|"\w+"|[A-Za-z_]\w*)`)

// Placeholder finds the first placeholder of the statement outside of strings and comments.
func (s *Statement) Placeholder(d Dialect) *Placeholder {
	for pos := 0; pos < len(s.Text); {
		rest := s.Text[pos:]
		if found := templates.FindString(rest); found != "" {
			return &Placeholder{pos, found, fmt.Sprintf("give the file with its value in the place of %s", found)}
		}
		if d.PSQL && !strings.HasPrefix(rest, "::") {
			if found := psqlVariable.FindString(rest); found != "" {
				name := strings.Trim(found, `:'"`)
				return &Placeholder{pos, found,
					fmt.Sprintf(`write \set %s VALUE before it, or give the file with the value`, name)}
			}
		}
		n, lexeme := d.next(rest)
		if c := rest[0]; lexeme && (c == '"' || c == '`' || c == '[') {
			whole := []int{1, n - 1} // a table may be called so; a schema is not
			if strings.HasPrefix(rest[n:], ".") {
				whole = nil
			}
			if at := inName.FindStringIndex(rest[:n]); at != nil && !slices.Equal(at, whole) {
				found := rest[at[0]:at[1]]
				return &Placeholder{pos + at[0], found, fmt.Sprintf("give the file with its value in the place of "+
					"%s", found)}
			}
		}
		if strings.HasPrefix(rest, "::") {
			n = 2
		}
		pos += n
	}
	return nil
}
