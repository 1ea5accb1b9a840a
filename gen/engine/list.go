package engine

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
)

// List are the engines of a generator, in the order in which they are tried on a schema that could be for any.
type List []*Engine

// File is a schema file and the engine that it is for.
type File struct {
	*ddl.File
	Engine *Engine
	Why    string // how the engine was recognised; empty if it was named
}

// Find returns the engine of a name, its own, sqlc's, or another one that people have for it.
func (l List) Find(name string) (*Engine, error) {
	for _, e := range l {
		if e.Name == name || e.SQLC == name || slices.Contains(e.Aliases, name) {
			return e, nil
		}
	}
	return nil, fmt.Errorf("unknown engine %q: expected %s", name, l.Names())
}

// Names lists the engines for a person.
func (l List) Names() string {
	names := make([]string, len(l))
	for i, e := range l {
		names[i] = e.Name
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// Packages are the names of the packages that code for these engines imports.
func (l List) Packages() map[string]bool {
	names := map[string]bool{}
	for _, e := range l {
		for _, p := range append(e.Source.Imports, e.Source.Path) {
			names[path.Base(p)] = true
		}
	}
	return names
}

// Read reads schema files. If e is nil, the engine is recognised by the DDL of each.
func (l List) Read(names []string, e *Engine) ([]*File, error) {
	var files []*ddl.File
	for _, name := range names {
		f, err := ddl.Open(name)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return l.Parse(files, e)
}

// Parse has the files read by their engine: e, or the one by whose words the DDL of each is recognised.
func (l List) Parse(texts []*ddl.File, e *Engine) ([]*File, error) {
	files := make([]*File, len(texts))
	for i, text := range texts {
		files[i] = &File{File: text, Engine: e}
	}
	if e == nil {
		l.tellAll(files)
	}
	for _, e := range l {
		if err := e.read(files); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// read reads those of the files that are for the engine.
func (e *Engine) read(all []*File) error {
	aliases := ddl.NewAliases()
	var files []*ddl.File
	for _, f := range all {
		if f.Engine != e {
			continue
		}
		f.Default, f.Aliases = e.Default, aliases
		if f.Why != "" {
			f.Note = fmt.Sprintf("read as DDL of %s, %s", e.Name, f.Why)
		}
		files = append(files, f.File)
	}
	if len(files) == 0 {
		return nil
	}
	if err := e.Read(files); err != nil {
		return err
	}
	for _, f := range files {
		if len(f.Tables) > 0 {
			return nil
		}
	}
	err := errors.New("no table is defined: expected CREATE TABLE statements")
	for _, f := range files {
		if len(f.Skipped) > 0 {
			return files[0].Whole(fmt.Errorf("%w; %s", err, f.Skipped[0]))
		}
	}
	return files[0].Whole(err)
}
