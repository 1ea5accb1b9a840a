// Package sqlval holds SQLite's dynamically typed values and writes them as canonical JSON, by the
// storage class that each value has.
package sqlval

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"zombiezen.com/go/sqlite"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/canonical"
)

// Class is the storage class of a value.
type Class uint8

// The storage classes of SQLite.
const (
	Null Class = iota
	Integer
	Real
	Text
	Blob
)

// Value is one value of a row. Text and Blob are views into the row, valid until the next one.
type Value struct {
	Class Class
	Int   int64   // where Class is Integer
	Float float64 // where Class is Real
	Str   string  // where Class is Text
	Bytes []byte  // where Class is Blob
}

// Row reads the current row of a statement. Its memory serves for one row after the other.
type Row struct {
	Stmt  *sqlite.Stmt
	arena []byte
}

// Next forgets the values of the row before.
func (r *Row) Next() { r.arena = r.arena[:0] }

// Value reads column i, counted from 0.
func (r *Row) Value(i int) (Value, error) {
	switch r.Stmt.ColumnType(i) {
	case sqlite.TypeInteger:
		return Value{Class: Integer, Int: r.Stmt.ColumnInt64(i)}, nil
	case sqlite.TypeFloat:
		return Value{Class: Real, Float: r.Stmt.ColumnFloat(i)}, nil
	case sqlite.TypeText:
		text := r.bytes(i)
		if !utf8.Valid(text) {
			return Value{}, invalidText(text)
		}
		return Value{Class: Text, Str: unsafe.String(unsafe.SliceData(text), len(text))}, nil
	case sqlite.TypeBlob:
		return Value{Class: Blob, Bytes: r.bytes(i)}, nil
	}
	return Value{}, nil
}

// bytes copies a column into the arena. A larger arena leaves the views of this row in the old one.
func (r *Row) bytes(i int) []byte {
	n := r.Stmt.ColumnLen(i)
	if cap(r.arena)-len(r.arena) < n {
		r.arena = make([]byte, 0, max(2*cap(r.arena), n, 1024))
	}
	start := len(r.arena)
	r.arena = r.arena[:start+n]
	n = r.Stmt.ColumnBytes(i, r.arena[start:])
	return r.arena[start : start+n : start+n]
}

// Raw returns the bytes of a column as they are, for a row that can't be published.
func (r *Row) Raw(i int) []byte { return bytes.Clone(r.bytes(i)) }

func invalidText(text []byte) error {
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		if c == utf8.RuneError && size == 1 {
			return errors.New("invalid UTF-8 at byte " + strconv.Itoa(i))
		}
		i += size
	}
	return errors.New("invalid UTF-8")
}

// Scan reads column i, which may hold a value of any class. Generated code calls it, NotNull or Nullable once a column
// and looks at err once a row: the first error is kept, as a *replicate.ColumnError.
func Scan(err *error, name string, row *Row, i int) Value {
	v, e := row.Value(i)
	fail(err, name, e)
	return v
}

// NotNull reads column i, which holds values of one class alone.
func NotNull[T any](err *error, name string, row *Row, i int, decode func(Value) (T, error)) T {
	t, e := decode(Scan(err, name, row, i))
	fail(err, name, e)
	return t
}

// Nullable is NotNull for a column that may be null.
func Nullable[T any](err *error, name string, row *Row, i int, decode func(Value) (T, error)) replicate.Null[T] {
	v := Scan(err, name, row, i)
	if v.Class == Null {
		return replicate.Null[T]{}
	}
	t, e := decode(v)
	fail(err, name, e)
	return replicate.Null[T]{V: t, Valid: true}
}

func fail(err *error, name string, cause error) {
	if cause != nil && *err == nil {
		*err = &replicate.ColumnError{Column: name, Err: cause}
	}
}

var (
	errNotInteger = errors.New("it is not an integer")
	errNotReal    = errors.New("it is not a floating-point number")
	errNotText    = errors.New("it is not text")
	errNotBlob    = errors.New("it is not a blob")
)

// DecodeInteger returns the integer that v must be.
func DecodeInteger(v Value) (int64, error) { return v.Int, unless(v, Integer, errNotInteger) }

// DecodeReal returns the floating-point number that v must be.
func DecodeReal(v Value) (float64, error) { return v.Float, unless(v, Real, errNotReal) }

// DecodeText returns the text that v must be.
func DecodeText(v Value) (string, error) { return v.Str, unless(v, Text, errNotText) }

// DecodeBlob returns the bytes that v must be.
func DecodeBlob(v Value) ([]byte, error) { return v.Bytes, unless(v, Blob, errNotBlob) }

func unless(v Value, want Class, err error) error {
	if v.Class == want {
		return nil
	}
	return err
}

// AppendJSON appends the value by its storage class: a number, a string, base64 or null.
func (v Value) AppendJSON(b []byte) []byte {
	switch v.Class {
	case Integer:
		return canonical.AppendInt(b, v.Int)
	case Real:
		return canonical.AppendFloat64(b, v.Float)
	case Text:
		return canonical.AppendString(b, v.Str)
	case Blob:
		return canonical.AppendBase64(b, v.Bytes)
	}
	return canonical.AppendNull(b)
}

// AppendBool appends the value of a column declared BOOLEAN: true and false for 1 and 0.
func (v Value) AppendBool(b []byte) []byte {
	if v.Class == Integer && (v.Int == 0 || v.Int == 1) {
		return canonical.AppendBool(b, v.Int == 1)
	}
	return v.AppendJSON(b)
}

// AppendEmbedded appends the value of a column declared JSON: valid JSON becomes part of the document.
func (v Value) AppendEmbedded(b []byte) []byte {
	if v.Class == Text {
		if out, err := canonical.AppendJSON(b, v.Str); err == nil {
			return out
		}
	}
	return v.AppendJSON(b)
}

// Clone returns a copy that stays valid when the row is gone.
func (v Value) Clone() Value {
	v.Str, v.Bytes = strings.Clone(v.Str), bytes.Clone(v.Bytes)
	return v
}
