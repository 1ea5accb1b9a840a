package gen

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/emit"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/render"
	"github.com/repliqate/repliqate/gen/schema"
)

// Generate returns every file of the plan, by its path below the output folder.
func Generate(r Request, plan *Plan, module Module) ([]emit.File, error) {
	var files []emit.File
	for _, e := range Engines {
		group, err := generateEngine(r, plan, e, module)
		if err != nil {
			return nil, err
		}
		files = append(files, group...)
	}
	for _, t := range plan.Tables {
		with := slices.Concat(r.With, present(r.Out, t.Package))
		extra, err := render.Extras(extraData(t, module), with)
		if err != nil {
			return nil, err
		}
		for name, content := range extra {
			files = append(files, emit.File{Name: t.Package + "/" + name, Content: content})
		}
	}
	slices.SortFunc(files, func(a, b emit.File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// generateEngine runs sqlc once for all tables of an engine.
func generateEngine(r Request, plan *Plan, e *engine.Engine, module Module) ([]emit.File, error) {
	options := schema.Options{Module: module.Import}
	var queries, definitions []schema.Text
	wanted := map[*ddl.Table]bool{}
	var files []emit.File
	for _, t := range plan.Tables {
		if t.File.Engine != e {
			continue
		}
		wanted[t.Table] = true
		options.Tables = append(options.Tables, tableOptions(r, plan, t))
		name, text := t.Package+"/query.sql", queryFile(e, t)
		queries = append(queries, schema.Text{Name: name, SQL: text})
		files = append(files, emit.File{Name: name, Content: []byte(text)})
	}
	if len(options.Tables) == 0 {
		return nil, nil
	}
	for _, f := range plan.files {
		if f.Engine == e {
			definitions = append(definitions, schema.Text{Name: f.Name, SQL: f.Needed(wanted)})
			options.Domains, options.Types, options.Names = f.Aliases.Domains, f.Aliases.Types, f.Aliases.Names
		}
	}
	compiled, err := schema.Compile(e.SQLC, definitions, queries, options)
	if err != nil {
		return nil, err
	}
	for name, content := range compiled {
		files = append(files, emit.File{Name: name, Content: content})
	}
	return files, nil
}

func tableOptions(r Request, plan *Plan, t Planned) schema.TableOptions {
	return schema.TableOptions{
		Schema: t.Table.Schema, Table: t.Table.Name, Key: t.Table.Columns[t.Key].Name, Fields: t.Fields,
		Package: t.Package,
		Source:  filepath.ToSlash(t.File.Name), Regenerate: regenerate(r, plan, t), AutoIncrement: t.Table.AutoIncrement,
		Strict: t.Table.Strict,
	}
}

// regenerate is the command that writes a table's package again, as an error of the replicator names
// it: with every schema file of the engine, since they may build on each other.
func regenerate(r Request, plan *Plan, t Planned) string {
	args := []string{"repliqate-gen"}
	seen := map[string]bool{}
	for _, f := range plan.files {
		if named := plan.named[f.Name]; f.Engine == t.File.Engine && !seen[named] {
			seen[named] = true
			args = append(args, "--schema", filepath.ToSlash(named))
		}
	}
	args = append(args, "--table", t.Table.QualifiedName())
	if r.Engine != "" {
		args = append(args, "--engine", t.File.Engine.Name)
	}
	if out := filepath.ToSlash(filepath.Clean(r.Out)); out != DefaultOut {
		args = append(args, "--out", out)
	}
	if t.AskedKey {
		args = append(args, "--primary-key", t.Table.Columns[t.Key].Name)
	}
	if len(t.Fields) > 0 { // last, since a replicator whose configuration publishes all columns cuts it off
		args = append(args, "--fields", ddl.JoinList(t.Fields))
	}
	for i, arg := range args {
		args[i] = shellQuote(arg)
	}
	return strings.Join(args, " ")
}

// shellQuote puts an argument between single quotes if a shell would change it.
func shellQuote(arg string) string {
	if strings.IndexFunc(arg, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("_-./,=:@+", r))
	}) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

func queryFile(e *engine.Engine, t Planned) string {
	q := e.Queries(e.Relation(t.Table.Schema, t.Table.Name), t.Table.Columns[t.Key].Name, t.Table.ColumnNames())
	return render.Query(render.QueryData{Table: t.Table.QualifiedName(), Source: filepath.ToSlash(t.File.Name),
		Prefix: schema.QueryPrefix(t.Package), Format: emit.Format, Queries: q})
}

func extraData(t Planned, module Module) render.Data {
	deploy, key := t.File.Engine.Deploy, t.Table.Columns[t.Key].Name
	data := render.Data{
		Package: t.Package, Table: t.Table.QualifiedName(), Key: key,
		URI:       strings.ReplaceAll(deploy.URI, "{package}", t.Package),
		Folder:    path.Join(module.Below, t.Package),
		LocalFile: deploy.LocalFile,
		Fields:    t.Fields,
		Format:    emit.Format,
	}
	if deploy.Sequence != nil {
		data.Sequence = deploy.Sequence(t.Table.Schema, t.Table.Name, key)
	}
	return data
}
