// Package canonical writes values as canonical JSON: the bytes of a message's data, and what the
// checksum digests (Promise 6). They are the bytes that Python's json.dumps(data, sort_keys=True)
// writes: ", " and ": " as separators, keys sorted by code point, everything but printable ASCII as
// \uXXXX.
//
// Every function appends to a slice and allocates nothing of its own (Promise 8).
//
//	scalar.go    integers, booleans, floats, base64
//	string.go    strings
//	datetime.go  dates, times and timestamps in ISO 8601
//	embed.go     JSON documents inside a row, parsed and printed again
package canonical
