package gen

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/repliqate/repliqate/gen/emit"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/schema"
	"github.com/repliqate/repliqate/templates"
)

// Request is what a person asks of the generator.
type Request struct {
	Schemas     []string          // files with CREATE TABLE statements
	Tables      []string          // tables to generate; empty: all that have a key
	PrimaryKeys map[string]string // column by table; "" is for every table
	Fields      []string          // columns to publish; empty: all
	Engine      string            // empty: told from the DDL
	Out         string            // folder to write to
	With        []string          // what is written beside the code: config, dockerfile, systemd
}

// Plan is what will be generated.
type Plan struct {
	Tables  []Planned
	Skipped []error  // tables that can't be replicated, each with the reason
	Notes   []string // what was told from the input
}

// Planned is one table of a Plan.
type Planned struct {
	Package string
	Key     int
	Table   *schema.Table
	File    *schema.File
}

// Prepare reads the schemas and decides which tables are generated, and with which keys.
func Prepare(r Request) (*Plan, error) {
	if len(r.Schemas) == 0 {
		return nil, errors.New("no schema: name at least one file with --schema")
	}
	var e *engine.Engine
	if r.Engine != "" {
		var err error
		if e, err = engine.Find(r.Engine); err != nil {
			return nil, err
		}
	}
	plan := &Plan{}
	found := map[string]bool{}
	var names []string
	for _, name := range r.Schemas {
		f, err := schema.Read(name, e)
		if err != nil {
			return nil, err
		}
		if e == nil {
			plan.Notes = append(plan.Notes, fmt.Sprintf("%s: engine %s, told from the DDL", name, f.Engine.Name))
		}
		for _, t := range f.Tables {
			names = append(names, t.QualifiedName())
			asked := slices.Contains(r.Tables, t.QualifiedName())
			if len(r.Tables) > 0 && !asked {
				continue
			}
			found[t.QualifiedName()] = true
			if err := plan.add(r, f, t, asked); err != nil {
				return nil, err
			}
		}
	}
	for _, asked := range r.Tables {
		if !found[asked] {
			return nil, fmt.Errorf("table %s is not in %s: the nearest names are %s", asked, strings.Join(r.Schemas, ", "),
				strings.Join(nearest(asked, names), ", "))
		}
	}
	if len(plan.Tables) == 0 {
		return nil, errors.Join(append([]error{errors.New("no table can be replicated")}, plan.Skipped...)...)
	}
	return plan, plan.collisions()
}

// add plans one table. A table that was asked for by name must do; another is skipped with the reason.
func (p *Plan) add(r Request, f *schema.File, t *schema.Table, asked bool) error {
	column := r.PrimaryKeys[t.QualifiedName()]
	if column == "" {
		column = r.PrimaryKeys[""]
	}
	key, err := t.Key(column)
	if err == nil {
		err = t.CheckTypes()
	}
	if err == nil {
		err = checkFields(t, r.Fields)
	}
	if err != nil {
		if asked || column != "" || !isKeyError(t, column) {
			return err
		}
		p.Skipped = append(p.Skipped, err)
		return nil
	}
	p.Tables = append(p.Tables, Planned{Package: schema.PackageName(t.Schema, t.Name), Key: key, Table: t, File: f})
	return nil
}

func isKeyError(t *schema.Table, column string) bool {
	_, err := t.Key(column)
	return err != nil
}

func checkFields(t *schema.Table, fields []string) error {
	for _, name := range fields {
		if t.Column(name) < 0 {
			return t.Fail(fmt.Errorf("table %s has no column %s to publish (--fields)", t.QualifiedName(), name))
		}
	}
	return nil
}

// collisions reports two tables that would be written to the same package.
func (p *Plan) collisions() error {
	byPackage := map[string]*schema.Table{}
	for _, t := range p.Tables {
		if other := byPackage[t.Package]; other != nil {
			return t.Table.Fail(fmt.Errorf("tables %s and %s both map to package %s: generate them into different folders with --table and --out",
				other.QualifiedName(), t.Table.QualifiedName(), t.Package))
		}
		byPackage[t.Package] = t.Table
	}
	return nil
}

// Generate returns every file of the plan, by its path below the output folder.
func Generate(r Request, plan *Plan, module string) ([]emit.File, error) {
	var files []emit.File
	for _, e := range engine.All {
		group, err := generateEngine(r, plan, e, module)
		if err != nil {
			return nil, err
		}
		files = append(files, group...)
	}
	for _, t := range plan.Tables {
		extra, err := templates.Extras(extraData(r, t, module), r.With)
		if err != nil {
			return nil, err
		}
		for name, content := range extra {
			files = append(files, emit.File{Name: t.Package + "/" + name, Content: content})
		}
	}
	sort.Slice(files, func(i, j int) bool { return files[i].Name < files[j].Name })
	return files, nil
}

// generateEngine runs sqlc once for all tables of an engine.
func generateEngine(r Request, plan *Plan, e *engine.Engine, module string) ([]emit.File, error) {
	options := schema.Options{Module: module, Domains: map[string]string{}}
	queries := map[string]string{}
	wanted := map[*schema.File][]*schema.Table{}
	var order []*schema.File
	var files []emit.File
	for _, t := range plan.Tables {
		if t.File.Engine != e {
			continue
		}
		if wanted[t.File] == nil {
			order = append(order, t.File)
			for name, base := range t.File.Domains() {
				options.Domains[name] = base
			}
		}
		wanted[t.File] = append(wanted[t.File], t.Table)
		options.Tables = append(options.Tables, tableOptions(r, t))
		text := queryFile(e, t)
		queries[t.Package] = text
		files = append(files, emit.File{Name: t.Package + "/query.sql", Content: []byte(text)})
	}
	if len(options.Tables) == 0 {
		return nil, nil
	}
	var ddl strings.Builder
	for _, f := range order {
		ddl.WriteString(f.Needed(wanted[f]))
	}
	compiled, err := schema.Compile(e.SQLC, ddl.String(), queries, options)
	if err != nil {
		return nil, err
	}
	for name, content := range compiled {
		files = append(files, emit.File{Name: name, Content: content})
	}
	return files, nil
}

func tableOptions(r Request, t Planned) schema.TableOptions {
	return schema.TableOptions{
		Table: t.Table.QualifiedName(), Key: t.Table.Columns[t.Key].Name, Fields: r.Fields, Package: t.Package,
		Source: filepath.ToSlash(t.File.Name), Regenerate: regenerate(r, t), AutoIncrement: t.Table.AutoIncrement,
	}
}

// regenerate is the command that writes a table's package again, as an error of the replicator names it.
func regenerate(r Request, t Planned) string {
	b := "repliqate-gen --schema " + filepath.ToSlash(t.File.Name) + " --table " + t.Table.QualifiedName()
	for table, column := range r.PrimaryKeys {
		if table == "" || table == t.Table.QualifiedName() {
			b += " --primary-key " + column
		}
	}
	if len(r.Fields) > 0 {
		b += " --fields " + strings.Join(r.Fields, ",")
	}
	return b
}

func queryFile(e *engine.Engine, t Planned) string {
	names := make([]string, len(t.Table.Columns))
	for i, c := range t.Table.Columns {
		names[i] = c.Name
	}
	q := e.Queries(e.Relation(t.Table.Schema, t.Table.Name), t.Table.Columns[t.Key].Name, names)
	return templates.Query(templates.QueryData{Table: t.Table.QualifiedName(), Source: filepath.ToSlash(t.File.Name),
		Prefix: schema.QueryPrefix(t.Package), Format: emit.Format, Queries: q})
}

func extraData(r Request, t Planned, module string) templates.Data {
	d := templates.Data{Package: t.Package, Table: t.Table.QualifiedName(), Key: t.Table.Columns[t.Key].Name,
		Engine: t.File.Engine.Name, Fields: r.Fields, Out: filepath.ToSlash(r.Out), Module: module}
	if d.Engine == engine.SQLite.Name {
		d.URI = "sqlite:////var/lib/" + t.Package + "/" + t.Package + ".db"
	} else {
		d.URI = "postgresql://${DB_USER:-repliqate}:${DB_PASSWORD}@${DB_HOST:-localhost}:5432/${DB_NAME:-" + t.Package + "}"
	}
	return d
}

// nearest returns up to three names that differ least from asked.
func nearest(asked string, names []string) []string {
	names = slices.Clone(names)
	sort.SliceStable(names, func(i, j int) bool { return distance(asked, names[i]) < distance(asked, names[j]) })
	return names[:min(3, len(names))]
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
