package replicate

import (
	"crypto/sha256"
	"errors"
)

var errUnexpectedNull = errors.New("it is null, although the schema says NOT NULL")

// NotNull decodes the column called name from v. Generated code calls it once per column and looks at err once per
// row: the first error is kept, as a *ColumnError.
func NotNull[T any](err *error, name string, v []byte, decode func([]byte) (T, error)) T {
	if v == nil {
		fail(err, name, errUnexpectedNull)
		var zero T
		return zero
	}
	t, e := decode(v)
	if e != nil {
		fail(err, name, e)
	}
	return t
}

// Nullable is NotNull for a column that may be null.
func Nullable[T any](err *error, name string, v []byte, decode func([]byte) (T, error)) Null[T] {
	if v == nil {
		return Null[T]{}
	}
	t, e := decode(v)
	if e != nil {
		fail(err, name, e)
	}
	return Null[T]{V: t, Valid: true}
}

func fail(err *error, name string, cause error) {
	if *err == nil {
		*err = &ColumnError{Column: name, Err: cause}
	}
}

// AppendNullable appends null, or the value as appendValue does.
func AppendNullable[T any](b []byte, v Null[T], appendValue func([]byte, T) []byte) []byte {
	if !v.Valid {
		return append(b, "null"...)
	}
	return appendValue(b, v.V)
}

// CloneNullable copies a value that is a view into memory that will be reused.
func CloneNullable[T any](v Null[T], clone func(T) T) Null[T] {
	if v.Valid {
		v.V = clone(v.V)
	}
	return v
}

// ChecksumOf returns the checksum of a row from its canonical JSON.
func ChecksumOf(data []byte) Checksum { return sha256.Sum256(data) }
