package script

import (
	"fmt"
	"iter"
	"strings"
)

// Splitter splits sources into statements. The variables that one source sets hold for the next ones.
type Splitter struct {
	Dialect Dialect
	// Open reads a file that a source includes. Nil refuses all.
	Open func(name string, from *Source) (*Source, error)
	// Notes are what was left out and may matter, each with its place.
	Notes []string

	variables map[string]string
	including int
}

// Statements yields the statements of a source and of what it includes, in their order.
func (p *Splitter) Statements(src *Source) iter.Seq[Statement] {
	return func(yield func(Statement) bool) {
		s := &splitter{Splitter: p, src: src, text: src.Text, delimiter: ";", yield: yield}
		s.run()
	}
}

// splitter is one pass over one source.
type splitter struct {
	*Splitter
	src       *Source
	text      string
	pos       int
	start     int // of the statement, -1 between two
	words     words
	edits     []replacement
	delimiter string
	branches  []branch // \if
	yield     func(Statement) bool
	stopped   bool
}

func (s *splitter) run() {
	s.start = -1
	for s.pos < len(s.text) && !s.stopped {
		switch {
		case s.client():
		case s.ends():
			end := s.pos
			s.pos += len(s.delimiter)
			s.emit(end)
		default:
			s.lexeme()
		}
	}
	s.emit(len(s.text))
}

// ends reports whether the statement ends here.
func (s *splitter) ends() bool {
	return strings.HasPrefix(s.text[s.pos:], s.delimiter) && !s.words.inBody()
}

func (s *splitter) lexeme() {
	n, lexeme := s.Dialect.next(s.text[s.pos:])
	if lexeme {
		if s.start < 0 {
			s.start, s.words = s.pos, words{bodies: s.Dialect.Bodies}
		}
		s.words.add(s.text[s.pos : s.pos+n])
	}
	s.pos += n
}

// client does what is for the client and not for the server. It reports whether there was something.
func (s *splitter) client() bool {
	c := s.text[s.pos]
	switch {
	case s.Dialect.PSQL && c == '\\':
		s.command()
	case s.Dialect.PSQL && c == ':':
		return s.variable()
	case s.start >= 0:
		return false
	case s.Dialect.DotCommands && c == '.' && s.atLineStart():
		s.dotCommand()
	case s.Dialect.Delimiter && (c == 'd' || c == 'D') && s.atLineStart():
		return s.setDelimiter()
	default:
		return false
	}
	return true
}

func (s *splitter) atLineStart() bool {
	return strings.TrimSpace(s.text[strings.LastIndexByte(s.text[:s.pos], '\n')+1:s.pos]) == ""
}

// line returns the rest of the line and moves on to its end.
func (s *splitter) line() string {
	rest, _, _ := strings.Cut(s.text[s.pos:], "\n")
	s.pos += len(rest)
	return strings.TrimSpace(rest)
}

func (s *splitter) setDelimiter() bool {
	word, rest, ok := strings.Cut(strings.Split(s.text[s.pos:], "\n")[0], " ")
	if !ok || !strings.EqualFold(word, "delimiter") || strings.TrimSpace(rest) == "" {
		return false
	}
	s.delimiter = strings.Fields(rest)[0]
	s.line()
	return true
}

func (s *splitter) dotCommand() {
	at := s.pos
	if words := strings.Fields(s.line()); len(words) == 2 && words[0] == ".read" {
		s.include(at, strings.Trim(words[1], `'"`))
	}
}

// include reads a file in the place of the command at byte at.
func (s *splitter) include(at int, name string) {
	fail := func(reason any) {
		line, col := s.src.Position(at)
		s.Notes = append(s.Notes, fmt.Sprintf("%s:%d:%d: %s is left out: %v", s.src.Name, line, col, name, reason))
	}
	const deepest = 20 // a file that includes itself ends too
	switch {
	case s.Open == nil:
		fail("files that include others can't be followed here")
		return
	case s.including == deepest:
		fail("it is included by itself")
		return
	}
	src, err := s.Open(name, s.src)
	if err != nil {
		fail(err)
		return
	}
	s.including++
	defer func() { s.including-- }()
	for statement := range s.Statements(src) {
		if !s.yield(statement) {
			s.stopped = true
			return
		}
	}
}

// emit yields the statement that ends here, if there is one and no \if leaves it out.
func (s *splitter) emit(end int) {
	if s.start < 0 || s.stopped {
		return
	}
	statement := Statement{Source: s.src, Pos: s.start, End: end}
	statement.replace(s.edits)
	copies := s.Dialect.PSQL && s.words.fromClient
	s.start, s.edits = -1, nil
	if copies {
		s.skipData()
	}
	if !s.leftOut() && !s.yield(statement) {
		s.stopped = true
	}
}

// words follows the words of a statement, as far as they decide where it ends.
type words struct {
	bodies          bool
	count           int
	first           [3]string
	last            string
	creates, copies bool
	fromClient      bool // COPY ... FROM stdin
	depth           int  // BEGIN and CASE without their END
}

func (w *words) add(lexeme string) {
	if !word(lexeme[0]) {
		w.last = lexeme
		return
	}
	w.count++
	if w.count > len(w.first) && !w.creates && !w.copies {
		return // most of what is long is the rows of an INSERT
	}
	upper := strings.ToUpper(lexeme)
	if w.count <= len(w.first) {
		w.first[w.count-1] = upper
	}
	if w.count == 1 {
		w.creates, w.copies = upper == "CREATE", upper == "COPY"
	}
	if w.copies && w.last == "FROM" && upper == "STDIN" {
		w.fromClient = true
	}
	if w.bodies && w.creates {
		w.body(upper)
	}
	w.last = upper
}

// body counts how deep the body of a trigger or a function is.
func (w *words) body(upper string) {
	switch upper {
	case "BEGIN":
		if w.depth > 0 || w.hasTrigger() {
			w.depth++
		}
	case "ATOMIC":
		if w.last == "BEGIN" && w.depth == 0 {
			w.depth++
		}
	case "CASE":
		if w.depth > 0 && w.last != "END" {
			w.depth++
		}
	case "END":
		if w.depth > 0 {
			w.depth--
		}
	}
}

// hasTrigger reports whether the statement is CREATE [TEMP] TRIGGER, whose body has no other mark.
func (w *words) hasTrigger() bool { return w.first[1] == "TRIGGER" || w.first[2] == "TRIGGER" }

func (w *words) inBody() bool { return w.depth > 0 }
