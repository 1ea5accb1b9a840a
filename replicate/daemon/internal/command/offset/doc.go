// Package offset is the operator's offset command, which shows where a job is and moves it.
//
//	offset.go  what it works on
//	flags.go   its options and its help
//	show.go    offset show
//	change.go  set, reset and start-at: what a change means
//	write.go   the lease during a change, and the order of its writes
package offset
