// Package loop runs a job: it polls new rows of a table, publishes them and commits the offset.
//
// The loop itself is a state machine without goroutines, clock or I/O, in internal/machine: events go in, actions
// come out, a few for each batch and none for each row. Replicator (replicator.go) is the shell around it, which
// carries the actions out, each kind in a lane of its own, and reports how they went. So internal/simulation can
// run the real loop against a model of everything around it, from one seed, and replay any run.
//
// AwaitSettled (settled.go) is for an operator's command: it waits until no row can appear up to the highest key.
package loop

import "github.com/repliqate/repliqate/replicate/loop/loopconfig"

// Config says how a Replicator runs its job. Its fields are documented in package loopconfig. The zero value of a
// field means its default.
type Config = loopconfig.Config
