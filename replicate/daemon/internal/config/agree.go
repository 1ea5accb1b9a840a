package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/internal/nearest"
	"github.com/repliqate/repliqate/replicate"
)

// Generated is what the configuration must agree with: the table that the code was generated for.
type Generated struct {
	Table, Key, Regenerate string // Regenerate is the command that generated it
	Fields, Columns        []string
}

// Describe describes a generated table.
func Describe[R any, K replicate.Key](t *replicate.Table[R, K]) Generated {
	g := Generated{Table: t.Name, Key: t.KeyColumn, Regenerate: t.Regenerate, Fields: t.Fields}
	for _, c := range t.Columns {
		g.Columns = append(g.Columns, c.Name)
	}
	return g
}

// Agree compares the configuration with the generated code, and finds the columns of the message key.
func (c *Config) Agree(g Generated) error {
	all, _, _ := strings.Cut(g.Regenerate, " --fields")
	switch {
	case !sameTable(c.Table, g.Table):
		return c.doc.Fault(sourceKey+"table", "it is %s, but this program was generated for %s; run the one for your table, "+
			"or generate it: repliqate-gen --config %s --schema FILE",
			c.doc.Shown(sourceKey+"table", c.Table, nameMax), g.Table, c.File())
	case c.PrimaryKey != g.Key && unquote(c.PrimaryKey) != g.Key:
		return c.doc.Fault(sourceKey+"primary_key",
			"it is %s, but this program was generated for %s; regenerate: %s --primary-key %s",
			c.doc.Shown(sourceKey+"primary_key", c.PrimaryKey, nameMax), g.Key,
			otherKey.ReplaceAllString(g.Regenerate, ""), c.argument(sourceKey+"primary_key", c.PrimaryKey))
	case len(c.Fields) > 0 && !sameSet(c.Fields, g.Fields):
		return c.doc.Fault(sourceKey+"fields",
			"they are %s, but this program was generated for %s; regenerate: %s --fields %s",
			c.doc.Shown(sourceKey+"fields", strings.Join(c.Fields, ", "), namesMax), strings.Join(g.Fields, ", "), all,
			c.argument(sourceKey+"fields", strings.Join(c.Fields, ",")))
	case len(c.Fields) == 0 && len(g.Fields) < len(g.Columns):
		return c.doc.Fault(sourceKey+"fields", "they are all columns, but this program was generated for %s; regenerate: %s",
			strings.Join(g.Fields, ", "), all)
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
	case !strings.HasPrefix(c.doc.Shown(key, text, namesMax), `"`):
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
func (c *Config) findKey(g Generated) error {
	if len(c.Key) == 1 && c.Key[0] == "none" && !slices.Contains(g.Columns, "none") {
		c.messageKey, c.Kafka.NoKey = replicate.MessageKey{None: true}, true
		return nil
	}
	var columns []int
	for _, name := range c.Key {
		i := slices.Index(g.Columns, name)
		switch {
		case i < 0:
			return c.doc.Fault(kafkaKey+"key", "%s is not among the columns that this program reads, which are %s: "+
				"the nearest is %s; a column that is not published can't be part of the key",
				c.doc.Shown(kafkaKey+"key", name, nameMax), strings.Join(g.Columns, ", "), nearest.Of(name, g.Columns))
		case slices.Contains(columns, i):
			return c.doc.Fault(kafkaKey+"key", "column %s is listed twice", name)
		}
		columns = append(columns, i)
	}
	if len(columns) != 1 || g.Columns[columns[0]] != g.Key { // the primary key alone is the default
		c.messageKey.Columns = columns
	}
	return nil
}
