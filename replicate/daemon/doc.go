// Package daemon is what every generated main calls: it reads flags and configuration, puts a
// replicator together, logs what it does, and turns signals into a graceful stop.
//
//	run.go     from arguments to exit status
//	flags.go   the command line and its help
//	config.go  the configuration file: keys, defaults, checks
//	yaml.go    reading YAML with errors that name file, line and key
//	wire.go    configuration to parts
//	log.go     events to log lines
package daemon
