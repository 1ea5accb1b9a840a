package script

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

// formats are files that people take for a schema, by how they begin, with how to get one of them.
var formats = []struct{ begins, remedy string }{
	{"PGDMP", "this is an archive of pg_dump: write it as SQL with pg_restore --schema-only --file schema.sql ARCHIVE"},
	{"SQLite format 3\x00", "this is a database of SQLite: write its schema with sqlite3 FILE .schema > schema.sql"},
	{"\x1f\x8b", "this is compressed: unpack it with gunzip"},
	{"PK\x03\x04", "this is a zip archive: unpack it"},
	{"\x28\xb5\x2f\xfd", "this is compressed: unpack it with unzstd"},
}

// declared finds the encoding that a dump says it has.
var declared = regexp.MustCompile(`(?i)\bset\s+(?:client_encoding\s*(?:=|to)|names)\s*'?([\w-]+)`)

// Decode returns a file's text. Bytes that are no text in its encoding become U+FFFD, so that they matter
// only where they are in something that is needed. Note says what was taken for granted.
func Decode(content []byte) (text, note string, err error) {
	for _, f := range formats {
		if strings.HasPrefix(string(content[:min(len(content), 32)]), f.begins) {
			return "", "", errors.New(f.remedy)
		}
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if order, ok := utf16(content); ok {
		decoded, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(content)
		if err != nil {
			return "", "", errors.New("this is no UTF-16 text: expected CREATE TABLE statements")
		}
		return string(decoded), "read as UTF-16", nil
	}
	if bytes.IndexByte(content, 0) >= 0 {
		return "", "", errors.New("this is no text: expected CREATE TABLE statements")
	}
	if utf8.Valid(content) {
		return string(content), "", nil
	}
	if found := declared.FindSubmatch(content); found != nil {
		if e := encodingOf(string(found[1])); e != nil {
			decoded, err := e.NewDecoder().Bytes(content)
			return string(decoded), "read as " + string(found[1]), err
		}
	}
	return strings.ToValidUTF8(string(content), string(utf8.RuneError)), "", nil
}

// utf16 reports whether a text is UTF-16, by its byte-order mark or by every other byte being zero.
func utf16(content []byte) (unicode.Endianness, bool) {
	if len(content) < 4 {
		return unicode.LittleEndian, false
	}
	switch head := content[:min(len(content), 64)&^1]; {
	case head[0] == 0xff && head[1] == 0xfe:
		return unicode.LittleEndian, true
	case head[0] == 0xfe && head[1] == 0xff:
		return unicode.BigEndian, true
	case zeros(head, 1) && !zeros(head, 0):
		return unicode.LittleEndian, true
	case zeros(head, 0) && !zeros(head, 1):
		return unicode.BigEndian, true
	}
	return unicode.LittleEndian, false
}

// zeros reports whether every second byte is zero.
func zeros(b []byte, from int) bool {
	for i := from; i < len(b); i += 2 {
		if b[i] != 0 {
			return false
		}
	}
	return true
}

// encodings are the names that databases have for encodings and nobody else has.
var encodings = map[string]encoding.Encoding{
	"latin1": charmap.Windows1252, "latin2": charmap.ISO8859_2, "latin3": charmap.ISO8859_3,
	"latin4": charmap.ISO8859_4,
	"latin5": charmap.ISO8859_9, "latin6": charmap.ISO8859_10, "latin7": charmap.ISO8859_13,
	"latin8": charmap.ISO8859_14, "latin9": charmap.ISO8859_15, "latin10": charmap.ISO8859_16,
	"win866": charmap.CodePage866, "win874": charmap.Windows874, "win1250": charmap.Windows1250,
	"win1251": charmap.Windows1251, "win1252": charmap.Windows1252, "win1253": charmap.Windows1253,
	"win1254": charmap.Windows1254, "win1255": charmap.Windows1255, "win1256": charmap.Windows1256,
	"win1257": charmap.Windows1257, "win1258": charmap.Windows1258, "koi8r": charmap.KOI8R, "koi8u": charmap.KOI8U,
}

// encodingOf finds an encoding other than UTF-8 by the name that a database has for it.
func encodingOf(name string) encoding.Encoding {
	if e, ok := encodings[strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))]; ok {
		return e
	}
	for _, alias := range []string{name, strings.ReplaceAll(name, "_", "-")} {
		if e, err := ianaindex.IANA.Encoding(alias); err == nil && e != nil && e != unicode.UTF8 {
			return e
		}
	}
	return nil
}
