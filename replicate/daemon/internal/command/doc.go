// Package command is what the program's commands have in common. Each command is a package below it, and a line in
// the daemon's list.
//
//	command.go  how a command is called, and its exit status
//	options.go  the options that every command takes
//	flags.go    the options of one command
//	keys.go     keys that commands need, and ranges of them
//	since.go    times that options take
package command
