// Package mybin decodes the binary result format of MySQL and MariaDB into typed values, and writes them as
// canonical JSON. Decoded text and binary values are views into the connection's buffer, valid until the next
// row; Clone copies. Nothing here allocates for a value that is well formed, so that a row's way from the wire
// to the message costs no memory (Promise 8).
//
// A decoder takes the bytes of a value that is not null and checks them whole, so that appending can't fail.
//
//	number.go    integers of each width and sign, bit, year, decimal, float, double
//	text.go      text, enum, set, binary, json
//	datetime.go  date, time, datetime, timestamp: zero and partial ones too
//	geometry.go  geometry, vector
package mybin
