// Package keyset has what the sources share, whatever the database: they read rows in key order from a key on, a page
// at a time.
//
//	reader.go  a page: from rows to messages, up to the bound
//	limit.go   how many rows to ask for
//	offset.go  the key of an offset
//	count.go   the query that counts the rows of a range of keys
//	warner.go  warnings, each of them once
package keyset
