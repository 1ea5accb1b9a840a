// Package pgbin decodes PostgreSQL's binary result format into typed values, and writes them as
// canonical JSON. Decoded text and binary values are views into the wire's buffer, valid until the next
// row; Clone copies. Nothing here allocates for a value that is well formed, so that a row's way from
// the wire to the message costs no memory (Promise 8).
//
// A decoder takes the bytes of a value that is not null and checks them whole, so that appending can't
// fail. The decoder of a type T is DecodeT, and AppendT appends what it returns.
//
//	scalar.go     integers, booleans, floats, text, bytea, uuid, json
//	numeric.go    numeric
//	datetime.go   date, time, timetz, timestamp, timestamptz
//	interval.go   interval
//	array.go      arrays of all of these, and of arrays of them
//	hstore.go     hstore
//	textarray.go  arrays of types that are read in the database's own text form
package pgbin
