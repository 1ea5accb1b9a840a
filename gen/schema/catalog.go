package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

// request is what sqlc hands to its plugin, as far as it is used here.
type request struct {
	Settings struct {
		Engine string `json:"engine"`
	} `json:"settings"`
	Catalog struct {
		DefaultSchema string          `json:"default_schema"`
		Schemas       []catalogSchema `json:"schemas"`
	} `json:"catalog"`
	Queries []struct {
		Text string `json:"text"`
		Name string `json:"name"`
		File string `json:"filename"`
	} `json:"queries"`
	Options []byte `json:"plugin_options"`
}

type catalogSchema struct {
	Name   string         `json:"name"`
	Tables []catalogTable `json:"tables"`
	Enums  []struct {
		Name string `json:"name"`
	} `json:"enums"`
}

type catalogTable struct {
	Rel     identifier      `json:"rel"`
	Columns []catalogColumn `json:"columns"`
	Comment string          `json:"comment"`
}

type catalogColumn struct {
	Name     string     `json:"name"`
	NotNull  bool       `json:"not_null"`
	IsArray  bool       `json:"is_array"`
	Unsigned bool       `json:"unsigned"`
	Comment  string     `json:"comment"`
	Type     identifier `json:"type"`
}

type identifier struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
}

// Response is what a plugin answers to sqlc.
type Response struct {
	Files []ResponseFile `json:"files"`
}

// ResponseFile is one file of a Response.
type ResponseFile struct {
	Name     string `json:"name"`
	Contents []byte `json:"contents"`
}

// Models reads sqlc's request and returns the tables that the options name, and their engine.
func Models(in io.Reader, engines engine.List) ([]*model.Table, *engine.Engine, error) {
	var r request
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return nil, nil, fmt.Errorf("read sqlc's request: %w", err)
	}
	var options Options
	if err := json.Unmarshal(r.Options, &options); err != nil {
		return nil, nil, fmt.Errorf("read the plugin's options: %w", err)
	}
	e, err := engines.Find(r.Settings.Engine)
	if err != nil {
		return nil, nil, err
	}
	var tables []*model.Table
	for _, o := range options.Tables {
		t, err := r.table(e, o, options)
		if err != nil {
			return nil, nil, err
		}
		tables = append(tables, t)
	}
	return tables, e, nil
}

func (r *request) table(e *engine.Engine, o TableOptions, all Options) (*model.Table, error) {
	t := &model.Table{
		Engine: e.Name, Schema: o.Schema, Name: o.Table,
		Package: o.Package, Import: all.Module + "/" + o.Package, Source: o.Source,
		Regenerate: o.Regenerate, AutoIncrement: o.AutoIncrement, Strict: o.Strict, Key: -1,
	}
	found, err := r.find(e, t.Schema, t.Name)
	if err != nil {
		return nil, err
	}
	t.Comment = found.Comment
	for _, c := range found.Columns {
		c.Name = catalogName(e, c.Name)
		typ := r.typeOf(e, c, all)
		if name, other := all.Types[t.QualifiedName()+"."+c.Name]; other {
			typ = ddl.Type{Name: name}
		}
		typ.Strict = o.Strict || c.Name == o.Key // the source stops at a key of another type
		kind, err := e.Kind(typ)
		if err != nil {
			return nil, fmt.Errorf("column %s of table %s: %w", c.Name, o.Table, err)
		}
		if c.Name == o.Key {
			t.Key = len(t.Columns)
		}
		if len(o.Fields) == 0 || slices.Contains(o.Fields, c.Name) {
			t.Fields = append(t.Fields, len(t.Columns))
		}
		t.Columns = append(t.Columns, model.Column{Name: c.Name, Comment: c.Comment,
			Nullable: !c.NotNull && c.Name != o.Key, Kind: kind})
	}
	if t.Key < 0 {
		return nil, fmt.Errorf("table %s has no column %s to be its key", o.Table, o.Key)
	}
	nameFields(t.Columns)
	t.Relation = e.Relation(t.Schema, t.Name)
	if t.Queries, err = r.queriesOf(o, all.Names); err != nil {
		return nil, err
	}
	t.Fingerprint = fingerprint(t)
	return t, nil
}

// catalogName is the name that the catalog means by its own.
func catalogName(e *engine.Engine, name string) string {
	if e.SQL.CatalogName == nil {
		return name
	}
	return e.SQL.CatalogName(name)
}

func (r *request) find(e *engine.Engine, schema, name string) (*catalogTable, error) {
	if schema == "" {
		schema = r.Catalog.DefaultSchema
	}
	for _, s := range r.Catalog.Schemas {
		for i := range s.Tables {
			if catalogName(e, s.Name) == schema && catalogName(e, s.Tables[i].Rel.Name) == name {
				return &s.Tables[i], nil
			}
		}
	}
	return nil, fmt.Errorf("sqlc's catalog has no table %s.%s", schema, name)
}

func (r *request) typeOf(e *engine.Engine, c catalogColumn, all Options) ddl.Type {
	t := ddl.Type{Name: c.Type.Name, Schema: c.Type.Schema, Array: c.IsArray,
		Base: all.Domains[c.Type.Name], Defined: true} // types that nobody knows were refused before
	if base, known := all.Domains[c.Type.Schema+"."+c.Type.Name]; known {
		t.Base = base
	}
	if name, other := all.Types[t.Name]; other {
		t.Name = name
	}
	if t.Schema == "pg_catalog" {
		t.Schema = ""
	}
	if c.Unsigned {
		t.Name += " unsigned"
	}
	if e.SQL.CatalogType != nil {
		t.Name = e.SQL.CatalogType(t.Name)
	}
	base := strings.TrimRight(t.Base, "[]")
	for _, s := range r.Catalog.Schemas {
		for _, enum := range s.Enums {
			if base == "" && enum.Name == t.Name || base == enum.Name || base == s.Name+"."+enum.Name {
				t.Enum = true
			}
		}
	}
	return t
}

// queriesOf picks the table's queries by the names that QueryText gave them.
func (r *request) queriesOf(o TableOptions, names map[string]string) (model.Queries, error) {
	var q model.Queries
	targets := map[string]*string{"First": &q.First, "Next": &q.Next, "At": &q.At, "Lookup": &q.Lookup}
	prefix := QueryPrefix(o.Package)
	replace := replacer(names, false)
	for _, query := range r.Queries {
		if target, ok := targets[strings.TrimPrefix(query.Name, prefix)]; ok && strings.HasPrefix(query.Name, prefix) {
			*target = replace.Replace(strings.TrimSuffix(strings.TrimSpace(query.Text), ";"))
		}
	}
	for name, target := range targets {
		if *target == "" {
			return q, fmt.Errorf("query %s%s of table %s is missing in query.sql", prefix, name, o.Table)
		}
	}
	return q, nil
}

// fingerprint digests what decides the code: names, types, nullability, key and fields.
func fingerprint(t *model.Table) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %q %q key %q\n", t.Engine, t.Schema, t.Name, t.KeyColumn().Name)
	if t.Strict {
		fmt.Fprintln(h, "strict")
	}
	for i, c := range t.Columns {
		fmt.Fprintf(h, "%q %q %v %v\n", c.Name, c.Kind.Type, c.Nullable, slices.Contains(t.Fields, i))
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
