package sqlite

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
)

const (
	declare = "declare the key INTEGER PRIMARY KEY AUTOINCREMENT"
	reused  = "keys were used again (a restored backup, an emptied table?): " +
		"set the offset to where to go on, with the command offset set KEY"
)

// column is one of the live table.
type column struct {
	typ     string
	notNull bool
	primary bool // the one column of the primary key
	rowid   bool // the key under which SQLite keeps the row, which is never null and always unique
}

// verify compares the live table with what the code was generated for.
func (s *source[R, K]) verify() error {
	t := &s.table.Table
	live, err := s.columns()
	if err != nil {
		return err
	}
	if len(live) == 0 {
		return replicate.Stop(fmt.Errorf("table %s is not in database %s", t.Name, s.path),
			"create it, or correct %s", replicate.SettingURI)
	}
	key := live[t.KeyColumn]
	for _, c := range t.Columns {
		now, ok := live[c.Name]
		switch {
		case !ok:
			return replicate.Stop(fmt.Errorf("table %s has no column %s any more", t.Name, c.Name), "regenerate: "+t.Regenerate)
		case now.typ != c.Type:
			return replicate.Stop(fmt.Errorf("column %s of table %s is of type %s, the code was generated for %s",
				c.Name, t.Name, now.typ, c.Type), "regenerate: "+t.Regenerate)
		case !now.notNull && !c.Nullable && c.Name != t.KeyColumn:
			return replicate.Stop(fmt.Errorf("column %s of table %s may be null, the code was generated for not null",
				c.Name, t.Name), "regenerate: "+t.Regenerate)
		}
		delete(live, c.Name)
	}
	for name := range live {
		s.warner.Warn("column " + name + " of table " + t.Name + " is new and is not published; to publish it, regenerate: " +
			t.Regenerate)
	}
	if err := s.verifyStrict(); err != nil {
		return err
	}
	return s.verifyKey(key)
}

// verifyStrict wants a STRICT table if the code was generated for one.
func (s *source[R, K]) verifyStrict() error {
	if !s.table.Strict {
		return nil
	}
	strict := false
	err := s.query("SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE", s.table.Name,
		func(row *sqlite.Stmt) error { strict = row.ColumnBool(0); return nil })
	if err != nil {
		return s.classify("read the options of table "+s.table.Name, err)
	}
	if !strict {
		return replicate.Stop(fmt.Errorf("table %s is not STRICT any more, the code was generated for that", s.table.Name),
			"regenerate: "+s.table.Regenerate)
	}
	return nil
}

func (s *source[R, K]) columns() (map[string]column, error) {
	live := map[string]column{}
	keys := 0
	const sql = `SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?)`
	err := s.query(sql, s.table.Name, func(row *sqlite.Stmt) error {
		typ, _, _ := strings.Cut(row.ColumnText(1), "(")
		typ = strings.ToUpper(strings.TrimSpace(typ))
		inKey := row.ColumnInt(3) > 0
		if inKey {
			keys++
		}
		live[row.ColumnText(0)] = column{typ: typ, notNull: row.ColumnBool(2), primary: inKey,
			rowid: inKey && typ == "INTEGER"}
		return nil
	})
	if err != nil {
		return nil, s.classify("read the columns of table "+s.table.Name, err)
	}
	for name, c := range live {
		c.primary, c.rowid = c.primary && keys == 1, c.rowid && keys == 1
		live[name] = c
	}
	return live, nil
}

func (s *source[R, K]) query(sql string, arg any, row func(*sqlite.Stmt) error) error {
	return sqlitex.ExecuteTransient(s.conn, sql, &sqlitex.ExecOptions{Args: []any{arg}, ResultFunc: row})
}

var (
	autoIncrement = regexp.MustCompile(`(?i)\bAUTOINCREMENT\b`)
	// notCode are comments and quoted names and texts in DDL.
	notCode = regexp.MustCompile("(?s)--[^\n]*|/\\*.*?\\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\\[[^\\]]*\\]")
)

// mayLackKeys reports whether a row can be without a key: a primary key that is not the rowid, but an index of its
// own, holds nulls unless it is declared NOT NULL.
func (s *source[R, K]) mayLackKeys(key column) (may bool, err error) {
	if key.notNull {
		return false, nil
	}
	err = s.query("SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'", s.table.Name,
		func(*sqlite.Stmt) error { may = true; return nil })
	if err != nil {
		return false, s.classify("read the indexes of table "+s.table.Name, err)
	}
	return may, nil
}

// verifyKey wants a key that is unique and not null, and learns whether SQLite guarantees that it only grows.
func (s *source[R, K]) verifyKey(key column) error {
	t := &s.table.Table
	ddl := ""
	err := s.query("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE", t.Name,
		func(row *sqlite.Stmt) error { ddl = row.ColumnText(0); return nil })
	if err != nil {
		return s.classify("read the declaration of table "+t.Name, err)
	}
	if s.keyless, err = s.mayLackKeys(key); err != nil {
		return err
	}
	s.autoIncrement = key.rowid && autoIncrement.MatchString(notCode.ReplaceAllString(ddl, " "))
	switch {
	case s.table.AutoIncrement && !s.autoIncrement:
		return replicate.Stop(fmt.Errorf("key %s of table %s is not AUTOINCREMENT any more, the code was generated for that",
			t.KeyColumn, t.Name), declare+", or regenerate: "+t.Regenerate)
	case key.rowid:
		return nil
	case !key.notNull && !key.primary:
		return replicate.Stop(
			fmt.Errorf("key %s of table %s may be null, and rows without a key are never read", t.KeyColumn, t.Name),
			"declare it NOT NULL")
	}
	unique := false
	err = s.query(`SELECT 1 FROM pragma_index_list(?1) AS i WHERE i."unique" AND NOT i.partial
		AND (SELECT count(*) FROM pragma_index_info(i.name)) = 1
		AND (SELECT name FROM pragma_index_info(i.name)) = `+text(t.KeyColumn), t.Name,
		func(*sqlite.Stmt) error { unique = true; return nil })
	if err != nil {
		return s.classify("read the indexes of table "+t.Name, err)
	}
	if !unique {
		return replicate.Stop(fmt.Errorf("key %s of table %s has no unique index", t.KeyColumn, t.Name),
			"create one: CREATE UNIQUE INDEX ... ON "+s.table.Relation+" ("+quote(t.KeyColumn)+")")
	}
	s.warner.Warn("key " + t.KeyColumn + " of table " + t.Name + " is made by the application: " +
		"a row whose key is lower than one that was published is not seen; " + declare)
	return nil
}

func text(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// verifyOffset looks for signs that keys were used again: a table that ends before the offset, or another
// row under the offset's key.
func (s *source[R, K]) verifyOffset(at replicate.Offset) error {
	if at.IsZero() {
		return nil
	}
	key, err := keyset.ParseOffset(&s.table.Table, at)
	if err != nil {
		return err
	}
	if err := s.verifyHighest(key); err != nil || at.Checksum == "" {
		return err
	}
	stmt, err := s.conn.Prepare(s.table.At)
	if err != nil {
		return s.classify("prepare query", err)
	}
	defer stmt.Reset() //nolint:errcheck // Reset repeats Step's error
	stmt.BindInt64(1, int64(key))
	s.row.Stmt = stmt
	s.row.Next()
	found, err := stmt.Step()
	if err != nil {
		return s.classify("read the row at the offset", err)
	}
	if !found {
		return nil
	}
	var r R
	if err := s.table.Scan(&r, &s.row); err != nil {
		return nil // it was published as a dead letter
	}
	return s.table.VerifyRow(at, &r, reused)
}

// verifyHighest stops when the next key that SQLite draws is one that was published: the one after the highest
// of the table, or with AUTOINCREMENT after the highest that ever was.
func (s *source[R, K]) verifyHighest(at K) error {
	var high K
	has := false
	read := func(row *sqlite.Stmt) error {
		if row.ColumnType(0) == sqlite.TypeInteger {
			high, has = K(row.ColumnInt64(0)), true
		}
		return nil
	}
	err := s.query("SELECT max("+quote(s.table.KeyColumn)+") FROM "+s.table.Relation+" WHERE ?", 1, read)
	if err == nil && s.autoIncrement && (!has || high < at) {
		has = false
		err = s.query("SELECT seq FROM sqlite_sequence WHERE name = ? COLLATE NOCASE", s.table.Name, read)
	}
	if err != nil {
		return s.classify("read the highest key", err)
	}
	if has && high >= at {
		return nil
	}
	where := "which is empty"
	if has {
		where = "which is at " + replicate.KeyText(high)
	}
	what := fmt.Errorf("the offset %s is beyond the highest key of table %s, %s: SQLite will use keys again",
		replicate.KeyText(at), s.table.Name, where)
	if s.autoIncrement {
		return replicate.Stop(what, reused)
	}
	return replicate.Stop(what, "the newest rows were deleted, or "+reused+", and "+declare)
}

// Recheck verifies the live table again.
func (s *source[R, K]) Recheck(ctx context.Context) error {
	s.conn.SetInterrupt(ctx.Done())
	return s.verify()
}
