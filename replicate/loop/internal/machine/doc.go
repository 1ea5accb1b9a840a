// Package machine is the loop's core: a state machine without goroutines, clock or I/O. It is told what happened and
// when, and answers with what is to be done.
//
//	event.go    what happens
//	action.go   what is to be done, and the timers
//	machine.go  the state, and one step
//	lease.go    taking the lease, renewing it, stepping down
//	start.go    from the lease to the first poll: the sink, the offset, the source
//	standing.go state and lag, for the hooks
//	once.go     when a Once run ends
//	run.go      polls, publications, acknowledgements
//	pause.go    the pause between two polls, which follows the traffic
//	idle.go     when a brief look does for a poll
//	audit.go    lookups of the late-row audit
//	commit.go   the offset, and its second copy
//	horizon.go  up to which key a page may be used while older transactions are open
//	gaps.go     which keys the late-row audit looks up
package machine
