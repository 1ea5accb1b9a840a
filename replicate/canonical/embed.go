package canonical

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// DepthMax bounds how deep an embedded document may nest, far beyond what Python parses (about 1,000)
// and what PostgreSQL stores under its default stack limit.
const DepthMax = 10_000

var errDepth = errors.New("JSON nests deeper than " + strconv.Itoa(DepthMax) + " levels")

// AppendJSON appends the document raw as Python would parse and print it again: separators made
// uniform, keys sorted by code point at every level with the last of equal ones kept, integers with
// all digits, other numbers as doubles. A number beyond a double's range is the string "Infinity" or
// "-Infinity". An error names the byte at fault.
func AppendJSON(b []byte, raw string) ([]byte, error) {
	p := parsers.Get().(*parser)
	p.src, p.pos, p.depth, p.out = raw, 0, 0, b
	p.members, p.keys = p.members[:0], p.keys[:0]
	err := p.document()
	out := p.out
	p.src, p.out = "", nil
	p.shrink()
	parsers.Put(p)
	if err != nil {
		return b, err
	}
	return out, nil
}

// Valid reports what is wrong with the document raw, or nil.
func Valid(raw string) error {
	scratch := scratches.Get().(*[]byte)
	out, err := AppendJSON((*scratch)[:0], raw)
	if cap(out) <= scratchMax {
		*scratch = out[:0]
	}
	scratches.Put(scratch)
	return err
}

// shrink gives back what one huge document has blown up (Promise 7).
func (p *parser) shrink() {
	if cap(p.keys) > scratchMax {
		p.keys = nil
	}
	if cap(p.moved) > scratchMax {
		p.moved = nil
	}
	if cap(p.members) > membersMax {
		p.members = nil
	}
}

// The largest buffer, in bytes, and the longest list of members that are kept for the next document (Promise 7).
const (
	scratchMax = 1 << 20
	membersMax = 1 << 15
)

var (
	parsers   = sync.Pool{New: func() any { return new(parser) }}
	scratches = sync.Pool{New: func() any { return new([]byte) }}
)

// parser reads a document once and prints it as it goes. The members of an object are printed in the
// order they come in and then put in order.
type parser struct {
	src     string
	pos     int
	depth   int
	out     []byte
	members []member // of all open objects, innermost last
	keys    []byte   // decoded keys of all open objects, as code points in WTF-8
	moved   []byte   // scratch for putting members in order
}

// member is one member of an object: its key in parser.keys, its text in parser.out.
type member struct {
	keyFrom, keyTo int
	from, to       int
	seq            int
}

func (p *parser) fail(what string) error {
	return errors.New("invalid JSON at byte " + strconv.Itoa(p.pos) + ": " + what)
}

func (p *parser) document() error {
	if err := p.value(); err != nil {
		return err
	}
	p.space()
	if p.pos < len(p.src) {
		return p.fail("more than one value")
	}
	return nil
}

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	p.space()
	if p.pos == len(p.src) {
		return 0
	}
	return p.src[p.pos]
}

func (p *parser) value() error {
	switch c := p.peek(); {
	case c == '{':
		return p.nested(p.object)
	case c == '[':
		return p.nested(p.array)
	case c == '"':
		return p.string()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case c == 't':
		return p.literal("true")
	case c == 'f':
		return p.literal("false")
	case c == 'n':
		return p.literal("null")
	case p.pos == len(p.src):
		return p.fail("it ends where a value is expected")
	}
	return p.fail("a value is expected")
}

func (p *parser) nested(read func() error) error {
	if p.depth++; p.depth > DepthMax {
		return errDepth
	}
	p.pos++
	err := read()
	p.depth--
	return err
}

func (p *parser) literal(word string) error {
	if len(p.src)-p.pos < len(word) || p.src[p.pos:p.pos+len(word)] != word {
		return p.fail("a value is expected")
	}
	p.pos += len(word)
	p.out = append(p.out, word...)
	return nil
}

func (p *parser) array() error {
	p.out = append(p.out, '[')
	if p.peek() == ']' {
		p.pos++
		p.out = append(p.out, ']')
		return nil
	}
	for {
		if err := p.value(); err != nil {
			return err
		}
		switch p.peek() {
		case ',':
			p.pos++
			p.out = append(p.out, ", "...)
		case ']':
			p.pos++
			p.out = append(p.out, ']')
			return nil
		default:
			return p.fail(`"," or "]" is expected`)
		}
	}
}

func (p *parser) object() error {
	p.out = append(p.out, '{')
	body, first, keys := len(p.out), len(p.members), len(p.keys)
	if p.peek() == '}' {
		p.pos++
		p.out = append(p.out, '}')
		return nil
	}
	for {
		if p.peek() != '"' {
			return p.fail("a member's name is expected")
		}
		m := member{keyFrom: len(p.keys), from: len(p.out), seq: len(p.members)}
		var err error
		if p.keys, err = p.unquote(p.keys); err != nil {
			return err
		}
		m.keyTo = len(p.keys)
		p.out = appendWTF8(p.out, p.keys[m.keyFrom:m.keyTo])
		if p.peek() != ':' {
			return p.fail(`":" is expected`)
		}
		p.pos++
		p.out = append(p.out, ": "...)
		if err := p.value(); err != nil {
			return err
		}
		m.to = len(p.out)
		p.members = append(p.members, m)
		switch p.peek() {
		case ',':
			p.pos++
			p.out = append(p.out, ", "...)
		case '}':
			p.pos++
			p.sortMembers(body, first)
			p.members, p.keys = p.members[:first], p.keys[:keys]
			p.out = append(p.out, '}')
			return nil
		default:
			return p.fail(`"," or "}" is expected`)
		}
	}
}

// sortMembers puts the members printed since body in order, without those that a later member of the
// same name replaces. WTF-8 sorts by bytes as its code points do.
func (p *parser) sortMembers(body, first int) {
	members := p.members[first:]
	if p.inOrder(members) {
		return
	}
	slices.SortFunc(members, func(a, b member) int {
		if c := p.compareKeys(a, b); c != 0 {
			return c
		}
		return a.seq - b.seq
	})
	p.moved = append(p.moved[:0], p.out[body:]...)
	p.out = p.out[:body]
	for i, m := range members {
		if i+1 < len(members) && p.compareKeys(m, members[i+1]) == 0 {
			continue
		}
		if len(p.out) > body {
			p.out = append(p.out, ", "...)
		}
		p.out = append(p.out, p.moved[m.from-body:m.to-body]...)
	}
}

// inOrder reports whether the members are in order as they were printed. Then nothing is moved, which
// would cost as much as the object is large at each level around it.
func (p *parser) inOrder(members []member) bool {
	for i := 1; i < len(members); i++ {
		if p.compareKeys(members[i-1], members[i]) >= 0 {
			return false
		}
	}
	return true
}

func (p *parser) compareKeys(a, b member) int {
	return bytes.Compare(p.keys[a.keyFrom:a.keyTo], p.keys[b.keyFrom:b.keyTo])
}

// string prints a string value.
func (p *parser) string() error {
	start := len(p.keys)
	var err error
	if p.keys, err = p.unquote(p.keys); err != nil {
		return err
	}
	p.out = appendWTF8(p.out, p.keys[start:])
	p.keys = p.keys[:start]
	return nil
}

// unquote decodes the string at pos to WTF-8: UTF-8 in which a lone surrogate, which JSON's escapes
// can make and Python keeps, has three bytes of its own.
func (p *parser) unquote(dst []byte) ([]byte, error) {
	p.pos++
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		switch {
		case c == '"':
			p.pos++
			return dst, nil
		case c == '\\':
			var err error
			if dst, err = p.escape(dst); err != nil {
				return dst, err
			}
		case c < ' ':
			return dst, p.fail("a control character must be escaped in a string")
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			p.pos++
		default:
			r, size := utf8.DecodeRuneInString(p.src[p.pos:])
			if r == utf8.RuneError && size == 1 {
				return dst, p.fail("invalid UTF-8")
			}
			dst = append(dst, p.src[p.pos:p.pos+size]...)
			p.pos += size
		}
	}
	return dst, p.fail("a string does not end")
}

func (p *parser) escape(dst []byte) ([]byte, error) {
	if p.pos+1 == len(p.src) {
		return dst, p.fail("a string does not end")
	}
	const names, values = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	c := p.src[p.pos+1]
	for i := range len(names) {
		if names[i] == c {
			p.pos += 2
			return append(dst, values[i]), nil
		}
	}
	if c != 'u' {
		return dst, p.fail("an unknown escape in a string")
	}
	u, ok := p.unit(p.pos)
	if !ok {
		return dst, p.fail(`four hexadecimal digits are expected after \u`)
	}
	p.pos += 6
	if u >= 0xd800 && u < 0xdc00 {
		if low, ok := p.unit(p.pos); ok && low >= 0xdc00 && low < 0xe000 {
			p.pos += 6
			return utf8.AppendRune(dst, rune(0x10000+(u-0xd800)<<10+(low-0xdc00))), nil
		}
	}
	if u >= 0xd800 && u < 0xe000 {
		return append(dst, 0xe0|byte(u>>12), 0x80|byte(u>>6&0x3f), 0x80|byte(u&0x3f)), nil
	}
	return utf8.AppendRune(dst, rune(u)), nil
}

// unit reads a \uXXXX at i.
func (p *parser) unit(i int) (uint32, bool) {
	if i+6 > len(p.src) || p.src[i] != '\\' || p.src[i+1] != 'u' {
		return 0, false
	}
	var u uint32
	for _, c := range []byte(p.src[i+2 : i+6]) {
		switch {
		case c >= '0' && c <= '9':
			u = u<<4 | uint32(c-'0')
		case c >= 'a' && c <= 'f':
			u = u<<4 | uint32(c-'a'+10)
		case c >= 'A' && c <= 'F':
			u = u<<4 | uint32(c-'A'+10)
		default:
			return 0, false
		}
	}
	return u, true
}

// appendWTF8 prints a decoded string.
func appendWTF8(b, s []byte) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\' || c < ' ' || c == 0x7f:
			b = appendEscapedASCII(b, c)
			i++
		case c < utf8.RuneSelf:
			b = append(b, c)
			i++
		case c == 0xed && s[i+1] >= 0xa0: // a lone surrogate
			b = appendUnit(b, 0xd000|uint16(s[i+1]&0x3f)<<6|uint16(s[i+2]&0x3f))
			i += 3
		default:
			r, size := utf8.DecodeRune(s[i:])
			b = appendEscapedRune(b, r)
			i += size
		}
	}
	return append(b, '"')
}

// number prints an integer with all its digits, and any other number as a double.
func (p *parser) number() error {
	start := p.pos
	if p.src[p.pos] == '-' {
		p.pos++
	}
	switch {
	case p.pos < len(p.src) && p.src[p.pos] == '0':
		p.pos++
	case !p.digits():
		return p.fail("a digit is expected")
	}
	integer := true
	if p.pos < len(p.src) && p.src[p.pos] == '.' {
		integer = false
		p.pos++
		if !p.digits() {
			return p.fail("a digit is expected")
		}
	}
	if p.pos < len(p.src) && (p.src[p.pos] == 'e' || p.src[p.pos] == 'E') {
		integer = false
		p.pos++
		if p.pos < len(p.src) && (p.src[p.pos] == '+' || p.src[p.pos] == '-') {
			p.pos++
		}
		if !p.digits() {
			return p.fail("a digit is expected")
		}
	}
	text := p.src[start:p.pos]
	switch {
	case integer && text == "-0":
		p.out = append(p.out, '0')
	case integer:
		p.out = append(p.out, text...)
	default:
		// Out of range gives an infinity of the right sign, and too small a number a zero.
		v, _ := strconv.ParseFloat(text, 64)
		p.out = AppendFloat64(p.out, v)
	}
	return nil
}

// digits skips digits and reports whether there was one.
func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > start
}
