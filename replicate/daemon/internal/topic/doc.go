// Package topic reads a job's topic, for the commands that look into it.
//
//	message.go  what a message says of its row, and whether its hash is right
//	read.go     the partitions' offsets, and reading spans of them
package topic
