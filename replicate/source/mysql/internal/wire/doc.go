// Package wire speaks as much of the MySQL protocol as reading takes, to MySQL and MariaDB. Rows come in the
// binary format, or the text format where a query has no parameters, as views into the connection's buffer:
// a row costs no memory (Promise 8). Commands may be sent together, and their answers read one after the
// other, so that a poll is one round trip.
//
//	conn.go      connecting: handshake, TLS, what the server can do
//	line.go      a silence of the server is an error
//	packet.go    packets and the buffers that they are read into and written from
//	auth.go      proofs of the password: native, caching_sha2, ed25519, clear text on an encrypted line
//	command.go   queries, prepared statements, their parameters
//	result.go    answers: columns and rows
//	errors.go    what the server says
//
// LOAD DATA LOCAL is never offered, so a server can't ask for files.
package wire
