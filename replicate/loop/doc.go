// Package loop runs a job: it polls new rows of a table, publishes them and commits the offset.
//
// The loop itself is a state machine without goroutines, clock or I/O, in internal/machine: events go in and
// actions come out, a few per batch and none per row. Replicator (replicator.go) is the shell around it: it carries
// the actions out, each kind in its own lane, and reports the results. That lets internal/simulation run the real
// loop against a model of everything around it, and replay any run from its seed.
//
// AwaitSettled (settled.go) is for operators' commands: it waits until no more rows can appear up to the highest
// key. The settings are in loopconfig.
package loop

import "github.com/repliqate/repliqate/replicate/loop/loopconfig"

// Config says how a Replicator runs its job. Its fields are documented in package loopconfig. A field left at zero
// has its default.
type Config = loopconfig.Config
