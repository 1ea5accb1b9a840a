// Package templates holds every emitted text that is not Go, embedded: the keyset queries for sqlc, and
// the files that --with writes beside the code.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"text/template"

	"github.com/repliqate/repliqate/gen/model"
)

//go:embed *.tmpl
var files embed.FS

var parsed = template.Must(template.ParseFS(files, "*.tmpl"))

// QueryData is what query.sql is made from.
type QueryData struct {
	Table, Source, Prefix string
	Format                int
	Queries               model.Queries
}

// Query renders query.sql, which sqlc checks against the schema.
func Query(d QueryData) string {
	var b bytes.Buffer
	if err := parsed.ExecuteTemplate(&b, "query.sql.tmpl", d); err != nil {
		panic(err) // the template is embedded and d is complete: a bug
	}
	return b.String()
}

// Data is what the files beside the code are made from.
type Data struct {
	Package, Table, Key, Engine, URI, Out, Module string
	Fields                                        []string
}

// extras maps what --with takes to a template and to the name of the file.
var extras = map[string]struct{ template, name string }{
	"config":     {"config.yaml.tmpl", "config.yaml"},
	"dockerfile": {"Dockerfile.tmpl", "Dockerfile"},
	"systemd":    {"systemd.service.tmpl", "repliqate-%s.service"},
}

// Extras renders the files that with names, by their name in the package's folder.
func Extras(d Data, with []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, w := range with {
		e, ok := extras[w]
		if !ok {
			return nil, fmt.Errorf("--with %s: expected config, dockerfile or systemd", w)
		}
		var b bytes.Buffer
		if err := parsed.ExecuteTemplate(&b, e.template, d); err != nil {
			return nil, fmt.Errorf("render %s: %w", w, err)
		}
		name := e.name
		if w == "systemd" {
			name = fmt.Sprintf(e.name, d.Package)
		}
		out[name] = b.Bytes()
	}
	return out, nil
}
