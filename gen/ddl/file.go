package ddl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/repliqate/repliqate/gen/migrations"
	"github.com/repliqate/repliqate/gen/script"
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

	Broken bool // Text has U+FFFD in the place of bytes that are not UTF-8

	Notes   []string       // what was taken for granted, each with the file's name
	Skipped []string       // what was not understood and may matter, each with its place
	Passed  map[string]int // how many statements of each kind were passed over

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

// Include opens a file that this one includes: relative to the working directory, as clients do, or to the
// file that includes it.
func (f *File) Include(path string) (*File, error) {
	included, err := Open(path)
	if err != nil && !filepath.IsAbs(path) {
		if beside, again := Open(filepath.Join(filepath.Dir(f.Name), path)); again == nil {
			included, err = beside, nil
		}
	}
	if err != nil {
		return nil, err
	}
	included.Note, included.Default, included.Aliases = f.Note, f.Default, f.Aliases
	return included, nil
}

// New makes a file of content, which must be text. What migrations take back is blanked.
func New(name string, content []byte) (*File, error) {
	text, note, err := script.Decode(content)
	f := &File{Name: name, Text: text, Broken: note == "" && !utf8.Valid(content)}
	if err != nil {
		return nil, f.Whole(err)
	}
	if strings.TrimSpace(f.Text) == "" {
		return nil, f.Whole(errors.New("the file is empty: expected CREATE TABLE statements"))
	}
	f.note(note)
	f.Text, note = migrations.Up(text)
	f.note(note)
	return f, nil
}

func (f *File) note(text string) {
	if text != "" {
		f.Notes = append(f.Notes, f.Name+": "+text)
	}
}

// Skip remembers that something was not understood and left out, since no table is known to need it.
func (f *File) Skip(err error) { f.Skipped = append(f.Skipped, err.Error()) }

// Pass counts a statement that can't decide what a table is, by the words that it begins with.
func (f *File) Pass(statement string, d script.Dialect) {
	if f.Passed == nil {
		f.Passed = map[string]int{}
	}
	f.Passed[d.Kind(statement)]++
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
	n, found := next(f.Text[pos:])
	if !found {
		return ""
	}
	word, _, _ := strings.Cut(f.Text[pos:pos+n], "\n")
	return word
}
