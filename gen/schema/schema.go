// Package schema reads DDL. tell.go finds the engine, ddl_<engine>.go find what sqlc's catalog lacks
// (primary keys, positions), sqlc.go has sqlc compile schema and queries, catalog.go turns its catalog
// into the model, names.go names packages and fields.
package schema

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/repliqate/repliqate/gen/engine"
)

// Error is a mistake in a schema file. Text is the offending piece of it.
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

// File is a schema file and what it defines.
type File struct {
	Name   string
	Engine *engine.Engine
	Why    string // what told the engine; empty where it was named
	Tables []*Table

	text  string
	types *types
	// needed returns the DDL that the tables need and nothing else.
	needed func(wanted map[*Table]bool) string
}

// types are the types that the files of an engine define, in whichever of them.
type types struct {
	domains map[string]string // base type by domain
	enums   map[string]bool
	names   map[string]string // type as the database has it, by what sqlc is told in its place
	quoted  map[string]string // quoted name as SQL has it, by what sqlc is told in its place
}

// readers are the readers of DDL. Each reads all files of its engine, of which there is one at least.
var readers = map[*engine.Engine]func([]*File) error{
	engine.Postgres: readPostgres,
	engine.SQLite:   readSQLite,
}

// Read parses schema files. With a nil engine it is told from the DDL of each.
func Read(names []string, e *engine.Engine) ([]*File, error) {
	var files []*File
	for _, name := range names {
		f, err := open(name)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, parse(files, e)
}

func parse(files []*File, e *engine.Engine) error {
	if e == nil {
		tellAll(files)
	}
	byEngine := map[*engine.Engine][]*File{}
	for _, f := range files {
		if e != nil {
			f.Engine = e
		}
		byEngine[f.Engine] = append(byEngine[f.Engine], f)
	}
	for _, e := range engine.All {
		if err := parseEngine(e, byEngine[e]); err != nil {
			return err
		}
	}
	return nil
}

// parseEngine reads the files of one engine, which may build on each other.
func parseEngine(e *engine.Engine, files []*File) error {
	if len(files) == 0 {
		return nil
	}
	shared := &types{domains: map[string]string{}, enums: map[string]bool{},
		names: map[string]string{}, quoted: map[string]string{}}
	for _, f := range files {
		f.types = shared
	}
	if err := readers[e](files); err != nil {
		return err
	}
	tables := 0
	for _, f := range files {
		tables += len(f.Tables)
	}
	if tables == 0 {
		return files[0].whole(errors.New("no table is defined: expected CREATE TABLE statements"))
	}
	return nil
}

// open reads a file that has text in it. A byte order mark is left out.
func open(name string) (*File, error) {
	content, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read schema %s: there is no such file", name)
	}
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return newFile(name, content)
}

func newFile(name string, content []byte) (*File, error) {
	f := &File{Name: name, text: string(bytes.TrimPrefix(content, []byte("\ufeff")))}
	for i, r := range f.text {
		if r == 0 || r == utf8.RuneError && !strings.HasPrefix(f.text[i:], "\ufffd") {
			return nil, f.at(i, errors.New("this is no UTF-8 text: expected CREATE TABLE statements"))
		}
	}
	if strings.TrimSpace(f.text) == "" {
		return nil, f.whole(errors.New("the file is empty: expected CREATE TABLE statements"))
	}
	return f, nil
}

// at makes an error that points to byte pos of the file and quotes the word there.
func (f *File) at(pos int, err error) *Error {
	line, col := f.position(pos)
	return &Error{File: f.Name, Line: line, Col: col, Text: f.wordAt(pos), Err: err}
}

// syntax makes an error about SQL that the engine does not take. It says as whose SQL the file was read,
// where nobody said so.
func (f *File) syntax(pos int, msg string) *Error {
	if f.Why != "" {
		msg += fmt.Sprintf("; read as DDL of %s, %s", f.Engine.Name, f.Why)
	}
	return f.at(pos, errors.New(msg))
}

// whole makes an error about all of the file.
func (f *File) whole(err error) *Error { return &Error{File: f.Name, Line: 1, Col: 1, Err: err} }

// position is a byte's line and column, which counts characters, both from 1.
func (f *File) position(pos int) (line, col int) {
	before := f.text[:min(max(pos, 0), len(f.text))]
	line = strings.Count(before, "\n") + 1
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// wordAt returns the word at pos, for an error.
func (f *File) wordAt(pos int) string {
	if pos < 0 || pos >= len(f.text) {
		return ""
	}
	if found := lexemes(f.text[pos:]); len(found) > 0 && found[0].pos == 0 {
		word, _, _ := strings.Cut(found[0].text, "\n")
		return word
	}
	return ""
}

// Needed returns the DDL that tables need and nothing else, so that what sqlc can't parse elsewhere in
// the file does no harm.
func (f *File) Needed(wanted map[*Table]bool) string { return f.needed(wanted) }

// Domains returns the base type of each domain, which sqlc's catalog does not know.
func (f *File) Domains() map[string]string { return f.types.domains }

// TypeNames returns the types that sqlc's catalog calls otherwise, by what it calls them. It is complete
// once Needed was called.
func (f *File) TypeNames() map[string]string { return f.types.names }

// QuotedNames returns the quoted names that sqlc can't read, by what it is told in their place. It is
// complete once Needed was called.
func (f *File) QuotedNames() map[string]string { return f.types.quoted }
