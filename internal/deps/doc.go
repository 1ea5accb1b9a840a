// Package deps holds no code, but the tests of what a replicator is made of: what it links, what its row path
// imports and allocates, and that it is one static file which needs nothing around it.
//
//	engines_test.go  what is known of each engine: the one place for a new one
//	linked_test.go   what each generated command links
//	rowpath_test.go  imports and calls on the way of a row
//	allocs_test.go   allocations on the way of a row
//	static_test.go   the binary itself
package deps
