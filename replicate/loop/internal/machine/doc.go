// Package machine is the loop's core: a state machine without goroutines, clock or I/O. It is told what happened
// and when, and answers with what to do next.
//
//	event.go    what has happened
//	action.go   what to do, and the timers
//	machine.go  the state, and one step
//	lease.go    taking the lease, renewing it, stepping down
//	start.go    from the lease to the first poll: sink, offset, source
//	standing.go state and lag, for the hooks
//	once.go     when a Once run ends
//	run.go      polls, publications, acknowledgements
//	pause.go    the pause between two polls, which follows the traffic
//	idle.go     when a brief look is enough for a poll
//	audit.go    lookups of the late-row audit
//	commit.go   the offset, and its second copy
//	horizon.go  the highest key that may be used while older transactions are open
//	gaps.go     which keys the late-row audit looks up
package machine
