// Package script reads files of SQL as they are found: in any usual encoding, with what the client of a
// database would do before the server sees a statement.
//
//	decode.go       bytes to text: byte-order marks, UTF-16, SET client_encoding
//	dialect.go      what decides where a statement ends, a set of switches that each engine has its own of
//	split.go        text to statements
//	scan.go         the length of strings, names and comments
//	psql.go         psql's commands: \set, \if, \i, and the data of COPY
//	statement.go    a statement, its words, and which byte of the file each of its bytes stands for
//	placeholder.go  what a client or a template was to fill in
//
// A text that no server would take is split all the same, so that a reader can skip what it doesn't need.
package script
