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
	"github.com/repliqate/repliqate/gen/render"
	"github.com/repliqate/repliqate/gen/schema"
	"github.com/repliqate/repliqate/internal/nearest"
)

// DefaultOut is the folder that is written to if none is named.
const DefaultOut = "generated"

// Request is what a person asks of the generator.
type Request struct {
	Schemas     []string          // files with CREATE TABLE statements
	Tables      []string          // tables to generate; empty: all that have a key
	PrimaryKeys map[string]string // column by table; "" is for every table
	Fields      []string          // columns to publish; empty: all
	Engine      string            // empty: recognised by the DDL
	Out         string            // folder to write to
	With        []string          // what is written beside the code: config, dockerfile, systemd
}

// Plan is what will be generated.
type Plan struct {
	Tables  []Planned
	Skipped []error  // tables that can't be replicated, each with the reason
	Notes   []string // how engines were recognised

	files []*engine.File
	known map[string]bool // packages of all tables of the schemas, planned or not
}

// Planned is one table of a Plan.
type Planned struct {
	Package string
	Key     int
	Table   *ddl.Table
	File    *engine.File
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
	files, err := Engines.Read(schemaFiles(r.Schemas), e)
	if err != nil {
		return nil, err
	}
	if err := r.checkTables(files); err != nil {
		return nil, err
	}
	plan := &Plan{files: files, known: map[string]bool{}}
	for _, f := range files {
		if f.Why != "" {
			plan.Notes = append(plan.Notes, fmt.Sprintf("%s: engine %s, %s", f.Name, f.Engine.Name, f.Why))
		}
		for _, t := range f.Tables {
			plan.known[packageName(t)] = true
			if err := plan.consider(r, f, t); err != nil {
				return nil, err
			}
		}
	}
	if len(plan.Tables) == 0 {
		return nil, errors.Join(append([]error{errors.New("no table can be replicated")}, plan.Skipped...)...)
	}
	return plan, plan.collisions()
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

// checkTables reports a table that was asked for, or given a key, and is not there.
func (r Request) checkTables(files []*engine.File) error {
	asked := slices.Clone(r.Tables)
	for _, name := range slices.Sorted(maps.Keys(r.PrimaryKeys)) {
		if name != "" {
			asked = append(asked, name)
		}
	}
	var tables []*ddl.Table
	for _, f := range files {
		tables = append(tables, f.Tables...)
	}
	for _, name := range asked {
		if slices.ContainsFunc(tables, func(t *ddl.Table) bool { return t.Called(name) }) {
			continue
		}
		var names []string
		positions := map[string]string{}
		for _, t := range tables {
			names = append(names, t.QualifiedName())
			positions[t.QualifiedName()] = t.Position()
		}
		near := nearest.Some(name, names, 3)
		for i, n := range near {
			near[i] = fmt.Sprintf("%s (%s)", n, positions[n])
		}
		return fmt.Errorf("%s: there is no table %q: the nearest names are %s",
			strings.Join(r.Schemas, ", "), name, strings.Join(near, ", "))
	}
	return nil
}

// consider plans a table or skips it. One that was asked for by name must do, another is skipped with
// the reason why it has no key.
func (p *Plan) consider(r Request, f *engine.File, t *ddl.Table) error {
	asked := slices.ContainsFunc(r.Tables, t.Called)
	if len(r.Tables) > 0 && !asked {
		return nil
	}
	column, named := r.primaryKey(t)
	key, err := f.Engine.Key(t, column)
	if err != nil {
		if asked || named {
			return err
		}
		p.Skipped = append(p.Skipped, err)
		return nil
	}
	if err := f.Engine.CheckTypes(t); err != nil {
		return err
	}
	if err := checkFields(t, r.Fields); err != nil {
		return err
	}
	p.Tables = append(p.Tables, Planned{Package: packageName(t), Key: key, Table: t, File: f})
	return nil
}

// primaryKey returns the column that was asked for to be the key, and whether for this very table.
func (r Request) primaryKey(t *ddl.Table) (column string, named bool) {
	for _, table := range slices.Sorted(maps.Keys(r.PrimaryKeys)) {
		if table != "" && t.Called(table) {
			return r.PrimaryKeys[table], true
		}
	}
	return r.PrimaryKeys[""], false
}

func checkFields(t *ddl.Table, fields []string) error {
	for _, name := range fields {
		if t.Column(name) < 0 {
			return t.Fail(fmt.Errorf("table %s has no column %s to publish: the nearest names are %s", t.QualifiedName(), name,
				strings.Join(nearest.Some(name, t.ColumnNames(), 3), ", ")))
		}
	}
	return nil
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
			return t.Table.Fail(fmt.Errorf("table %s is defined twice, first at %s", t.Table.QualifiedName(), other.Position()))
		default:
			return t.Table.Fail(fmt.Errorf("tables %s (%s) and %s both map to package %s: "+
				"generate them into different folders with --table and --out",
				other.QualifiedName(), other.Position(), t.Table.QualifiedName(), t.Package))
		}
	}
	return nil
}
