package wire

import "encoding/binary"

// Types of columns, as they travel. Those that are not named here travel as bytes behind their length.
const (
	TypeDecimal   = 0
	TypeTinyint   = 1
	TypeSmallint  = 2
	TypeInt       = 3
	TypeFloat     = 4
	TypeDouble    = 5
	TypeNull      = 6
	TypeTimestamp = 7
	TypeBigint    = 8
	TypeMediumint = 9
	TypeDate      = 10
	TypeTime      = 11
	TypeDatetime  = 12
	TypeYear      = 13
	TypeVarchar   = 15
	TypeBit       = 16
	TypeVector    = 242
	TypeJSON      = 245
	TypeNewDec    = 246
	TypeEnum      = 247
	TypeSet       = 248
	TypeTinyBlob  = 249
	TypeMedBlob   = 250
	TypeLongBlob  = 251
	TypeBlob      = 252
	TypeVarString = 253
	TypeString    = 254
	TypeGeometry  = 255
)

const (
	flagUnsigned = 1 << 5
	statusMore   = 1 << 3
)

// Column describes a column of a result.
type Column struct {
	Name     string // as the table has it; empty for an expression
	Table    string // that it comes from
	Type     byte
	Unsigned bool
	Binary   bool // it is of the character set binary: bytes, or no text at all
}

// Result is an answer. It is the connection's own, and valid until the next one.
type Result struct {
	Columns []Column
	Values  [][]byte // of the row that Next has read, nil for null: views, valid until the next one

	c      *Conn
	binary bool
	done   bool
	err    error
}

// Await says that the answer to a command comes next. Commands that were sent together are answered in turn, and
// Await is called before each one's first answer.
func (c *Conn) Await() { c.sequence = 1 }

// More reports whether another statement of the same query has an answer, once the last was read whole.
func (c *Conn) More() bool { return c.more }

// Answer reads the beginning of an answer to a query.
func (c *Conn) Answer() (*Result, error) { return c.answer(false) }

// AnswerBinary is Answer for a prepared statement.
func (c *Conn) AnswerBinary() (*Result, error) { return c.answer(true) }

func (c *Conn) answer(binaryRows bool) (*Result, error) {
	r := &c.result
	*r = Result{Columns: r.Columns[:0], Values: r.Values[:0], c: c, binary: binaryRows}
	c.more = false
	p, err := c.read()
	if err != nil {
		return nil, err
	}
	if len(p) == 0 {
		return nil, errProtocol("an empty answer")
	}
	switch p[0] {
	case 0x00:
		r.done = true
		return r, c.parseOK(p)
	case 0xff:
		return nil, parseError(p)
	case 0xfb:
		return nil, errProtocol("the server asks for a file")
	}
	count, _, ok := lenenc(p)
	if !ok || count > 1<<12 {
		return nil, errProtocol("a wrong number of columns")
	}
	for range count {
		p, err := c.read()
		if err != nil {
			return nil, err
		}
		column, ok := parseColumn(p)
		if !ok {
			return nil, errProtocol("a wrong description of a column")
		}
		r.Columns = append(r.Columns, column)
		r.Values = append(r.Values, nil)
	}
	if p, err = c.read(); err == nil && (len(p) == 0 || p[0] != 0xfe) {
		err = errProtocol("columns without an end")
	}
	return r, err
}

// parseOK reads the flags of a statement without rows.
func (c *Conn) parseOK(p []byte) error {
	_, rest, ok := lenenc(p[1:])
	if ok {
		_, rest, ok = lenenc(rest)
	}
	if !ok || len(rest) < 2 {
		return errProtocol("a short answer")
	}
	c.more = binary.LittleEndian.Uint16(rest)&statusMore != 0
	return nil
}

func parseColumn(p []byte) (column Column, ok bool) {
	var fields [6][]byte // catalog, schema, alias of the table, table, alias, name
	for i := range fields {
		if fields[i], p, ok = lenencBytes(p); !ok {
			return column, false
		}
	}
	if len(p) < 13 {
		return column, false
	}
	column.Table, column.Name = string(fields[3]), string(fields[5])
	column.Binary = binary.LittleEndian.Uint16(p[1:]) == 63
	column.Type = p[7]
	column.Unsigned = binary.LittleEndian.Uint16(p[8:])&flagUnsigned != 0
	return column, true
}

// Next reads the next row. It returns false at the end, and when the answer breaks off.
func (r *Result) Next() bool {
	if r.done {
		return false
	}
	p, err := r.c.read()
	switch {
	case err != nil:
	case len(p) > 0 && p[0] == 0xff:
		err = parseError(p)
	case len(p) > 0 && p[0] == 0xfe && len(p) < 9:
		r.done = true
		if len(p) < 5 {
			r.err = errProtocol("a short end of rows")
			return false
		}
		r.c.more = binary.LittleEndian.Uint16(p[3:])&statusMore != 0
		return false
	case r.binary && !r.parseBinary(p), !r.binary && !r.parseText(p):
		err = errProtocol("a row that does not fit its columns")
	default:
		return true
	}
	r.done, r.err = true, err
	return false
}

// Err is the reason why Next ended before the last row, or nil.
func (r *Result) Err() error { return r.err }

// Drain reads what is left of the answer, so that the connection can go on.
func (r *Result) Drain() error {
	for r.Next() {
		continue
	}
	return r.err
}

// Texts reads the whole answer as text; a null is empty.
func (r *Result) Texts() (rows [][]string, err error) {
	for r.Next() {
		row := make([]string, len(r.Values))
		for i, v := range r.Values {
			row[i] = string(v)
		}
		rows = append(rows, row)
	}
	return rows, r.err
}

func (r *Result) parseText(p []byte) (ok bool) {
	for i := range r.Values {
		if len(p) > 0 && p[0] == 0xfb {
			r.Values[i], p = nil, p[1:]
			continue
		}
		if r.Values[i], p, ok = lenencBytes(p); !ok {
			return false
		}
	}
	return len(p) == 0
}

// parseBinary cuts a row into values: a null bitmap, and then the values that are not null.
func (r *Result) parseBinary(p []byte) (ok bool) {
	nulls := (len(r.Values) + 9) / 8
	if len(p) < 1+nulls || p[0] != 0 {
		return false
	}
	bitmap, p := p[1:1+nulls], p[1+nulls:]
	for i := range r.Values {
		if bit := i + 2; bitmap[bit/8]&(1<<(bit%8)) != 0 {
			r.Values[i] = nil
			continue
		}
		var size int
		switch r.Columns[i].Type {
		case TypeTinyint:
			size = 1
		case TypeSmallint, TypeYear:
			size = 2
		case TypeInt, TypeMediumint, TypeFloat:
			size = 4
		case TypeBigint, TypeDouble:
			size = 8
		case TypeNull:
			return false
		default:
			if r.Values[i], p, ok = lenencBytes(p); !ok {
				return false
			}
			continue
		}
		if len(p) < size {
			return false
		}
		r.Values[i], p = p[:size:size], p[size:]
	}
	return len(p) == 0
}
