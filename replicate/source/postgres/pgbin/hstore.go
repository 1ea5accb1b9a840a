package pgbin

import (
	"encoding/binary"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// Hstore is a value of the extension hstore in its wire form, known to be well formed: a view. The zero Hstore has no
// pairs.
type Hstore struct{ pairs []byte }

// DecodeHstore decodes hstore and every pair of it.
func DecodeHstore(v []byte) (Hstore, error) {
	if len(v) < 4 {
		return Hstore{}, &Error{Type: "hstore", Problem: "it is too short"}
	}
	h := Hstore{v[4:]}
	count := int64(int32(binary.BigEndian.Uint32(v)))
	rest := h.pairs
	for ; count > 0 && len(rest) > 0; count-- {
		key, after, err := nextPart(rest)
		if err != nil {
			return h, err
		}
		value, after, err := nextPart(after)
		switch {
		case err != nil:
			return h, err
		case key == nil:
			return h, &Error{Type: "hstore", Problem: "a key is null"}
		case !utf8.Valid(key):
			return h, &Error{Type: "hstore", Problem: "invalid UTF-8 at byte " + strconv.Itoa(invalidAt(key)) + " of a key"}
		case !utf8.Valid(value):
			return h, &Error{Type: "hstore", Problem: "invalid UTF-8 at byte " + strconv.Itoa(invalidAt(value)) + " of a value"}
		}
		rest = after
	}
	if count != 0 || len(rest) > 0 {
		return h, &Error{Type: "hstore", Problem: "the number of pairs does not match their length"}
	}
	return h, nil
}

// nextPart cuts off a key or a value; nil is null.
func nextPart(data []byte) (value, rest []byte, err error) {
	value, rest, err = nextElement(data)
	if err != nil {
		err = &Error{Type: "hstore", Problem: "the length of a key or value is out of range"}
	}
	return value, rest, err
}

// AppendHstore appends an object of strings and nulls, its keys in order. PostgreSQL sends each key once, in an order
// of its own.
func AppendHstore(b []byte, h Hstore) []byte {
	if len(h.pairs) == 0 {
		return append(b, '{', '}')
	}
	start := len(b)
	b = append(b, '{')
	for rest := h.pairs; len(rest) > 0; {
		var key, value []byte
		key, rest, _ = nextElement(rest) // DecodeHstore has read every pair
		value, rest, _ = nextElement(rest)
		if len(b) > start+1 {
			b = append(b, ',')
		}
		b = append(canonical.AppendString(b, view(key)), ':')
		if value == nil {
			b = canonical.AppendNull(b)
			continue
		}
		b = canonical.AppendString(b, view(value))
	}
	b = append(b, '}')
	unsorted := len(b)
	b, _ = canonical.AppendJSON(b, view(b[start:unsorted:unsorted])) // it was written here
	return append(b[:start], b[unsorted:]...)
}

// Clone returns a copy that stays valid.
func (h Hstore) Clone() Hstore { return Hstore{slices.Clone(h.pairs)} }
