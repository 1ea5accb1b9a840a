// Package daemon is what every generated main calls: it reads flags and configuration, puts a
// replicator together, logs what it does, and turns signals into a graceful stop.
//
//	run.go     from arguments to exit status
//	flags.go   the command line and its help
//	config.go  the configuration file: keys, defaults, checks
//	yaml.go    reading YAML with errors that name file, line and key
//	wire.go    configuration to parts
//	log.go     events to log lines
//
//	offset.go         the operator's offset command: what it works on, and show
//	offset_flags.go   its command line and its help
//	offset_change.go  set, reset and start-at: what a change means
//	offset_write.go   the lease during a change, and the order of its writes
package daemon
