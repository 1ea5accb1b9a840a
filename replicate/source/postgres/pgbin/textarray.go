package pgbin

import (
	"strings"
	"sync"
	"unsafe"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// Delimiters separate the elements of an array in text form, one byte a level: of an array whose elements are arrays
// in turn, as of a domain over arrays, the first is the outermost.
type Delimiters string

// TextArray is an array in the database's own text form, known to be well formed: a view. Lower bounds are not kept.
// Its elements are of a type that is read as text. The zero TextArray is empty.
type TextArray struct {
	text       string
	delimiters Delimiters
}

// scratchMax is the largest buffer that is kept for the next value (Promise 7).
const scratchMax = 1 << 20

var scratches = sync.Pool{New: func() any { return new([]byte) }}

// DecodeArray decodes an array that is read as text, and every element of it.
func (d Delimiters) DecodeArray(v []byte) (TextArray, error) {
	text, err := DecodeText(v)
	a := TextArray{text, d}
	if err != nil {
		return a, err
	}
	scratch := scratches.Get().(*[]byte)
	out, err := a.append((*scratch)[:0])
	if cap(out) <= scratchMax {
		*scratch = out[:0]
	}
	scratches.Put(scratch)
	return a, err
}

// AppendTextArray appends the array, nested by dimension, its elements as strings, with null for null elements.
func AppendTextArray(b []byte, a TextArray) []byte {
	if a.text == "" {
		return append(b, '[', ']')
	}
	b, _ = a.append(b) // DecodeArray has read every element
	return b
}

// Clone returns a copy that stays valid.
func (a TextArray) Clone() TextArray {
	a.text = strings.Clone(a.text)
	return a
}

func (a *TextArray) append(b []byte) ([]byte, error) {
	p := arrayParser{text: a.text, delimiters: a.delimiters}
	if strings.HasPrefix(p.text, "[") { // the bounds, as in [0:1]={1,2}
		_, elements, found := strings.Cut(p.text, "]={")
		if !found {
			return b, p.fail("the bounds have no end")
		}
		p.text = p.text[len(p.text)-len(elements)-1:]
	}
	b, err := p.dimension(b, 0)
	if err == nil && p.pos < len(p.text) {
		err = p.fail("it is longer than its elements")
	}
	return b, err
}

// arrayParser reads the text of an array once and writes it as it goes.
type arrayParser struct {
	text       string
	pos        int
	delimiters Delimiters
}

func (p *arrayParser) fail(problem string) error { return &Error{Type: "array", Problem: problem} }

// at is the next byte, or 0 at the end. No text of PostgreSQL has a zero byte.
func (p *arrayParser) at() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *arrayParser) dimension(b []byte, depth int) ([]byte, error) {
	if p.at() != '{' || depth == arrayDimsMax {
		return b, p.fail("a dimension does not begin with a brace, or there are too many")
	}
	p.pos++
	b = append(b, '[')
	for first := true; ; first = false {
		if p.at() == '}' && first {
			p.pos++
			return append(b, ']'), nil
		}
		var err error
		if p.at() == '{' {
			b, err = p.dimension(b, depth+1)
		} else {
			b, err = p.element(b)
		}
		if err != nil {
			return b, err
		}
		switch p.at() {
		case '}':
			p.pos++
			return append(b, ']'), nil
		case p.delimiters[0]:
			p.pos++
			b = append(b, ',', ' ')
		default:
			return b, p.fail("neither a delimiter nor a brace follows an element")
		}
	}
}

// element reads one element: what stands between quotes, or up to what can't stand in it without them.
func (p *arrayParser) element(b []byte) ([]byte, error) {
	from := p.pos
	if p.at() == '"' {
		return p.quoted(b)
	}
	for p.pos < len(p.text) && p.text[p.pos] != p.delimiters[0] && p.text[p.pos] != '}' {
		if c := p.text[p.pos]; c == '"' || c == '\\' || c == '{' {
			return b, p.fail("an element without quotes has a quote, a backslash or a brace in it")
		}
		p.pos++
	}
	switch value := p.text[from:p.pos]; value {
	case "":
		return b, p.fail("an element is missing")
	case "NULL":
		return canonical.AppendNull(b), nil
	default:
		return p.value(b, value)
	}
}

// quoted reads an element between quotes. One with a backslash is written behind b first, without it.
func (p *arrayParser) quoted(b []byte) ([]byte, error) {
	p.pos++
	from, escaped := p.pos, false
	for p.at() != '"' {
		if p.at() == '\\' {
			escaped = true
			p.pos++
		}
		if p.pos++; p.pos >= len(p.text) {
			return b, p.fail("a quote has no end")
		}
	}
	value := p.text[from:p.pos]
	p.pos++
	if !escaped {
		return p.value(b, value)
	}
	start := len(b)
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' {
			i++
		}
		b = append(b, value[i])
	}
	plain := len(b)
	b, err := p.value(b, view(b[start:plain:plain]))
	return append(b[:start], b[plain:]...), err
}

// value writes one element, which is an array in turn if there is a delimiter for it.
func (p *arrayParser) value(b []byte, value string) ([]byte, error) {
	if len(p.delimiters) < 2 {
		return canonical.AppendString(b, value), nil
	}
	inner := TextArray{value, p.delimiters[1:]}
	return inner.append(b)
}

func view(v []byte) string { return unsafe.String(unsafe.SliceData(v), len(v)) }
