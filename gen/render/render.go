// Package render fills in the templates: the keyset queries for sqlc, and the files that --with writes beside the
// code.
package render

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/repliqate/repliqate/gen/configfile"
	"github.com/repliqate/repliqate/gen/model"
	"github.com/repliqate/repliqate/templates"
)

var parsed = template.Must(template.New("").
	Funcs(template.FuncMap{"yaml": quoteYAML, "line": oneLine, "percent": percent, "keys": keys,
		"schema": schemaURL, "dns": dnsName, "json": toJSON, "promql": strconv.Quote, "panels": panels}).
	ParseFS(templates.Files, "*.tmpl"))

var plainYAML = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// switches are YAML 1.1's booleans that are texts in YAML 1.2.
var switches = []string{"on", "off", "yes", "no"}

// quoteYAML writes a name for a configuration, in which ${ begins a variable: between quotes if it is
// anything but a plain word, or is one that YAML, also in its older version, takes for something else.
func quoteYAML(name string) string {
	var value any
	plain := plainYAML.MatchString(name) && !slices.Contains(switches, strings.ToLower(name))
	if plain && yaml.Unmarshal([]byte(name), &value) == nil && value == any(name) {
		return name
	}
	return strconv.QuoteToASCII(strings.ReplaceAll(name, "${", "$${"))
}

// keys are the keys of a configuration, explained, with the values of a table as examples.
func keys(d Data) string {
	fields := make([]string, len(d.Fields))
	for i, f := range d.Fields {
		fields[i] = quoteYAML(f)
	}
	values := map[string]string{"package": d.Package, "table": quoteYAML(d.Table), "key": quoteYAML(d.Key), "uri": d.URI,
		"fields": "[" + strings.Join(fields, ", ") + "]", "sequence": ""}
	if d.Sequence != "" {
		values["sequence"] = quoteYAML(d.Sequence)
	}
	return configfile.YAML(values)
}

// schemaURL is where editors find the schema of a configuration.
func schemaURL() string { return configfile.SchemaURL }

// percent doubles the sign that begins a specifier of systemd.
func percent(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// oneLine is a name for a comment or a description: what can't be printed becomes a space.
func oneLine(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, name)
}

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
	Package, Table, Key, URI string
	Folder                   string   // the package's folder, from the root of its module
	Sequence                 string   // what the key's sequence is called by default; empty: there is none to vouch for
	LocalFile                bool     // the database is a file that the program opens itself
	Fields                   []string // as asked for; empty: all
	Format                   int      // number of the output format
}

// extra is one thing that --with takes: its template, and its file's name, in which * is the package.
type extra struct{ what, template, name string }

var extras = []extra{
	{"config", "config.yaml.tmpl", "config.yaml"},
	{"dockerfile", "Dockerfile.tmpl", "Dockerfile"},
	{"systemd", "systemd.service.tmpl", "repliqate-*.service"},
	{"kubernetes", "kubernetes.yaml.tmpl", "kubernetes.yaml"},
	{"compose", "compose.yaml.tmpl", "compose.yaml"},
	{"prometheus", "prometheus.rules.yaml.tmpl", "repliqate-*.rules.yaml"},
	{"grafana", "grafana.json.tmpl", "repliqate-*.grafana.json"},
}

func (e extra) file(pkg string) string { return strings.ReplaceAll(e.name, "*", pkg) }

// Check reports what --with does not know.
func Check(with []string) error {
	for _, w := range with {
		if !slices.ContainsFunc(extras, func(e extra) bool { return e.what == w }) {
			return fmt.Errorf("--with %s: expected %s", w, Known())
		}
	}
	return nil
}

// Known lists what --with takes.
func Known() string {
	var names []string
	for _, e := range extras {
		names = append(names, e.what)
	}
	return strings.Join(names, ", ")
}

// ExtraNames returns the names that a package's extras have in its folder, by what --with calls them.
func ExtraNames(pkg string) map[string]string {
	names := map[string]string{}
	for _, e := range extras {
		names[e.what] = e.file(pkg)
	}
	return names
}

// Extras renders the files that with names, by their name in the package's folder.
func Extras(d Data, with []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, e := range extras {
		if !slices.Contains(with, e.what) {
			continue
		}
		var b bytes.Buffer
		if err := parsed.ExecuteTemplate(&b, e.template, d); err != nil {
			return nil, fmt.Errorf("render %s: %w", e.what, err)
		}
		out[e.file(d.Package)] = b.Bytes()
	}
	return out, nil
}
