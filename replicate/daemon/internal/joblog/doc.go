// Package joblog is what a job logs: each event of the loop as a line that says what it means for the operator.
//
//	log.go      format, level, and how often a problem is repeated
//	begin.go    the first line: what runs, from where to where
//	events.go   the loop's events
//	summary.go  a line a minute, in place of a line for each batch
//
// docs/operate.md explains every warning. No line holds a secret, and settings are called by their keys.
package joblog
