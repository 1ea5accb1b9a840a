// Package tail is the command that shows messages of the topic, each with its checksum computed again.
//
//	tail.go    which messages are read, and the exit status
//	flags.go   its options and its help
//	print.go   a message as a line, as a table on a terminal, and as JSON
package tail
