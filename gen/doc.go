// Package gen turns CREATE TABLE statements into Go. It is never linked into a replicator.
//
//	schemas/*.sql ──schema──▶ model ──emit──▶ generated/<table>/
//	                  ▲ engine: types, quoting, queries
//
// generate.go chooses tables and keys, plugin.go is the part that runs inside sqlc, output.go compares
// and writes files.
package gen
