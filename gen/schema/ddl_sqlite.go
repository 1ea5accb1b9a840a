package schema

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/gen/engine"
)

// sqliteReader runs the files in an in-memory database, so that SQLite itself says what they define.
type sqliteReader struct {
	conn   *sqlite.Conn
	tables []*Table
	added  []statement // ALTER TABLE statements, for the positions of columns that they add
}

// statement is the part of a file between two semicolons.
type statement struct {
	file     *File
	pos, end int
}

func (s statement) lexemes() []lexeme { return lexemes(s.file.text[s.pos:s.end]) }

// statementTimeout bounds a statement, such as CREATE TABLE AS a recursive query without end.
const statementTimeout = 5 * time.Second

func readSQLite(files []*File) error {
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenMemory)
	if err != nil {
		return fmt.Errorf("open an in-memory SQLite database: %w", err)
	}
	defer conn.Close()
	r := &sqliteReader{conn: conn}
	for _, f := range files {
		if err := r.run(f); err != nil {
			return err
		}
		f.needed = func(wanted map[*Table]bool) string { return f.sqliteNeeded(wanted) }
	}
	for _, t := range r.tables {
		if err := r.columns(t); err != nil {
			return fmt.Errorf("read table %s of %s: %w", t.Name, t.file.Name, err)
		}
		t.file.Tables = append(t.file.Tables, t)
	}
	return nil
}

// sqliteNeeded writes the tables as SQLite understood them, with each name between quotes, since sqlc
// changes bare names to lower case and knows less of SQLite's grammar.
func (f *File) sqliteNeeded(wanted map[*Table]bool) string {
	var b strings.Builder
	for _, t := range f.Tables {
		if !wanted[t] {
			continue
		}
		columns := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			columns[i] = "    " + f.types.quoteForSQLC(c.Name) + " " + f.types.sqliteName(c.Type.Name)
			if c.NotNull {
				columns[i] += " NOT NULL"
			}
		}
		b.WriteString("CREATE TABLE " + f.types.quoteForSQLC(t.Name) + " (\n" + strings.Join(columns, ",\n") + "\n);\n")
	}
	return b.String()
}

// quoteForSQLC quotes a name as sqlc reads it, which unquotes names of SQLite like a literal of Go and cuts
// statements short by as many bytes as there are beyond ASCII.
func (t *types) quoteForSQLC(name string) string {
	bare := `"` + name + `"`
	if unquoted, err := strconv.Unquote(bare); err == nil && unquoted == name && isASCII(name) {
		return bare
	}
	literal := strconv.QuoteToASCII(name)
	escaped := `"` + strings.ReplaceAll(literal[1:len(literal)-1], `\"`, `\x22`) + `"`
	t.quoted[escaped] = engine.SQLite.Quote(name)
	return escaped
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// run runs the statements that define something one by one, so that an error has a position. All others
// are compiled only: a schema file is to change nothing, wherever it is from.
func (r *sqliteReader) run(f *File) error {
	for pos := 0; pos < len(f.text); {
		found := lexemes(f.text[pos:])
		if len(found) == 0 {
			return nil
		}
		s := statement{f, pos + found[0].pos, len(f.text)}
		stmt, trailing, err := r.conn.PrepareTransient(f.text[s.pos:])
		if err != nil {
			return sqliteError(s, err)
		}
		if pos = len(f.text) - trailing; pos <= s.pos {
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

func defines(first lexeme) bool { return first.is("CREATE") || first.is("ALTER") || first.is("DROP") }

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
	return s.file.syntax(pos, msg)
}

// follow finds the tables that a statement has added or removed.
func (r *sqliteReader) follow(s statement) error {
	if found := s.lexemes(); len(found) > 0 && found[0].is("ALTER") {
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
	r.tables = slices.DeleteFunc(r.tables, func(t *Table) bool { return !names[t.Name] })
	for _, t := range r.tables {
		delete(names, t.Name)
	}
	for name := range names { // one at most, or a rename
		t := &Table{Name: name, file: s.file, pos: s.pos}
		for _, l := range s.lexemes() {
			if strings.EqualFold(l.name(), name) {
				t.pos = s.pos + l.pos
				break
			}
		}
		r.locate(t, s)
		r.tables = append(r.tables, t)
	}
	return nil
}

// locate remembers where the statement names columns: after the opening bracket and after each comma.
func (r *sqliteReader) locate(t *Table, s statement) {
	t.named = map[string]int{}
	depth, expected := 0, false
	for _, l := range s.lexemes() {
		switch {
		case l.text == "(":
			depth++
			expected = depth == 1
			continue
		case l.text == ")":
			depth--
		case l.text == "," && depth == 1:
			expected = true
			continue
		case expected:
			if _, known := t.named[strings.ToLower(l.name())]; !known {
				t.named[strings.ToLower(l.name())] = s.pos + l.pos
			}
		}
		expected = false
		if l.is("AUTOINCREMENT") {
			t.AutoIncrement = true
		}
	}
}

// columns reads what SQLite knows of a table.
func (r *sqliteReader) columns(t *Table) error {
	keys := map[int]string{}
	err := sqlitex.Execute(r.conn,
		`SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden <> 1`, &sqlitex.ExecOptions{
			Args: []any{t.Name},
			ResultFunc: func(row *sqlite.Stmt) error {
				c := Column{Name: row.ColumnText(0), typeText: row.ColumnText(1), NotNull: row.ColumnBool(2)}
				name, _, _ := strings.Cut(c.typeText, "(")
				c.Type = engine.Type{Name: strings.TrimSpace(name)}
				c.file, c.pos = r.positionOf(t, c.Name)
				c.typePos = c.file.typeAt(c.pos, c.typeText)
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
	return r.indexes(t)
}

// typeAt returns where the type of the column at pos is, which SQLite has words of; without a type it is
// where the column is.
func (f *File) typeAt(pos int, declared string) int {
	found, words := lexemes(f.text[pos:]), lexemes(declared)
	if len(found) > 1 && len(words) > 0 && strings.EqualFold(found[1].name(), words[0].name()) {
		return pos + found[1].pos
	}
	return pos
}

// positionOf finds where a column is defined: in CREATE TABLE, or in an ALTER TABLE that added it.
func (r *sqliteReader) positionOf(t *Table, column string) (*File, int) {
	if pos, ok := t.named[strings.ToLower(column)]; ok {
		return t.file, pos
	}
	for _, s := range r.added {
		found := s.lexemes()
		for i, l := range found {
			if i > 2 && strings.EqualFold(l.name(), column) && strings.EqualFold(found[2].name(), t.Name) {
				return s.file, s.pos + l.pos
			}
		}
	}
	return t.file, t.pos
}

// indexes finds unique columns. A key without an index of its own is the rowid, which is never null; any
// other key of SQLite can be null unless it says NOT NULL.
func (r *sqliteReader) indexes(t *Table) error {
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

// sqliteName is what sqlc is told for a declared type: the type itself where that is one plain word,
// since sqlc joins several to one and has a name of its own for none.
func (t *types) sqliteName(declared string) string {
	found := lexemes(declared)
	if len(found) == 1 && found[0].text == declared && declared[0] >= 'A' && isWord(rune(declared[0])) {
		return declared
	}
	for name, known := range t.names {
		if known == declared {
			return name
		}
	}
	name := fmt.Sprintf("repliqate_type_%d", len(t.names)+1)
	t.names[name] = declared
	return name
}
