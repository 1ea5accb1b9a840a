package migrations

import (
	"fmt"
	"regexp"
	"strings"
)

// annotation is how a tool tells the way up from the way down within a file. A file begins with the way
// up, whether or not it says so.
type annotation struct {
	tool     string
	up, down *regexp.Regexp // lines
}

// annotations are those of all tools. None of them can be taken for that of another.
var annotations = []annotation{
	annotated("goose", `--\s*\+goose\s+up\b`, `--\s*\+goose\s+down\b`),
	annotated("dbmate", `--\s*migrate:up\b`, `--\s*migrate:down\b`),
	annotated("sql-migrate", `--\s*\+migrate\s+up\b`, `--\s*\+migrate\s+down\b`),
	annotated("micrate", `--\s*\+micrate\s+up\b`, `--\s*\+micrate\s+down\b`),
	annotated("tern", `----\s*create above`, `----\s*create above\s*/\s*drop below\s*----`),
	annotated("node-pg-migrate", `--\s*up migration\b`, `--\s*down migration\b`),
	annotated("rambler", `--\s*rambler\s+up\b`, `--\s*rambler\s+down\b`),
	annotated("Play evolutions", `(?:#|--)\s*---\s*!ups\b`, `(?:#|--)\s*---\s*!downs\b`),
	annotated("shmig", `--\s*=+\s*up\s*=+`, `--\s*=+\s*down\s*=+`),
	annotated("MyBatis migrations", `--\s*//\s*@do\b`, `--\s*//\s*@undo\b`),
	annotated("Atlas", `-- migration\.sql --`, `-- (?:down|checks(?:/\S+)?)\.sql --`),
}

func annotated(tool, up, down string) annotation {
	return annotation{tool, regexp.MustCompile(`(?i)^\s*` + up), regexp.MustCompile(`(?i)^\s*` + down)}
}

// Up blanks the way down of a file. What it left out is said in note, with the lines.
func Up(text string) (up, note string) {
	comments := commentLines(text)
	for _, a := range annotations {
		if blanked, lines := a.blank(text, comments); lines != "" {
			return blanked, fmt.Sprintf("%s are the way down of %s, left out", lines, a.tool)
		}
	}
	return text, ""
}

// line is a line that may be an annotation.
type line struct {
	number, pos int
	text        string
}

// commentLines returns the lines that begin with a comment.
func commentLines(text string) []line {
	var out []line
	number, pos := 0, 0
	for whole := range strings.Lines(text) {
		number++
		if begins := strings.TrimLeft(whole, " \t"); strings.HasPrefix(begins, "--") || strings.HasPrefix(begins, "#") {
			out = append(out, line{number, pos, whole})
		}
		pos += len(whole)
	}
	return out
}

// blank replaces all but the ends of lines between a down annotation and the next up annotation.
func (a annotation) blank(text string, comments []line) (string, string) {
	var out []byte
	var ranges []string
	var from *line // at which the way down begins
	end := func(number, pos int) {
		if out == nil {
			out = []byte(text)
		}
		blank(out[from.pos:pos])
		ranges = append(ranges, fmt.Sprintf("%d to %d", from.number, number))
		from = nil
	}
	for i := range comments {
		l := &comments[i]
		switch {
		case a.down.MatchString(l.text):
			if from == nil {
				from = l
			}
		case from != nil && a.up.MatchString(l.text):
			end(l.number-1, l.pos)
		}
	}
	if from != nil {
		end(strings.Count(strings.TrimSuffix(text, "\n"), "\n")+1, len(text))
	}
	if ranges == nil {
		return text, ""
	}
	return string(out), "lines " + strings.Join(ranges, ", ")
}

// blank replaces all but the ends of lines by spaces.
func blank(text []byte) {
	for i, c := range text {
		if c != '\n' && c != '\r' {
			text[i] = ' '
		}
	}
}
