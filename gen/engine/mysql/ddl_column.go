package mysql

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/script"
)

// binaryCharset is the character set in which texts are bytes.
const binaryCharset = "binary"

func errNotThere(n name) error {
	return fmt.Errorf("table %s is not defined before: name the files in the order in which they are run, or their "+
		"folder", n)
}

// addColumn reads the definition of a column and adds it at the end.
func (t *table) addColumn(c *cursor) error {
	column, err := t.readColumn(c)
	if err != nil {
		return err
	}
	if t.column(column.Name) >= 0 {
		return column.Fail(fmt.Errorf("column %s is defined twice", column.Name))
	}
	t.columns = append(t.columns, column)
	return nil
}

// readColumn reads the definition of a column.
func (t *table) readColumn(c *cursor) (*column, error) {
	col := &column{Column: ddl.Column{File: c.file, Pos: c.pos()}}
	var err error
	if col.Name, err = c.name(); err != nil {
		return nil, err
	}
	if c.done() {
		return nil, c.unexpected("the type of column " + col.Name)
	}
	col.TypePos = c.pos()
	if err := col.readType(t, c); err != nil {
		return nil, err
	}
	for !c.done() && !c.is("FIRST") && !c.is("AFTER") {
		if err := col.attribute(t, c); err != nil {
			return nil, err
		}
	}
	return col, nil
}

// phrases are types of several words, longest first, and what they are called here.
var phrases = []struct{ words, name string }{
	{"DOUBLE PRECISION", "double"},
	{"LONG CHARACTER VARYING", "mediumtext"}, {"LONG CHAR VARYING", "mediumtext"}, {"LONG VARCHAR", "mediumtext"},
	{"LONG VARBINARY", "mediumblob"}, {"LONG", "mediumtext"},
	{"NATIONAL CHARACTER VARYING", "varchar"}, {"NATIONAL CHAR VARYING", "varchar"}, {"NATIONAL VARCHARACTER", "varchar"},
	{"NATIONAL VARCHAR", "varchar"}, {"NATIONAL CHARACTER", "char"}, {"NATIONAL CHAR", "char"},
	{"NCHAR VARCHARACTER", "varchar"}, {"NCHAR VARCHAR", "varchar"}, {"NCHAR VARYING", "varchar"},
	{"CHARACTER VARYING", "varchar"}, {"CHAR VARYING", "varchar"},
}

// readType reads a type: its name, what stands between brackets, and what belongs to numbers and texts.
func (c *column) readType(t *table, from *cursor) error {
	national := from.is("NATIONAL|NCHAR|NVARCHAR")
	called, start := "", from.i
	for _, p := range phrases {
		if from.accept(strings.Fields(p.words)...) {
			called = p.name
			break
		}
	}
	if called == "" {
		n, err := from.name()
		if err != nil {
			return from.unexpected("the type of column " + c.Name)
		}
		called = strings.ToLower(n)
	}
	c.TypeText = written(from.words[start:from.i])
	if national {
		c.charset = "utf8"
	}
	if called == "serial" {
		called = "bigint unsigned"
		c.serial(t)
	}
	var args []script.Lexeme
	if from.is("(") {
		var err error
		if args, err = from.brackets(); err != nil {
			return err
		}
	}
	if row, known := byName[called]; known {
		called = row.live()
	}
	c.Type.Name, c.length = called, -1
	if len(args) > 0 {
		if n, err := strconv.Atoi(args[0].Text); err == nil {
			c.length = n
		}
	}
	if called == "float" && len(args) == 1 && c.length > 24 {
		c.Type.Name = "double"
	}
	return nil
}

// serial is what SERIAL says of a column besides its type.
func (c *column) serial(t *table) {
	c.NotNull, c.Generated = true, true
	t.AutoIncrement = true
	t.uniques[strings.ToLower(c.Name)] = []string{c.Name}
}

// written is a text as it was written, with single spaces.
func written(words []script.Lexeme) string { return strings.Join(texts(words), " ") }

// attribute reads what follows a column's type: one attribute.
func (c *column) attribute(t *table, from *cursor) error {
	switch {
	case from.accept("UNSIGNED"), from.accept("ZEROFILL"):
		if !strings.HasSuffix(c.Type.Name, " unsigned") && c.Type.Name != "year" {
			c.Type.Name += " unsigned"
		}
	case from.accept("NOT", "NULL"):
		c.NotNull = true
	case from.accept("NULL"):
		c.NotNull = c.Generated
	case from.accept("AUTO_INCREMENT"), from.accept("AUTOINCREMENT"):
		c.Generated, c.NotNull, t.AutoIncrement = true, true, true
	case from.accept("SERIAL", "DEFAULT", "VALUE"):
		c.serial(t)
	case from.accept("PRIMARY", "KEY"), from.accept("PRIMARY"), from.accept("KEY"):
		t.key, c.NotNull = []string{c.Name}, true
	case from.accept("UNIQUE"):
		from.accept("KEY")
		t.uniques[strings.ToLower(c.Name)] = []string{c.Name}
	case from.accept("COMMENT"):
		c.Comment = unquote(from.take())
	case from.accept("CHARACTER", "SET"), from.accept("CHARSET"):
		from.accept("=")
		c.charset = charsetOf(from.take())
	case from.accept("COLLATE"):
		from.accept("=")
		if charset := charsetOf(from.take()); c.charset == "" {
			c.charset = charset
		}
	case from.accept("BYTE"):
		c.charset = binaryCharset
	case from.accept("ASCII"):
		c.charset = "latin1"
	case from.accept("UNICODE"):
		c.charset = "ucs2"
	case from.accept("DEFAULT"):
		return from.expression()
	case from.is("CHECK"):
		return c.check(from)
	default:
		return c.passed(from)
	}
	return nil
}

// check reads a check, by which MariaDB's JSON is told from a LONGTEXT.
func (c *column) check(from *cursor) error {
	from.i++
	words, err := from.brackets()
	if err != nil {
		return err
	}
	valid := len(words) == 4 && words[0].Is("json_valid") && strings.EqualFold(unquote(words[2].Text), c.Name)
	if valid && c.Type.Name == "longtext" {
		c.Type.Name = "json"
	}
	return nil
}

// Attributes that decide nothing here: some stand alone, some have one word, and some an expression.
const (
	alone = "SIGNED|BINARY|INVISIBLE|VISIBLE|VIRTUAL|STORED|PERSISTENT|ENFORCED|GENERATED|ALWAYS|COMPRESSED|" +
		"CLUSTERED|NONCLUSTERED|HIDDEN"
	withWord = "COLUMN_FORMAT|STORAGE|SRID|ENGINE_ATTRIBUTE|SECONDARY_ENGINE_ATTRIBUTE|CONSTRAINT"
)

// passed moves on behind an attribute that decides nothing here.
func (c *column) passed(from *cursor) error {
	switch {
	case from.accept("NOT", "SECONDARY|ENFORCED"), from.accept("WITH|WITHOUT", "SYSTEM", "VERSIONING"):
	case from.accept("GENERATED", "ALWAYS", "AS", "ROW", "START|END"), from.accept("AS", "ROW", "START|END"):
	case from.accept("COMPRESSED", "="):
		from.i++
	case from.accept(alone):
	case from.accept("CONSTRAINT") && from.is("CHECK"):
	case from.accept(withWord):
		from.accept("=")
		from.i++
	case from.accept("AS", "("):
		from.i--
		_, err := from.brackets()
		return err
	case from.accept("ON", "UPDATE|DELETE"):
		return from.expression()
	case from.accept("REFERENCES"):
		if _, _, err := from.relation(); err != nil {
			return err
		}
		if from.is("(") {
			_, err := from.brackets()
			return err
		}
	case from.accept("MATCH", "FULL|PARTIAL|SIMPLE"):
	case from.i+1 < len(from.words) && from.words[from.i+1].Text == "=":
		from.i += 3 // an attribute that an engine of MariaDB has
	default:
		return from.unexpected("an attribute of column " + c.Name)
	}
	return nil
}

// operators may stand between the operands of a default.
const operators = "+-*/%|"

// expression moves on behind a default, or what a reference does: a word, a string, a number or an expression.
func (c *cursor) expression() error {
	if c.done() {
		return c.unexpected("a value")
	}
	switch {
	case c.accept("SET", "NULL|DEFAULT"), c.accept("NO", "ACTION"):
		return nil
	case c.is("("):
		_, err := c.brackets()
		return err
	case c.accept("-|+"):
	case c.accept("INTERVAL"):
		err := c.expression()
		c.i++ // its unit
		return err
	case c.accept("NEXT|PREVIOUS", "VALUE", "FOR"):
		_, _, err := c.relation()
		return err
	}
	start := c.i
	c.i++
	for !c.done() && c.words[c.i].Pos == c.words[c.i-1].End && !c.is("(") {
		c.i++ // b'1', _utf8mb4'x', 1.5, and a sequence's name
	}
	if c.is("(") && (c.words[c.i].Pos == c.words[c.i-1].End || isFunction(c.words[start].Text)) {
		if _, err := c.brackets(); err != nil {
			return err
		}
	}
	for !c.done() && strings.Contains(operators, c.text()) { // MariaDB takes expressions without brackets
		c.i++
		if err := c.expression(); err != nil {
			return err
		}
	}
	if word := c.words[start].Text; word[0] == '_' && !c.done() && c.text()[0] == '\'' {
		c.i++
	}
	for !c.done() && c.text()[0] == '\'' { // strings that stand side by side are one
		c.i++
	}
	return nil
}

func isFunction(word string) bool {
	return ddl.IsWord(rune(word[0])) && (word[0] < '0' || word[0] > '9') && word[0] != '_'
}

// asBinary are what texts in the character set binary are, as the server makes them.
var asBinary = map[string]string{"char": "binary", "varchar": "varbinary", "tinytext": "tinyblob", "text": "blob",
	"mediumtext": "mediumblob", "longtext": "longblob"}

// widths are the bytes of a character, where they are not four.
var widths = map[string]int{"latin1": 1, "ascii": 1, binaryCharset: 1, "utf8": 3, "utf8mb3": 3, "ucs2": 2, "latin2": 1,
	"cp1250": 1, "cp1251": 1, "koi8r": 1, "gbk": 2, "sjis": 2, "cp932": 2, "big5": 2, "euckr": 2, "ujis": 3}

// settle makes the type what the server makes of it.
func (c *column) settle(t *table) {
	charset := c.charset
	if charset == "" {
		charset = t.charset
	}
	if c.length > 0 && (c.Type.Name == "text" || c.Type.Name == "blob") {
		width := 4
		if w, narrow := widths[charset]; narrow {
			width = w
		}
		if c.Type.Name == "blob" {
			width = 1
		}
		c.Type.Name = sized(c.Type.Name, c.length*width)
	}
	if bytes, text := asBinary[c.Type.Name]; text && charset == binaryCharset {
		c.Type.Name = bytes
	}
}

// sized is the smallest kind that holds that many bytes.
func sized(kind string, bytes int) string {
	switch {
	case bytes < 1<<8:
		return "tiny" + kind
	case bytes < 1<<16:
		return kind
	case bytes < 1<<24:
		return "medium" + kind
	}
	return "long" + kind
}
