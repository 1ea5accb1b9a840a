// Package replicatetest has the conformance suites that every implementation of the loop's interfaces must pass. They
// check the contracts that package replicate states for Sink, OffsetStore, Lease and Source, and they do so through
// the interfaces alone. What only one implementation does is tested beside it.
//
//	page.go          pages of messages, made as the loop makes them
//	key.go           a builder for tests whose rows are bare keys
//	sink.go          ExerciseSink: order, durability, done exactly once, partitions, Close
//	offset.go        ExerciseOffsetStore and ExerciseLease
//	source.go        ExerciseSource, and its harness
//	source_read.go   its cases: order, pages, bounds
//	source_fault.go  its cases: bad rows, failures, offsets
//	golden.go        Golden: what generated tests check of a row
//
// A suite takes a harness, or a function that makes one, so that each subtest starts from nothing.
package replicatetest
