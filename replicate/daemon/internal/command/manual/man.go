package manual

import (
	"strings"

	"github.com/repliqate/repliqate/internal/buildinfo"
)

// roff writes the manual page: the program's help, and that of each command as a section of its own.
func (m *manual) roff() {
	what, _, _ := strings.Cut(strings.TrimPrefix(m.help, m.binary+" "), ".\n")
	m.write(".TH %s 1 \"\" \"repliqate %s\"\n", strings.ToUpper(escaped(m.binary)), escaped(buildinfo.Version()))
	m.write(".SH NAME\n%s \\- %s\n", escaped(m.binary), escaped(what))
	m.section(m.help, ".SH")
	for _, c := range m.commands {
		m.write(".SH COMMAND %s\n", strings.ToUpper(escaped(c.name)))
		m.section(c.help, ".SS")
	}
}

// section writes a help text. Its lists become paragraphs with a term, what is set in follows as it is, and the rest
// is filled.
func (m *manual) section(help, level string) {
	literal, open := false, false // within .nf; below a term
	set := func(on bool) {
		if on != literal {
			m.write("%s\n", map[bool]string{true: ".nf", false: ".fi"}[on])
		}
		literal = on
	}
	for line := range strings.SplitSeq(strings.TrimRight(help, "\n"), "\n") {
		usage, isUsage := strings.CutPrefix(line, "Usage: ")
		i, isItem := parseItem(line)
		switch {
		case strings.TrimSpace(line) == "":
			set(false)
			m.write(".PP\n")
			open = false
		case isUsage:
			m.write("%s SYNOPSIS\n", level)
			set(true)
			m.write("%s\n", escaped(usage))
		case heading.MatchString(line):
			m.write("%s %s\n", level, strings.ToUpper(escaped(strings.TrimSuffix(line, ":"))))
		case isItem && !literal && i.text != "":
			m.write(".TP\n.B %s\n%s\n", escaped(strings.TrimSpace(strings.Join(i.terms, ", ")+" "+i.value)), escaped(i.text))
			open = true
		case open && strings.HasPrefix(line, "     "):
			m.write("%s\n", escaped(strings.TrimSpace(line)))
		case strings.HasPrefix(line, "  "):
			set(true)
			m.write("%s\n", escaped(line))
		default:
			set(false)
			m.write("%s\n", escaped(line))
		}
	}
	set(false)
}

// escaped is a text that roff takes as it is: no line of it is a request, and no character an escape.
func escaped(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
