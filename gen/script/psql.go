package script

import (
	"fmt"
	"strings"
)

// branch is an \if: whether its commands hold, and whether one of its parts has held already.
type branch struct{ holds, done bool }

// leftOut reports whether an \if leaves out what stands here.
func (s *splitter) leftOut() bool {
	for _, b := range s.branches {
		if !b.holds {
			return true
		}
	}
	return false
}

// command does the command of psql that begins here. The bytes of it are blank to the server.
func (s *splitter) command() {
	at := s.pos
	s.pos++
	if rest := s.text[s.pos:]; strings.HasPrefix(rest, ";") || strings.HasPrefix(rest, `\`) {
		s.pos++ // \; separates statements that are sent together, \\ ends a command
	} else if name, args := s.commandName(), s.arguments(); !s.conditional(name, args) && !s.leftOut() {
		s.do(at, name, args)
	}
	if s.start >= 0 {
		s.edits = append(s.edits, replacement{at, s.pos, ""})
	}
}

// do does a command that begins at byte at, as far as it matters here.
func (s *splitter) do(at int, name string, args []argument) {
	switch name {
	case "g", "gx", "gset", "gexec", "gdesc", "crosstabview", "watch", "p", "bind":
		s.emit(at) // these send what was written so far
	case "r", "reset":
		s.start, s.edits = -1, nil
	case "set":
		s.set(args)
	case "unset":
		if len(args) > 0 {
			delete(s.variables, args[0].text)
		}
	case "i", "ir", "include", "include_relative":
		if len(args) > 0 && args[0].plain {
			s.include(at, args[0].text)
		} else {
			line, col := s.src.Position(at)
			s.Notes = append(s.Notes, fmt.Sprintf("%s:%d:%d: \\%s is left out: its file can't be known here",
				s.src.Name, line, col, name))
		}
	}
}

func (s *splitter) commandName() string {
	from := s.pos
	for s.pos < len(s.text) && word(s.text[s.pos]) {
		s.pos++
	}
	if s.pos == from && s.pos < len(s.text) && s.text[s.pos] != '\n' {
		s.pos++ // \? and \!
	}
	return s.text[from:s.pos]
}

// argument is an argument of a command. It is plain if psql would take it as it stands here.
type argument struct {
	text  string
	plain bool
}

// arguments reads up to the end of the line or to the next command.
func (s *splitter) arguments() []argument {
	var out []argument
	for s.pos < len(s.text) && s.text[s.pos] != '\n' && s.text[s.pos] != '\\' {
		if space(s.text[s.pos]) {
			s.pos++
			continue
		}
		out = append(out, s.argument())
	}
	return out
}

func (s *splitter) argument() argument {
	a := argument{plain: true}
	for s.pos < len(s.text) && !space(s.text[s.pos]) {
		rest := s.text[s.pos:]
		switch c := rest[0]; c {
		case '\'':
			n := quoted(rest, c, true)
			a.text += strings.ReplaceAll(strings.TrimSuffix(rest[1:n], "'"), "''", "'")
			s.pos += n
		case '`':
			n := quoted(rest, c, false)
			a.text, a.plain = a.text+rest[:n], false // what a command of the shell prints
			s.pos += n
		case ':':
			n, value, known := s.reference(rest)
			if n == 0 {
				n, value, known = 1, ":", true
			}
			a.text, a.plain = a.text+value, a.plain && known
			s.pos += n
		default:
			a.text += rest[:1]
			s.pos++
		}
	}
	return a
}

func (s *splitter) set(args []argument) {
	if len(args) == 0 {
		return
	}
	if s.variables == nil {
		s.variables = map[string]string{}
	}
	value, plain := "", true
	for _, a := range args[1:] {
		value += a.text
		plain = plain && a.plain
	}
	if name := args[0].text; plain {
		s.variables[name] = value
	} else {
		delete(s.variables, name) // so that a use of it is refused
	}
}

// conditional does \if and what belongs to it.
func (s *splitter) conditional(name string, args []argument) bool {
	last := len(s.branches) - 1
	switch name {
	case "if":
		holds := truth(args)
		s.branches = append(s.branches, branch{holds, holds})
	case "elif":
		if last >= 0 {
			b := &s.branches[last]
			b.holds = !b.done && truth(args)
			b.done = b.done || b.holds
		}
	case "else":
		if last >= 0 {
			b := &s.branches[last]
			b.holds, b.done = !b.done, true
		}
	case "endif":
		if last >= 0 {
			s.branches = s.branches[:last]
		}
	default:
		return false
	}
	return true
}

// truth is what psql takes for true; anything else is false.
func truth(args []argument) bool {
	if len(args) == 0 {
		return false
	}
	switch strings.ToLower(args[0].text) {
	case "true", "t", "on", "yes", "y", "1":
		return true
	}
	return false
}

// variable puts in the value of a variable that is set. One that is not stays, as it does in psql.
func (s *splitter) variable() bool {
	n, value, known := s.reference(s.text[s.pos:])
	if n == 0 || !known {
		return false
	}
	if s.start < 0 {
		s.start, s.words = s.pos, words{bodies: s.Dialect.Bodies}
	}
	for _, l := range s.Dialect.Lexemes(value) {
		s.words.add(l.Text)
	}
	s.edits = append(s.edits, replacement{s.pos, s.pos + n, value})
	s.pos += n
	return true
}

// reference reads :name, :'name', :"name" or :{?name}, and returns its length, what stands for it, and
// whether the variable is set.
func (s *splitter) reference(text string) (n int, value string, known bool) {
	if len(text) < 2 || strings.HasPrefix(text, "::") {
		return 0, "", false
	}
	from, closing := 1, ""
	switch {
	case text[1] == '\'' || text[1] == '"':
		from, closing = 2, text[1:2]
	case strings.HasPrefix(text, ":{?"):
		from, closing = 3, "}"
	}
	n = from
	for n < len(text) && word(text[n]) {
		n++
	}
	if n == from || !strings.HasPrefix(text[n:], closing) {
		return 0, "", false
	}
	name := text[from:n]
	n += len(closing)
	value, known = s.variables[name]
	switch closing {
	case "}":
		return n, strings.ToUpper(fmt.Sprint(known)), true
	case "":
	default:
		value = closing + strings.ReplaceAll(value, closing, closing+closing) + closing
	}
	if !known {
		value = text[:n]
	}
	return n, value, known
}

// skipData moves beyond the data of a COPY: from the next line to the one that is \.
func (s *splitter) skipData() {
	s.line()
	for s.pos < len(s.text) {
		s.pos++ // the end of the line before
		if rest := s.line(); rest == `\.` {
			return
		}
	}
}
