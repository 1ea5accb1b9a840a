package schema

import (
	"errors"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/gen/engine"
)

// readSQLite runs the file in an in-memory database, so that SQLite itself says what it defines.
func (f *File) readSQLite() error {
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenMemory)
	if err != nil {
		return fmt.Errorf("open an in-memory SQLite database: %w", err)
	}
	defer conn.Close()
	if err := f.runSQLite(conn); err != nil {
		return err
	}
	f.SQL = f.text
	definitions := map[*Table]string{}
	err = sqlitex.Execute(conn, `SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY rowid`, &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
		t := &Table{Name: row.ColumnText(0), file: f}
		t.pos = max(strings.Index(f.text, t.Name), 0)
		t.AutoIncrement = strings.Contains(strings.ToUpper(row.ColumnText(1)), "AUTOINCREMENT")
		definitions[t] = row.ColumnText(1)
		f.Tables = append(f.Tables, t)
		return nil
	}})
	if err != nil {
		return fmt.Errorf("read the tables of %s: %w", f.Name, err)
	}
	for _, t := range f.Tables {
		if err := t.readSQLiteColumns(conn); err != nil {
			return err
		}
	}
	f.needed = func(tables []*Table) string {
		var b strings.Builder
		for _, t := range tables {
			b.WriteString(definitions[t] + ";\n")
		}
		return b.String()
	}
	return nil
}

// runSQLite runs the statements one by one, so that an error has a position.
func (f *File) runSQLite(conn *sqlite.Conn) error {
	rest := f.text
	for strings.TrimSpace(rest) != "" {
		pos := len(f.text) - len(rest)
		stmt, trailing, err := conn.PrepareTransient(rest)
		if err == nil && stmt == nil {
			return nil // only comments are left
		}
		if err == nil {
			_, err = stmt.Step()
			err = errors.Join(err, stmt.Finalize())
		}
		if err != nil {
			if offset, ok := sqlite.ErrorOffset(err); ok {
				pos += offset
			} else {
				pos += len(rest) - len(strings.TrimLeft(rest, " \t\r\n"))
			}
			return f.at(pos, wordAt(f.text, pos), err)
		}
		rest = rest[len(rest)-trailing:]
	}
	return nil
}

func (t *Table) readSQLiteColumns(conn *sqlite.Conn) error {
	keys := map[int]string{}
	err := sqlitex.Execute(conn, "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(?) WHERE hidden <> 1", &sqlitex.ExecOptions{
		Args: []any{t.Name},
		ResultFunc: func(row *sqlite.Stmt) error {
			c := Column{Name: row.ColumnText(0), Type: engine.Type{Name: row.ColumnText(1)}, NotNull: row.ColumnBool(2)}
			if i := strings.IndexByte(c.Type.Name, '('); i >= 0 {
				c.Type.Name = strings.TrimSpace(c.Type.Name[:i])
			}
			c.pos = t.pos + max(strings.Index(t.file.text[t.pos:], c.Name), 0)
			if pk := row.ColumnInt(3); pk > 0 {
				keys[pk] = c.Name
			}
			t.Columns = append(t.Columns, c)
			return nil
		}})
	if err != nil {
		return fmt.Errorf("read the columns of table %s in %s: %w", t.Name, t.file.Name, err)
	}
	for i := 1; i <= len(keys); i++ {
		t.PrimaryKey = append(t.PrimaryKey, keys[i])
	}
	return t.readSQLiteUnique(conn)
}

func (t *Table) readSQLiteUnique(conn *sqlite.Conn) error {
	return sqlitex.Execute(conn, `SELECT min(c.name) FROM pragma_index_list(?) AS i, pragma_index_info(i.name) AS c
		WHERE i."unique" AND NOT i.partial GROUP BY i.name HAVING count(*) = 1`, &sqlitex.ExecOptions{
		Args: []any{t.Name},
		ResultFunc: func(row *sqlite.Stmt) error {
			if i := t.Column(row.ColumnText(0)); i >= 0 {
				t.Columns[i].Unique = true
			}
			return nil
		}})
}
