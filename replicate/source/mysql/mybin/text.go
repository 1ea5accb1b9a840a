package mybin

import (
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// DecodeText decodes char, varchar and the text kinds, whatever their character set: the server converts them.
// MariaDB's uuid, inet4 and inet6 travel as text too. It refuses what is not UTF-8.
func DecodeText(v []byte) (string, error) {
	if !utf8.Valid(v) {
		return "", &Error{Type: "text", Problem: "invalid UTF-8 at byte " + strconv.Itoa(invalidAt(v))}
	}
	return view(v), nil
}

// DecodeEnum decodes enum: the label, or the empty text of a value that was none.
func DecodeEnum(v []byte) (string, error) { return DecodeText(v) }

// DecodeSet decodes set: its labels with commas between them.
func DecodeSet(v []byte) (string, error) { return DecodeText(v) }

// AppendText appends the string.
func AppendText(b []byte, v string) []byte { return canonical.AppendString(b, v) }

func view(v []byte) string { return unsafe.String(unsafe.SliceData(v), len(v)) }

func invalidAt(v []byte) int {
	for i := 0; i < len(v); {
		r, size := utf8.DecodeRune(v[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(v)
}

// DecodeBinary decodes binary, varbinary and the blob kinds, trailing zeros and all.
func DecodeBinary(v []byte) ([]byte, error) { return v, nil }

// AppendBinary appends the bytes in base64.
func AppendBinary(b, v []byte) []byte { return canonical.AppendBase64(b, v) }

// JSON is the text of a JSON document, known to be valid. It is empty only in an empty row.
type JSON string

// DecodeJSON decodes json. In MariaDB that is a longtext, which can hold other texts where its check was dropped.
func DecodeJSON(v []byte) (JSON, error) {
	text, err := DecodeText(v)
	if err == nil {
		err = canonical.Valid(text)
	}
	return JSON(text), err
}

// AppendJSON appends the document in canonical form.
func AppendJSON(b []byte, v JSON) []byte {
	out, err := canonical.AppendJSON(b, string(v))
	if err != nil {
		return canonical.AppendNull(b) // the zero value, which no decoder returns
	}
	return out
}

// Clone returns a copy that stays valid.
func (j JSON) Clone() JSON { return JSON(strings.Clone(string(j))) }
