// Package daemon is what every generated main calls: it reads flags and configuration, puts a
// replicator together, logs what it does, and turns signals into a graceful stop.
//
//	run.go     from arguments to exit status
//	flags.go   the command line and its help
//	config.go  the configuration file: its keys
//	yaml.go    reading YAML as the original did, with errors that name file, line and key and hold no value
//	value.go, variable.go   single values, and the environment's variables in them
//	check.go   what is missing or contradicts itself
//	agree.go   what must agree with the generated code
//	wire.go    configuration to parts
//	log.go, events.go   the log, and the loop's events as its lines
//
//	offset.go         the operator's offset command: what it works on, and show
//	offset_flags.go   its command line and its help
//	offset_change.go  set, reset and start-at: what a change means
//	offset_write.go   the lease during a change, and the order of its writes
//
// No error and no log line holds a secret: see value.shown and document.syntax.
package daemon
