package ddl

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// Error is a mistake in a schema file. Text is the word at which it was found.
type Error struct {
	File      string
	Line, Col int
	Text      string
	Err       error
}

func (e *Error) Error() string {
	msg := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Err)
	if e.Text != "" {
		msg += fmt.Sprintf(" (at %q)", e.Text)
	}
	return msg
}

func (e *Error) Unwrap() error { return e.Err }

// File is a schema file. A reader of its engine fills in what it defines.
type File struct {
	Name    string
	Text    string
	Note    string // ends errors about its SQL: as whose SQL it is read, if nobody said so
	Default string // schema that need not be named; empty if the engine has no schemas

	Tables  []*Table
	Aliases *Aliases // shared by all files of an engine
	// Needed returns the DDL that tables need and nothing else, so that what sqlc can't parse elsewhere in
	// the file does no harm.
	Needed func(wanted map[*Table]bool) string
}

// Aliases are what sqlc does not know of the files, or knows under another name. They are complete once Needed was
// called for each file.
type Aliases struct {
	Domains map[string]string // base type by domain
	Types   map[string]string // type as the database has it, by what sqlc is given instead
	Names   map[string]string // quoted name as SQL has it, by what sqlc is given instead
}

// NewAliases returns aliases to add to.
func NewAliases() *Aliases {
	return &Aliases{Domains: map[string]string{}, Types: map[string]string{}, Names: map[string]string{}}
}

// Open reads a file that has text in it.
func Open(name string) (*File, error) {
	content, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read schema %s: there is no such file", name)
	}
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return New(name, content)
}

// New makes a file of content, which must be text. A byte order mark is left out.
func New(name string, content []byte) (*File, error) {
	f := &File{Name: name, Text: string(bytes.TrimPrefix(content, []byte("\ufeff")))}
	for i, r := range f.Text {
		if r == 0 || r == utf8.RuneError && !strings.HasPrefix(f.Text[i:], "\ufffd") {
			return nil, f.At(i, errors.New("this is not UTF-8 text: expected CREATE TABLE statements"))
		}
	}
	if strings.TrimSpace(f.Text) == "" {
		return nil, f.Whole(errors.New("the file is empty: expected CREATE TABLE statements"))
	}
	return f, nil
}

// At makes an error that points to byte pos of the file and quotes the word there.
func (f *File) At(pos int, err error) *Error {
	line, col := f.position(pos)
	return &Error{File: f.Name, Line: line, Col: col, Text: f.WordAt(pos), Err: err}
}

// Syntax makes an error about SQL that the engine does not take.
func (f *File) Syntax(pos int, msg string) *Error {
	if f.Note != "" {
		msg += "; " + f.Note
	}
	return f.At(pos, errors.New(msg))
}

// Whole makes an error about all of the file.
func (f *File) Whole(err error) *Error { return &Error{File: f.Name, Line: 1, Col: 1, Err: err} }

// position is a byte's line and column, both counted from 1. A column is a character.
func (f *File) position(pos int) (line, col int) {
	before := f.Text[:min(max(pos, 0), len(f.Text))]
	line = strings.Count(before, "\n") + 1
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// WordAt returns the word at pos, for an error.
func (f *File) WordAt(pos int) string {
	if pos < 0 || pos >= len(f.Text) {
		return ""
	}
	if found := Lexemes(f.Text[pos:]); len(found) > 0 && found[0].Pos == 0 {
		word, _, _ := strings.Cut(found[0].Text, "\n")
		return word
	}
	return ""
}

// Schemas returns the schemas of the file's wanted tables, but for the default one.
func (f *File) Schemas(wanted map[*Table]bool) []string {
	var names []string
	seen := map[string]bool{"": true}
	for _, t := range f.Tables {
		if wanted[t] && !seen[t.Schema] {
			seen[t.Schema] = true
			names = append(names, t.Schema)
		}
	}
	return names
}
