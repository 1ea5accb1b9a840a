// Package replicatetest has the conformance suites that every implementation of the loop's interfaces
// must pass. They check the contracts that replicate/sink.go, offset.go and source.go state, through the
// interfaces alone; what only one implementation has is tested beside it.
//
//	page.go    pages of messages, made as the loop makes them
//	sink.go    ExerciseSink: order, durability, done exactly once, partitions, Close
//	offset.go  ExerciseOffsetStore and ExerciseLease
//	golden.go  Golden: what generated tests check of a row
//	source.go  ExerciseSource; source_read.go: order, pages, bounds; source_fault.go: bad rows, failures, offsets
//
// A suite takes a harness or a function that makes one, so that each subtest begins with nothing.
package replicatetest
