package canonical

import "unicode/utf8"

// AppendString appends s as a string in printable ASCII: everything else, DEL too, is escaped as
// \uXXXX, beyond the basic plane as a pair of surrogates. s must be valid UTF-8, which whoever decoded
// it has checked and reported; a byte that is not valid appears as \ufffd.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	b = appendEscaped(b, s)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	for {
		run := plainRun(s)
		b = append(b, s[:run]...)
		if run == len(s) {
			return b
		}
		s = s[run:]
		if c := s[0]; c < utf8.RuneSelf {
			b = appendEscapedASCII(b, c)
			s = s[1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		b = appendEscapedRune(b, r)
		s = s[size:]
	}
}

const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
)

// plainRun returns the length of the prefix of s that needs no escape. It looks at eight bytes at a
// time: in each step the high bit of a byte of the sum says whether that byte may need an escape. A
// borrow can set a high bit too many, never one too few, and the plain table then decides.
func plainRun(s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		control := w - 0x20*everyByte
		quote := (w ^ '"'*everyByte) - everyByte
		backslash := (w ^ '\\'*everyByte) - everyByte
		beyond := w | (w + everyByte) // DEL or not ASCII
		if (control|quote|backslash|beyond)&highBits != 0 {
			break
		}
	}
	for ; i < len(s); i++ {
		if !plain[s[i]] {
			return i
		}
	}
	return len(s)
}

// plain holds the bytes that stand for themselves inside a string.
var plain = func() (table [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

func appendEscapedASCII(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	}
	return appendUnit(b, uint16(c))
}

func appendEscapedRune(b []byte, r rune) []byte {
	if r < 0x10000 {
		return appendUnit(b, uint16(r))
	}
	r -= 0x10000
	b = appendUnit(b, uint16(0xd800+r>>10))
	return appendUnit(b, uint16(0xdc00+r&0x3ff))
}

// appendUnit appends \uXXXX for one UTF-16 code unit.
func appendUnit(b []byte, u uint16) []byte {
	return append(b, '\\', 'u', hexDigits[u>>12], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}
