package daemon

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/internal/nearest"
	"github.com/repliqate/repliqate/replicate"
)

// generated is what the configuration must agree with.
type generated struct {
	table, key, regenerate string
	fields, columns        []string
}

func describe[R any, K replicate.Key](t *replicate.Table[R, K]) generated {
	g := generated{table: t.Name, key: t.KeyColumn, regenerate: t.Regenerate, fields: t.Fields}
	for _, c := range t.Columns {
		g.columns = append(g.columns, c.Name)
	}
	return g
}

// agree compares the configuration with the generated code, and finds the columns of the message key.
func (c *Config) agree(g generated) error {
	all, _, _ := strings.Cut(g.regenerate, " --fields")
	switch {
	case !sameTable(c.Table, g.table):
		return c.fault(sourceKey+"table", "it is %s, this program was generated for %s; run the one for your table, "+
			"or generate it: repliqate-gen --config %s --schema FILE",
			c.shown(sourceKey+"table", c.Table, nameMax), g.table, c.file)
	case c.PrimaryKey != g.key && unquote(c.PrimaryKey) != g.key:
		return c.fault(sourceKey+"primary_key",
			"it is %s, this program was generated for %s; regenerate: %s --primary-key %s",
			c.shown(sourceKey+"primary_key", c.PrimaryKey, nameMax), g.key,
			otherKey.ReplaceAllString(g.regenerate, ""), c.argument(sourceKey+"primary_key", c.PrimaryKey))
	case len(c.Fields) > 0 && !sameSet(c.Fields, g.fields):
		return c.fault(sourceKey+"fields", "they are %s, this program was generated for %s; regenerate: %s --fields %s",
			c.shown(sourceKey+"fields", strings.Join(c.Fields, ", "), namesMax), strings.Join(g.fields, ", "), all,
			c.argument(sourceKey+"fields", strings.Join(c.Fields, ",")))
	case len(c.Fields) == 0 && len(g.fields) < len(g.columns):
		return c.fault(sourceKey+"fields", "they are all columns, this program was generated for %s; regenerate: %s",
			strings.Join(g.fields, ", "), all)
	}
	return c.findKey(g)
}

// nameMax and namesMax are how much of a name, or of several, an error repeats.
const (
	nameMax  = 100
	namesMax = 1000
)

var otherKey = regexp.MustCompile(` --primary-key ('[^']*'|[^ ']+)`)

var inShell = regexp.MustCompile(`^[A-Za-z0-9_.,=/-]+$`)

// argument writes a value as an argument of a command that can be copied, or a word in its place where it
// is not shown.
func (c *Config) argument(key, text string) string {
	switch {
	case !strings.HasPrefix(c.shown(key, text, namesMax), `"`):
		return "NAMES"
	case inShell.MatchString(text):
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// sameTable compares the table as the configuration names it with the one that the code was generated
// for, which has its schema where that is not the default. A name may have its quotes and its schema, or
// not: this program knows one table alone.
func sameTable(configured, name string) bool {
	if configured == name {
		return true
	}
	parts, ok := splitName(configured)
	if !ok {
		return false
	}
	for _, schema := range []string{"public", "main"} {
		if len(parts) == 2 && parts[0] == schema && parts[1] == name {
			return true
		}
	}
	return strings.Join(parts, ".") == name
}

// splitName splits a name at the dots outside quotes, and takes the quotes away.
func splitName(s string) (parts []string, ok bool) {
	for {
		var part string
		if strings.HasPrefix(s, `"`) {
			end := 1
			for ; end < len(s); end++ {
				if s[end] != '"' {
					continue
				}
				if !strings.HasPrefix(s[end:], `""`) {
					break
				}
				end++
			}
			if end >= len(s) {
				return nil, false
			}
			part, s = strings.ReplaceAll(s[1:end], `""`, `"`), s[end+1:]
		} else {
			end := strings.IndexByte(s+".", '.')
			part, s = s[:end], s[end:]
		}
		parts = append(parts, part)
		if s == "" {
			return parts, true
		}
		if s[0] != '.' {
			return nil, false
		}
		s = s[1:]
	}
}

func unquote(s string) string {
	if parts, ok := splitName(s); ok && len(parts) == 1 {
		return parts[0]
	}
	return s
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// findKey finds the columns of the message key.
func (c *Config) findKey(g generated) error {
	if len(c.Key) == 1 && c.Key[0] == "none" && !slices.Contains(g.columns, "none") {
		c.messageKey = replicate.MessageKey{None: true}
		return nil
	}
	var columns []int
	for _, name := range c.Key {
		i := slices.Index(g.columns, name)
		switch {
		case i < 0:
			return c.fault(kafkaKey+"key", "%s is not among the columns that this program reads, which are %s: "+
				"the nearest is %s; a column that is not published can't be part of the key",
				c.shown(kafkaKey+"key", name, nameMax), strings.Join(g.columns, ", "), nearest.Of(name, g.columns))
		case slices.Contains(columns, i):
			return c.fault(kafkaKey+"key", "column %s stands there twice", name)
		}
		columns = append(columns, i)
	}
	if len(columns) != 1 || g.columns[columns[0]] != g.key { // the primary key alone is the default
		c.messageKey.Columns = columns
	}
	return nil
}

// place adds file, line and the rest of the key to an error of a part, which begins with the end of its
// setting's name: sql_source.uri, kafka_target.tls.ca_file, redis_addr.
func (c *Config) place(err error) error {
	name := partKey.FindString(err.Error())
	for _, full := range paths("", c.keys()) {
		if name != "" && (full == name || strings.HasSuffix(full, "."+name)) {
			return fmt.Errorf("%s:%d: %s%w", c.file, c.line(full), full[:len(full)-len(name)], err)
		}
	}
	return fmt.Errorf("%s: %w", c.file, err)
}

var partKey = regexp.MustCompile(`^[a-z_]+(\.[a-z_]+)*`)

// paths are the full names of all keys that there are, mappings too.
func paths(path string, r reader) []string {
	k, isMapping := r.(keys)
	if !isMapping {
		return []string{path}
	}
	var out []string
	if path != "" {
		out = append(out, path)
	}
	for _, name := range k.names() {
		out = append(out, paths(strings.TrimPrefix(path+"."+name, "."), k.known[name])...)
	}
	return out
}
