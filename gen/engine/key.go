package engine

import (
	"fmt"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
)

// Key finds a table's key: the column asked for, or the declared primary key. It says why there is none.
func (e *Engine) Key(t *ddl.Table, asked string) (int, error) {
	if t.Problem != nil {
		return -1, t.Fail(t.Problem)
	}
	other := fmt.Sprintf("name a unique, not-null integer column with --primary-key %s=COLUMN", t.QualifiedName())
	declared := ""
	if len(t.PrimaryKey) == 1 {
		declared = t.PrimaryKey[0]
	}
	if asked == "" && declared == "" {
		return -1, t.Fail(fmt.Errorf("table %s has no primary key of one column: %s", t.QualifiedName(), other))
	}
	name := asked
	if name == "" {
		name = declared
	}
	i := t.Column(name)
	if i < 0 {
		return -1, t.Fail(fmt.Errorf("table %s has no column %s to be its key: it has %s",
			t.QualifiedName(), name, strings.Join(t.ColumnNames(), ", ")))
	}
	c := &t.Columns[i]
	kind, err := e.Kind(c.Type)
	switch {
	case err != nil || kind.Key == "":
		return -1, c.FailType(fmt.Errorf("key %s of table %s is of type %s, which is not an integer type: %s",
			c.Name, t.QualifiedName(), c.TypeName(), other))
	case !c.NotNull:
		return -1, c.Fail(fmt.Errorf("key %s of table %s can be null: declare it NOT NULL, or %s",
			c.Name, t.QualifiedName(), other))
	case declared != c.Name && !c.Unique:
		return -1, c.Fail(fmt.Errorf("key %s of table %s is not unique: declare it UNIQUE, or %s",
			c.Name, t.QualifiedName(), other))
	}
	return i, nil
}

// CheckTypes reports the first column whose type is not supported.
func (e *Engine) CheckTypes(t *ddl.Table) error {
	for i := range t.Columns {
		c := &t.Columns[i]
		if _, err := e.Kind(c.Type); err != nil {
			return c.FailType(fmt.Errorf("column %s of table %s: %w", c.Name, t.QualifiedName(), err))
		}
	}
	return nil
}
