// Package manual explains the program: the commands help, completion and man. All is made from the help texts of the
// commands, so that there is one place to write it.
//
//	manual.go      the three commands
//	help.go        what a help text says: options, words, items
//	completion.go  completion scripts for bash, zsh and fish
//	man.go         a manual page
package manual
