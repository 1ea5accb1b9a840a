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
	Bools        = &Element[bool]{16, DecodeBool, AppendBool}
	Int2s        = &Element[int16]{21, DecodeInt2, AppendInt2}
	Int4s        = &Element[int32]{23, DecodeInt4, AppendInt4}
	Int8s        = &Element[int64]{20, DecodeInt8, AppendInt8}
	OIDs         = &Element[uint32]{26, DecodeOID, AppendOID}
	Float4s      = &Element[float32]{700, DecodeFloat4, AppendFloat4}
	Float8s      = &Element[float64]{701, DecodeFloat8, AppendFloat8}
	Numerics     = &Element[Numeric]{1700, DecodeNumeric, AppendNumeric}
	Texts        = &Element[string]{25, DecodeText, AppendText}
	Varchars     = &Element[string]{1043, DecodeText, AppendText}
	Bpchars      = &Element[string]{1042, DecodeText, AppendText}
	Chars        = &Element[string]{18, DecodeChar, AppendText}
	Names        = &Element[string]{19, DecodeName, AppendText}
	Enums        = &Element[string]{0, DecodeEnum, AppendText}
	UUIDs        = &Element[UUID]{2950, DecodeUUID, AppendUUID}
	Dates        = &Element[Date]{1082, DecodeDate, AppendDate}
	Times        = &Element[Time]{1083, DecodeTime, AppendTime}
	TimeTZs      = &Element[TimeTZ]{1266, DecodeTimeTZ, AppendTimeTZ}
	Timestamps   = &Element[Timestamp]{1114, DecodeTimestamp, AppendTimestamp}
	TimestampTZs = &Element[TimestampTZ]{1184, DecodeTimestampTZ, AppendTimestampTZ}
	Intervals    = &Element[Interval]{1186, DecodeInterval, AppendInterval}
	Byteas       = &Element[[]byte]{17, DecodeBytea, AppendBytea}
	JSONs        = &Element[JSON]{114, DecodeJSON, AppendJSON}
	JSONBs       = &Element[JSON]{3802, DecodeJSONB, AppendJSON}
	Hstores      = &Element[Hstore]{0, DecodeHstore, AppendHstore}
)

// DecodeArray decodes an array and every element of it.
func (e *Element[T]) DecodeArray(v []byte) (Array[T], error) { return e.decodeArray(v, e.OID, false) }

// DecodeDomainArray decodes an array of a domain over the element's type.
func (e *Element[T]) DecodeDomainArray(v []byte) (Array[T], error) { return e.decodeArray(v, 0, false) }

// arrayDimsMax is PostgreSQL's own limit.
const arrayDimsMax = 6

// DecodeNestedArray decodes an array of a domain over arrays of the element's type.
func (e *Element[T]) DecodeNestedArray(v []byte) (Array[T], error) { return e.decodeArray(v, 0, true) }

// Array is an array in its wire form, known to be well formed: a view, as its elements are. Lower
// bounds are not kept. The zero Array is empty.
type Array[T any] struct {
	element *Element[T]
	dims    [arrayDimsMax]int32
	count   int  // dimensions
	nested  bool // the elements are arrays of it
	data    []byte
}

// decodeArray decodes an array whose elements have a type of this OID, or any type if it is 0.
func (e *Element[T]) decodeArray(v []byte, want uint32, nested bool) (Array[T], error) {
	a := Array[T]{element: e, nested: nested}
	if len(v) < 12 {
		return a, &Error{Type: "array", Problem: "it is too short"}
	}
	a.count = int(int32(binary.BigEndian.Uint32(v)))
	if a.count < 0 || a.count > arrayDimsMax || len(v) < 12+8*a.count {
		return a, &Error{Type: "array", Problem: "the number of dimensions is out of range"}
	}
	if oid := binary.BigEndian.Uint32(v[8:]); want != 0 && oid != want {
		return a, &Error{Type: "array", Problem: "elements of type " + strconv.Itoa(int(oid)) + ", want " +
			strconv.Itoa(int(want))}
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
			if err := a.check(value); err != nil {
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

// check decodes one element.
func (a *Array[T]) check(value []byte) (err error) {
	if a.nested {
		_, err = a.element.DecodeDomainArray(value)
		return err
	}
	_, err = a.element.Decode(value)
	return err
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
		if a.nested {
			inner, _ := a.element.DecodeDomainArray(value)
			b = AppendArray(b, inner)
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
