// Package specimens holds a value of every type of PostgreSQL with what a message has for it: tests compare what is
// published of rows on real servers, and docs/types.md lists them.
//
//	vectors.go the values
//	page.go    the tables in docs/types.md
//	write/     writes them
package specimens
