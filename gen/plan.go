package gen

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/migrations"
	"github.com/repliqate/repliqate/gen/render"
	"github.com/repliqate/repliqate/gen/schema"
)

// DefaultOut is the folder that is written to if none is named.
const DefaultOut = "generated"

// Request is what a person asks of the generator.
type Request struct {
	Schemas     []string          // files with CREATE TABLE statements, or folders of them
	Tables      []string          // tables to generate; empty: all that have a key
	PrimaryKeys map[string]string // column by table; "" is for every table
	Fields      []string          // columns to publish; empty: all
	Without     []string          // columns not to publish
	Engine      string            // empty: recognised by the DDL
	Out         string            // folder to write to
	With        []string          // what is written beside the code, as render.Known lists
	List        bool              // what is wrong with a table is said, and no reason to stop
}

// Plan is what will be generated.
type Plan struct {
	Tables  []Planned
	Skipped []error  // tables that can't be replicated, each with the reason
	Notes   []string // how engines were recognised, and what was left out
	Passed  []string // what was not understood, or can't matter, and was passed over

	files []*engine.File
	named map[string]string // what was named to have a file read, by its path
	known map[string]bool   // packages of all tables of the schemas, planned or not
}

// Planned is one table of a Plan.
type Planned struct {
	Package string
	Key     int
	Table   *ddl.Table
	Fields  []string // columns to publish; empty: all
	Columns []string // all that the table has, read or not
	// AskedKey is set if the key was named, and is not just the declared one.
	AskedKey bool
	File     *engine.File
}

func packageName(t *ddl.Table) string {
	return schema.PackageName(t.Schema, t.Name, Engines.Packages())
}

// Prepare reads the schemas and decides which tables are generated, and with which keys.
func Prepare(r Request) (*Plan, error) {
	var e *engine.Engine
	if r.Engine != "" {
		var err error
		if e, err = Engines.Find(r.Engine); err != nil {
			return nil, err
		}
	}
	if err := render.Check(r.With); err != nil {
		return nil, err
	}
	set, err := migrations.Find(schemaFiles(r.Schemas))
	if err != nil {
		return nil, err
	}
	plan := &Plan{Notes: set.Notes, named: map[string]string{}, known: map[string]bool{}}
	paths := make([]string, len(set.Files))
	for i, f := range set.Files {
		paths[i], plan.named[f.Path] = f.Path, f.Named
	}
	if plan.files, err = Engines.Read(paths, e); err != nil {
		return nil, err
	}
	chosen, err := r.choose(plan.files)
	if err != nil {
		return nil, err
	}
	for _, f := range plan.files {
		plan.describe(f)
		for _, t := range f.Tables {
			plan.known[packageName(t)] = true
			if err := plan.consider(r, chosen, f, t); err != nil {
				return nil, err
			}
		}
	}
	if err := r.checkWithout(plan.Tables); err != nil {
		return nil, err
	}
	if len(plan.Tables) == 0 {
		return nil, errors.Join(append([]error{errors.New("no table can be replicated")}, plan.Skipped...)...)
	}
	return plan, plan.collisions()
}

// describe notes what was taken for granted of a file and what was passed over.
func (p *Plan) describe(f *engine.File) {
	if f.Why != "" {
		p.Notes = append(p.Notes, fmt.Sprintf("%s: engine %s, %s", f.Name, f.Engine.Name, f.Why))
	}
	p.Notes = append(p.Notes, f.Notes...)
	for _, skipped := range f.Skipped {
		p.Passed = append(p.Passed, "skipped: "+skipped)
	}
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(f.Passed)) {
		kinds = append(kinds, fmt.Sprintf("%s (%d)", kind, f.Passed[kind]))
	}
	if kinds != nil {
		p.Passed = append(p.Passed, fmt.Sprintf("%s: passed over, since they define no table: %s", f.Name,
			strings.Join(kinds, ", ")))
	}
}

// schemaFiles returns the files, each once. A path is relative if it can be, since it is printed into
// what is generated, which is to be the same on every machine.
func schemaFiles(names []string) []string {
	dir, err := os.Getwd()
	var out []string
	for _, name := range names {
		if filepath.IsAbs(name) && err == nil {
			if rel, err := filepath.Rel(dir, name); err == nil && filepath.IsLocal(rel) {
				name = rel
			}
		}
		if name = filepath.Clean(name); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// consider plans a table or skips it. One that was asked for by name must do, another is skipped with
// the reason why it has no key.
func (p *Plan) consider(r Request, chosen *choice, f *engine.File, t *ddl.Table) error {
	asked := chosen.tables[t]
	if len(r.Tables) > 0 && !asked {
		return nil
	}
	if t.Mistake != nil {
		if !r.List {
			return t.Mistake
		}
		p.Skipped = append(p.Skipped, t.Mistake)
		return nil
	}
	column, named := chosen.keys[t]
	if !named {
		column = r.PrimaryKeys[""]
	}
	key, err := f.Engine.Key(t, column)
	if err != nil {
		if asked || named {
			return err
		}
		p.Skipped = append(p.Skipped, err)
		return nil
	}
	fields, err := r.fields(t)
	if err != nil {
		return err
	}
	name, columns := t.Columns[key].Name, t.ColumnNames()
	if err := leaveOut(f.Engine, t, fields); err != nil {
		return err
	}
	p.assume(f.Engine, t)
	p.Tables = append(p.Tables, Planned{Package: packageName(t), Key: t.Column(name), Table: t, Fields: fields,
		Columns: columns, AskedKey: column != "", File: f})
	return nil
}

// assume notes the columns whose types no schema file defines.
func (p *Plan) assume(e *engine.Engine, t *ddl.Table) {
	var columns []string
	for i := range t.Columns {
		if kind, err := e.Kind(t.Columns[i].Type); err == nil && kind.Assumed {
			columns = append(columns, t.Columns[i].Name+" ("+kind.Type+")")
		}
	}
	if columns != nil {
		p.Notes = append(p.Notes, fmt.Sprintf("%s: table %s: no schema file defines the types of %s: their values are "+
			"published in the database's own text form", t.File.Name, t.QualifiedName(), strings.Join(columns, ", ")))
	}
}

// collisions reports two tables that would be written to the same package.
func (p *Plan) collisions() error {
	byPackage := map[string]*ddl.Table{}
	for _, t := range p.Tables {
		other := byPackage[t.Package]
		byPackage[t.Package] = t.Table
		switch {
		case other == nil:
		case other.QualifiedName() == t.Table.QualifiedName():
			return t.Table.Fail(fmt.Errorf("table %s is defined twice, first at %s", t.Table.QualifiedName(),
				other.Position()))
		default:
			return t.Table.Fail(fmt.Errorf("tables %s (%s) and %s both map to package %s: "+
				"generate them into different folders with --table and --out",
				other.QualifiedName(), other.Position(), t.Table.QualifiedName(), t.Package))
		}
	}
	return nil
}
