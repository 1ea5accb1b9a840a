// Package progress keeps account of what a job does, from the loop's hooks alone: a few additions for each batch.
// Prometheus metrics and the page are two views of the same Snapshot, so they never disagree.
//
//	tracker.go   the account: hooks in, snapshots out
//	snapshot.go  what a snapshot says, and what follows from it: seconds behind, ready or not
//	events.go    what went wrong lately, with its remedy
package progress
