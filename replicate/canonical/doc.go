// Package canonical writes values as canonical JSON: the data of a message, which is also what the checksum is
// computed from (Promise 6). The bytes are those that Python's json.dumps(data, sort_keys=True) writes: ", " and ": "
// as separators, keys sorted by code point, and everything but printable ASCII as \uXXXX.
//
// Every function appends to a slice and allocates nothing itself (Promise 8).
//
//	value.go   null, booleans, integers, base64, hexadecimal digits
//	float.go   floats, with the digits that Python prints
//	string.go  strings and their escapes
//	time.go    dates, times and timestamps in ISO 8601
//	embed.go   JSON documents inside a row, parsed and printed again
package canonical
