// Package run is the program without a command: it runs the job until it is stopped.
//
//	run.go    from arguments to exit status
//	flags.go  its options
//	help.go   --help, with the least configuration that is needed
package run
