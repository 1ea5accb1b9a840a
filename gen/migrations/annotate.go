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
	for _, a := range annotations {
		if blanked, lines := a.blank(text); lines != "" {
			return blanked, fmt.Sprintf("%s are the way down of %s, left out", lines, a.tool)
		}
	}
	return text, ""
}

// blank replaces all but the ends of lines between a down annotation and the next up annotation.
func (a annotation) blank(text string) (string, string) {
	var b strings.Builder
	var ranges []string
	number, from := 0, 0 // from is the line at which the way down begins
	for line := range strings.Lines(text) {
		number++
		switch {
		case a.down.MatchString(line):
			if from == 0 {
				from = number
			}
		case from > 0 && a.up.MatchString(line):
			ranges = append(ranges, fmt.Sprintf("%d to %d", from, number-1))
			from = 0
		}
		if from > 0 {
			b.WriteString(spaces(line))
		} else {
			b.WriteString(line)
		}
	}
	if from > 0 {
		ranges = append(ranges, fmt.Sprintf("%d to %d", from, number))
	}
	if len(ranges) == 0 {
		return text, ""
	}
	return b.String(), "lines " + strings.Join(ranges, ", ")
}

// spaces blanks a line, byte by byte.
func spaces(line string) string {
	body := strings.TrimRight(line, "\r\n")
	return strings.Repeat(" ", len(body)) + line[len(body):]
}
