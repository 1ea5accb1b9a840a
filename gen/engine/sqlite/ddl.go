package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/script"
)

// dialect is what the sqlite3 program takes for the end of a statement.
var dialect = script.Dialect{Backticks: true, Brackets: true, Bodies: true, DotCommands: true}

// reader runs what the files define in an in-memory database, so that SQLite itself says what that is.
type reader struct {
	conn     *sqlite.Conn
	splitter script.Splitter
	sources  map[*script.Source]*ddl.File
	root     *ddl.File // the file that was named, which may include others

	tables   []*ddl.Table
	roots    map[*ddl.Table]*ddl.File
	named    map[*ddl.Table]map[string]int // where CREATE TABLE names columns, by name in lower case
	added    []statement                   // ALTER TABLE statements, for the positions of columns that they add
	mistakes map[string]error              // the first thing that is wrong about a table, by name in lower case
}

// statement is a statement of a file.
type statement struct {
	file     *ddl.File
	pos, end int
}

func (s statement) text() string { return s.file.Text[s.pos:s.end] }

func (s statement) lexemes() []ddl.Lexeme { return ddl.Lexemes(s.text()) }

// statementTimeout bounds a statement, such as CREATE TABLE AS with a recursive query that never ends.
const statementTimeout = 5 * time.Second

func read(files []*ddl.File) error {
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenMemory)
	if err != nil {
		return fmt.Errorf("open an in-memory SQLite database: %w", err)
	}
	defer conn.Close()
	r := &reader{conn: conn, sources: map[*script.Source]*ddl.File{}, roots: map[*ddl.Table]*ddl.File{},
		named: map[*ddl.Table]map[string]int{}, mistakes: map[string]error{}}
	r.splitter = script.Splitter{Dialect: dialect, Open: r.include}
	for _, f := range files {
		src := &script.Source{Name: f.Name, Text: f.Text}
		r.root, r.sources[src] = f, f
		for s := range r.splitter.Statements(src) {
			if err := r.run(statement{r.sources[s.Source], s.Pos, s.End}); err != nil {
				return fmt.Errorf("read the tables of %s: %w", f.Name, err)
			}
		}
		f.Needed = func(wanted map[*ddl.Table]bool) string { return needed(f, wanted) }
	}
	files[0].Notes = append(files[0].Notes, r.splitter.Notes...)
	for _, t := range r.tables {
		if err := r.columns(t); err != nil {
			return fmt.Errorf("read table %s of %s: %w", t.Name, t.File.Name, err)
		}
		t.Mistake = r.mistakes[strings.ToLower(t.Name)]
		root := r.roots[t]
		root.Tables = append(root.Tables, t)
	}
	return nil
}

// include opens a file that another one reads with .read.
func (r *reader) include(path string, from *script.Source) (*script.Source, error) {
	f, err := r.sources[from].Include(path)
	if err != nil {
		return nil, err
	}
	src := &script.Source{Name: f.Name, Text: f.Text}
	r.sources[src] = f
	return src, nil
}

// run runs a statement that decides what tables there are. All others are passed over: a schema file must not
// change anything, wherever it comes from, and what they say need not be right.
func (r *reader) run(s statement) error {
	found := s.lexemes()
	if len(found) == 0 {
		return nil
	}
	if found[0].Is("ATTACH") {
		return r.attach(s, found)
	}
	about, decides := subject(found)
	if !decides {
		s.file.Pass(s.text(), dialect)
		return nil
	}
	err := s.readable(found)
	if err == nil {
		if err = r.step(s.text()); err != nil && r.step(literals(s.text(), found)) == nil {
			err = nil
		}
	}
	if err != nil {
		r.mistaken(s, found, about, err)
		return nil
	}
	return r.follow(s)
}

// readable refuses names that are not text.
func (s statement) readable(found []ddl.Lexeme) error {
	for _, l := range found {
		if s.file.Broken && l.Text[0] != '\'' && strings.ContainsRune(l.Text, utf8.RuneError) {
			return s.file.At(s.pos+l.Pos, errors.New("this is not UTF-8 text: write the file in UTF-8"))
		}
	}
	return nil
}

// subject returns the table that a statement is about, and whether the statement can decide what the table
// is. The tables of SQLite itself, such as sqlite_sequence, are made by it.
func subject(found []ddl.Lexeme) (table string, decides bool) {
	var i int
	switch {
	case begins(found, "CREATE", "VIRTUAL", "TABLE"), begins(found, "CREATE", "UNIQUE", "INDEX"):
		i = 3
	case begins(found, "CREATE", "TABLE"), begins(found, "ALTER", "TABLE"), begins(found, "DROP", "TABLE"),
		begins(found, "DROP", "INDEX"):
		i = 2
	default:
		return "", false
	}
	index := found[i-1].Is("INDEX")
	for i < len(found) && (found[i].Is("IF") || found[i].Is("NOT") || found[i].Is("EXISTS")) {
		i++
	}
	for ; index && i < len(found); i++ { // the table is after ON
		if found[i].Is("ON") {
			i++
			break
		}
	}
	if i+2 < len(found) && found[i+1].Text == "." {
		i += 2
	}
	if i >= len(found) {
		return "", true
	}
	return found[i].Name(), !strings.HasPrefix(strings.ToLower(found[i].Name()), "sqlite_")
}

func begins(found []ddl.Lexeme, words ...string) bool {
	if len(found) < len(words) {
		return false
	}
	for i, w := range words {
		if !found[i].Is(w) {
			return false
		}
	}
	return true
}

// attach makes an empty database of the name of one that is attached: what is created there is in another
// file.
func (r *reader) attach(s statement, found []ddl.Lexeme) error {
	for i, l := range found {
		if l.Is("AS") && i+1 < len(found) {
			if err := r.step("ATTACH ':memory:' AS " + found[i+1].Text); err != nil {
				s.file.Skip(sqliteError(s, err))
				return nil
			}
			s.file.Skip(s.file.At(s.pos, fmt.Errorf("the tables of database %s are in a file of its own: "+
				"give a schema of that one to have them", found[i+1].Name())))
		}
	}
	return nil
}

// step runs a statement. A collation that only the application knows decides nothing about a table, so that any does.
func (r *reader) step(text string) error {
	stmt, _, err := r.conn.PrepareTransient(text)
	for range collationsMax {
		collation := missingCollation(err)
		if collation == "" || r.conn.SetCollation(collation, strings.Compare) != nil {
			break
		}
		stmt, _, err = r.conn.PrepareTransient(text)
	}
	if err != nil || stmt == nil {
		return err
	}
	r.conn.SetInterrupt(timeout())
	_, err = stmt.Step()
	r.conn.SetInterrupt(nil)
	return errors.Join(err, stmt.Finalize())
}

// collationsMax is how many unknown collations a statement may name.
const collationsMax = 20

// missingCollation is the collation that SQLite says it has not, or empty.
func missingCollation(err error) string {
	if err == nil {
		return ""
	}
	_, name, _ := strings.Cut(err.Error(), "no such collation sequence: ")
	return name
}

// literals writes strings between double quotes as SQL has them. The sqlite3 program takes both; SQLite as it
// is built in here does not.
func literals(text string, found []ddl.Lexeme) string {
	out := []byte(text)
	depth := 0
	for i, l := range found {
		switch l.Text {
		case "(":
			depth++
		case ")":
			depth--
		}
		literal := depth > 1 || i > 0 && found[i-1].Is("DEFAULT")
		if literal && l.Text[0] == '"' && len(l.Text) > 1 && !strings.Contains(l.Text, "'") {
			out[l.Pos], out[l.Pos+len(l.Text)-1] = '\'', '\''
		}
	}
	return string(out)
}

// mistaken remembers why a statement can't be run, for the table that it is about. A table that it was to
// create is there all the same, so that it can be asked for.
func (r *reader) mistaken(s statement, found []ddl.Lexeme, about string, err error) {
	placed := sqliteError(s, err)
	known := slices.ContainsFunc(r.tables, func(t *ddl.Table) bool { return strings.EqualFold(t.Name, about) })
	switch {
	case begins(found, "CREATE", "VIRTUAL"), begins(found, "DROP"):
		s.file.Skip(placed)
		return
	case begins(found, "CREATE", "TABLE") && !known && about != "":
		t := &ddl.Table{Name: about, File: s.file, Pos: s.pos + positionOfName(found, about), Problem: placed}
		r.roots[t] = r.root
		r.tables = append(r.tables, t)
	case begins(found, "ALTER", "TABLE") && !known && about != "":
		placed = s.file.At(s.pos+positionOfName(found, about), fmt.Errorf("table %s is not defined before it is "+
			"altered: "+
			"name the files in the order in which they are run, or their folder", about))
		s.file.Skip(placed)
	case !known:
		s.file.Skip(placed)
	}
	if key := strings.ToLower(about); r.mistakes[key] == nil {
		r.mistakes[key] = placed
	}
}

func positionOfName(found []ddl.Lexeme, name string) int {
	for _, l := range found {
		if strings.EqualFold(l.Name(), name) {
			return l.Pos
		}
	}
	return 0
}

func timeout() <-chan struct{} {
	done := make(chan struct{})
	time.AfterFunc(statementTimeout, func() { close(done) })
	return done
}

// sqliteError gives SQLite's error its position in the file, or says what was to be filled in there.
func sqliteError(s statement, err error) error {
	var placed *ddl.Error
	if errors.As(err, &placed) {
		return placed
	}
	pos := s.pos
	if offset, ok := sqlite.ErrorOffset(err); ok {
		pos += offset
	}
	whole := script.Statement{Text: s.text()}
	if p := whole.Placeholder(dialect); p != nil {
		return s.file.At(s.pos+p.Offset, p)
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
	r.tables = slices.DeleteFunc(r.tables, func(t *ddl.Table) bool { return !names[t.Name] && t.Problem == nil })
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
		r.roots[t] = r.root
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

// indexes finds unique columns. A primary key of SQLite that is not the rowid can hold null unless it says NOT NULL,
// which hardly anybody means: it counts as not null, and the run time stops at a row without a key.
func (r *reader) indexes(t *ddl.Table) error {
	err := sqlitex.Execute(r.conn,
		`SELECT min(c.name) FROM pragma_index_list(?) AS i, pragma_index_info(i.name) AS c
		WHERE i."unique" AND NOT i.partial GROUP BY i.name HAVING count(*) = 1 AND min(c.cid) >= 0`, &sqlitex.ExecOptions{
			Args: []any{t.Name},
			ResultFunc: func(row *sqlite.Stmt) error {
				if i := t.Column(row.ColumnText(0)); i >= 0 {
					t.Columns[i].Unique = true
				}
				return nil
			}})
	if len(t.PrimaryKey) == 1 && err == nil {
		t.Columns[t.Column(t.PrimaryKey[0])].NotNull = true
	}
	return err
}
