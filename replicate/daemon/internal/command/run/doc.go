// Package run is the program without a command: it runs the job until it is stopped.
//
//	run.go    from arguments to exit status
//	flags.go  its options
//	reload.go  SIGHUP: the configuration is read again
//	help.go   --help, with the least configuration that is needed
package run
