package pgbin

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// Element is how the elements of an array are decoded and written. An OID of 0 fits every element
// type, for enums and domains, whose numbers differ from database to database.
type Element[T any] struct {
	OID    uint32
	Decode func([]byte) (T, error)
	Append func([]byte, T) []byte
}

// The elements of the arrays of each type.
var (
	Bools        = &Element[bool]{16, Bool, AppendBool}
	Int2s        = &Element[int16]{21, Int2, AppendInt2}
	Int4s        = &Element[int32]{23, Int4, AppendInt4}
	Int8s        = &Element[int64]{20, Int8, AppendInt8}
	OIDs         = &Element[uint32]{26, OID, AppendOID}
	Float4s      = &Element[float32]{700, Float4, AppendFloat4}
	Float8s      = &Element[float64]{701, Float8, AppendFloat8}
	Numerics     = &Element[Numeric]{1700, NumericOf, AppendNumeric}
	Texts        = &Element[string]{25, Text, AppendText}
	Varchars     = &Element[string]{1043, Text, AppendText}
	Bpchars      = &Element[string]{1042, Text, AppendText}
	Chars        = &Element[string]{18, Char, AppendText}
	Names        = &Element[string]{19, Name, AppendText}
	Enums        = &Element[string]{0, Enum, AppendText}
	UUIDs        = &Element[UUID]{2950, UUIDOf, AppendUUID}
	Dates        = &Element[Date]{1082, DateOf, AppendDate}
	Times        = &Element[Time]{1083, TimeOf, AppendTime}
	TimeTZs      = &Element[TimeTZ]{1266, TimeTZOf, AppendTimeTZ}
	Timestamps   = &Element[Timestamp]{1114, TimestampOf, AppendTimestamp}
	TimestampTZs = &Element[TimestampTZ]{1184, TimestampTZOf, AppendTimestampTZ}
	Intervals    = &Element[Interval]{1186, IntervalOf, AppendInterval}
	Byteas       = &Element[[]byte]{17, Bytea, AppendBytea}
	JSONs        = &Element[JSON]{114, JSONOf, AppendJSON}
	JSONBs       = &Element[JSON]{3802, JSONBOf, AppendJSON}
)

// AnyOID returns e for elements of a domain over its type.
func AnyOID[T any](e *Element[T]) *Element[T] {
	return &Element[T]{Decode: e.Decode, Append: e.Append}
}

// arrayDimsMax is PostgreSQL's own limit.
const arrayDimsMax = 6

// Array is an array in its wire form, known to be well formed: a view, as its elements are. Lower
// bounds are not kept. The zero Array is empty.
type Array[T any] struct {
	element *Element[T]
	dims    [arrayDimsMax]int32
	count   int // dimensions
	data    []byte
}

// DecodeArray decodes an array and every element of it.
func DecodeArray[T any](v []byte, e *Element[T]) (Array[T], error) {
	a := Array[T]{element: e}
	if len(v) < 12 {
		return a, &Error{Type: "array", Problem: "it is too short"}
	}
	a.count = int(int32(binary.BigEndian.Uint32(v)))
	if a.count < 0 || a.count > arrayDimsMax || len(v) < 12+8*a.count {
		return a, &Error{Type: "array", Problem: "the number of dimensions is out of range"}
	}
	if oid := binary.BigEndian.Uint32(v[8:]); e.OID != 0 && oid != e.OID {
		have, want := strconv.Itoa(int(oid)), strconv.Itoa(int(e.OID))
		return a, &Error{Type: "array", Problem: "elements of type " + have + ", want " + want}
	}
	elements := int64(min(a.count, 1))
	for i := range a.count {
		a.dims[i] = int32(binary.BigEndian.Uint32(v[12+8*i:]))
		elements *= int64(a.dims[i])
		// An empty array has no dimensions, and an element has at least four bytes.
		if a.dims[i] < 1 || elements > int64(len(v)) {
			return a, &Error{Type: "array", Problem: "a dimension is out of range"}
		}
	}
	a.data = v[12+8*a.count:]
	rest := a.data
	for range elements {
		value, after, err := nextElement(rest)
		if err != nil {
			return a, err
		}
		if value != nil {
			if _, err := e.Decode(value); err != nil {
				return a, err
			}
		}
		rest = after
	}
	if len(rest) > 0 {
		return a, &Error{Type: "array", Problem: "it is longer than its elements"}
	}
	return a, nil
}

// nextElement cuts off one element; nil is null.
func nextElement(data []byte) (value, rest []byte, err error) {
	if len(data) < 4 {
		return nil, nil, &Error{Type: "array", Problem: "an element is missing"}
	}
	n := int(int32(binary.BigEndian.Uint32(data)))
	data = data[4:]
	if n == -1 {
		return nil, data, nil
	}
	if n < 0 || n > len(data) {
		return nil, nil, &Error{Type: "array", Problem: "the length of an element is out of range"}
	}
	return data[:n:n], data[n:], nil
}

// AppendArray appends the array, nested by dimension, with null for null elements.
func AppendArray[T any](b []byte, a Array[T]) []byte {
	if a.count == 0 {
		return append(b, '[', ']')
	}
	b, _ = a.appendDim(b, 0, a.data)
	return b
}

func (a *Array[T]) appendDim(b []byte, dim int, data []byte) ([]byte, []byte) {
	b = append(b, '[')
	for i := range a.dims[dim] {
		if i > 0 {
			b = append(b, ',', ' ')
		}
		if dim+1 < a.count {
			b, data = a.appendDim(b, dim+1, data)
			continue
		}
		var value []byte
		value, data, _ = nextElement(data) // DecodeArray has read every element
		if value == nil {
			b = canonical.AppendNull(b)
			continue
		}
		v, _ := a.element.Decode(value)
		b = a.element.Append(b, v)
	}
	return append(b, ']'), data
}

// Clone returns a copy that stays valid.
func (a Array[T]) Clone() Array[T] {
	a.data = slices.Clone(a.data)
	return a
}
