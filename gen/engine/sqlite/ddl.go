package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/gen/ddl"
)

// reader runs the files in an in-memory database, so that SQLite itself says what they define.
type reader struct {
	conn   *sqlite.Conn
	tables []*ddl.Table
	named  map[*ddl.Table]map[string]int // where CREATE TABLE names columns, by name in lower case
	added  []statement                   // ALTER TABLE statements, for the positions of columns that they add
}

// statement is the part of a file between two semicolons.
type statement struct {
	file     *ddl.File
	pos, end int
}

func (s statement) lexemes() []ddl.Lexeme { return ddl.Lexemes(s.file.Text[s.pos:s.end]) }

// statementTimeout bounds a statement, such as CREATE TABLE AS with a recursive query that never ends.
const statementTimeout = 5 * time.Second

func read(files []*ddl.File) error {
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenMemory)
	if err != nil {
		return fmt.Errorf("open an in-memory SQLite database: %w", err)
	}
	defer conn.Close()
	r := &reader{conn: conn, named: map[*ddl.Table]map[string]int{}}
	for _, f := range files {
		if err := r.run(f); err != nil {
			return err
		}
		f.Needed = func(wanted map[*ddl.Table]bool) string { return needed(f, wanted) }
	}
	for _, t := range r.tables {
		if err := r.columns(t); err != nil {
			return fmt.Errorf("read table %s of %s: %w", t.Name, t.File.Name, err)
		}
		t.File.Tables = append(t.File.Tables, t)
	}
	return nil
}

// run runs the statements that define something one by one, so that an error has a position. All others
// are only compiled: a schema file must not change anything, wherever it comes from.
func (r *reader) run(f *ddl.File) error {
	for pos := 0; pos < len(f.Text); {
		found := ddl.Lexemes(f.Text[pos:])
		if len(found) == 0 {
			return nil
		}
		s := statement{f, pos + found[0].Pos, len(f.Text)}
		stmt, trailing, err := r.conn.PrepareTransient(f.Text[s.pos:])
		if err != nil {
			return sqliteError(s, err)
		}
		if pos = len(f.Text) - trailing; pos <= s.pos {
			return nil
		}
		if stmt == nil {
			continue
		}
		s.end = pos
		if defines(found[0]) {
			r.conn.SetInterrupt(timeout())
			_, err = stmt.Step()
			r.conn.SetInterrupt(nil)
		}
		if err = errors.Join(err, stmt.Finalize()); err != nil {
			return sqliteError(s, err)
		}
		if err := r.follow(s); err != nil {
			return fmt.Errorf("read the tables of %s: %w", f.Name, err)
		}
	}
	return nil
}

func timeout() <-chan struct{} {
	done := make(chan struct{})
	time.AfterFunc(statementTimeout, func() { close(done) })
	return done
}

func defines(first ddl.Lexeme) bool {
	return first.Is("CREATE") || first.Is("ALTER") || first.Is("DROP")
}

// sqliteError gives SQLite's error its position in the file.
func sqliteError(s statement, err error) error {
	pos := s.pos
	if offset, ok := sqlite.ErrorOffset(err); ok {
		pos += offset
	}
	msg := err.Error()
	if _, said, ok := strings.Cut(msg, "SQL logic error: "); ok {
		msg = said
	}
	return s.file.Syntax(pos, msg)
}

// follow finds the tables that a statement has added or removed.
func (r *reader) follow(s statement) error {
	if found := s.lexemes(); len(found) > 0 && found[0].Is("ALTER") {
		r.added = append(r.added, s)
	}
	names := map[string]bool{}
	err := sqlitex.Execute(r.conn, `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
		AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`, &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
		names[row.ColumnText(0)] = true
		return nil
	}})
	if err != nil {
		return err
	}
	r.tables = slices.DeleteFunc(r.tables, func(t *ddl.Table) bool { return !names[t.Name] })
	for _, t := range r.tables {
		delete(names, t.Name)
	}
	for name := range names { // one at most, or a rename
		t := &ddl.Table{Name: name, File: s.file, Pos: s.pos}
		for _, l := range s.lexemes() {
			if strings.EqualFold(l.Name(), name) {
				t.Pos = s.pos + l.Pos
				break
			}
		}
		r.locate(t, s)
		r.tables = append(r.tables, t)
	}
	return nil
}

// locate remembers where the statement names columns: after the opening bracket and after each comma.
func (r *reader) locate(t *ddl.Table, s statement) {
	named := map[string]int{}
	r.named[t] = named
	depth, expected := 0, false
	for _, l := range s.lexemes() {
		switch {
		case l.Text == "(":
			depth++
			expected = depth == 1
			continue
		case l.Text == ")":
			depth--
		case l.Text == "," && depth == 1:
			expected = true
			continue
		case expected:
			if _, known := named[strings.ToLower(l.Name())]; !known {
				named[strings.ToLower(l.Name())] = s.pos + l.Pos
			}
		}
		expected = false
		if l.Is("AUTOINCREMENT") {
			t.AutoIncrement = true
		}
	}
}

// columns reads what SQLite knows of a table.
func (r *reader) columns(t *ddl.Table) error {
	keys := map[int]string{}
	err := sqlitex.Execute(r.conn,
		`SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden <> 1`, &sqlitex.ExecOptions{
			Args: []any{t.Name},
			ResultFunc: func(row *sqlite.Stmt) error {
				c := ddl.Column{Name: row.ColumnText(0), TypeText: row.ColumnText(1), NotNull: row.ColumnBool(2)}
				name, _, _ := strings.Cut(c.TypeText, "(")
				c.Type = ddl.Type{Name: strings.TrimSpace(name)}
				c.File, c.Pos = r.positionOf(t, c.Name)
				c.TypePos = typeAt(c.File, c.Pos, c.TypeText)
				if pk := row.ColumnInt(3); pk > 0 {
					keys[pk] = c.Name
				}
				t.Columns = append(t.Columns, c)
				return nil
			}})
	if err != nil {
		return err
	}
	for i := 1; i <= len(keys); i++ {
		t.PrimaryKey = append(t.PrimaryKey, keys[i])
	}
	err = sqlitex.Execute(r.conn, "SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = ?",
		&sqlitex.ExecOptions{Args: []any{t.Name}, ResultFunc: func(row *sqlite.Stmt) error {
			t.Strict = row.ColumnBool(0)
			return nil
		}})
	for i := range t.Columns {
		t.Columns[i].Type.Strict = t.Strict
	}
	return errors.Join(err, r.indexes(t))
}

// typeAt returns the position of the type of the column at pos, as SQLite spells it; a column without a type has
// its own.
func typeAt(f *ddl.File, pos int, declared string) int {
	found, words := ddl.Lexemes(f.Text[pos:]), ddl.Lexemes(declared)
	if len(found) > 1 && len(words) > 0 && strings.EqualFold(found[1].Name(), words[0].Name()) {
		return pos + found[1].Pos
	}
	return pos
}

// positionOf finds where a column is defined: in CREATE TABLE, or in an ALTER TABLE that added it.
func (r *reader) positionOf(t *ddl.Table, column string) (*ddl.File, int) {
	if pos, ok := r.named[t][strings.ToLower(column)]; ok {
		return t.File, pos
	}
	for _, s := range r.added {
		found := s.lexemes()
		for i, l := range found {
			if i > 2 && strings.EqualFold(l.Name(), column) && strings.EqualFold(found[2].Name(), t.Name) {
				return s.file, s.pos + l.Pos
			}
		}
	}
	return t.File, t.Pos
}

// indexes finds unique columns. A key without an index of its own is the rowid, which is never null; any
// other key of SQLite can be null unless it says NOT NULL.
func (r *reader) indexes(t *ddl.Table) error {
	keyIndex := false
	err := sqlitex.Execute(r.conn,
		`SELECT min(c.name), i.origin FROM pragma_index_list(?) AS i, pragma_index_info(i.name) AS c
		WHERE i."unique" AND NOT i.partial GROUP BY i.name HAVING count(*) = 1 AND min(c.cid) >= 0`, &sqlitex.ExecOptions{
			Args: []any{t.Name},
			ResultFunc: func(row *sqlite.Stmt) error {
				keyIndex = keyIndex || row.ColumnText(1) == "pk"
				if i := t.Column(row.ColumnText(0)); i >= 0 {
					t.Columns[i].Unique = true
				}
				return nil
			}})
	if len(t.PrimaryKey) == 1 && !keyIndex && err == nil {
		t.Columns[t.Column(t.PrimaryKey[0])].NotNull = true
	}
	return err
}
