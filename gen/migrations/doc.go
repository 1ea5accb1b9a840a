// Package migrations finds the files of a schema, and which parts of them count, as the tool that runs
// them would.
//
//	find.go      names of files and folders to the files that they stand for, in the order of their tool
//	tools.go     the tools, each told from what is in its folder
//	annotate.go  annotations within a file: the way down is blanked, so that positions stay
//
// Files that are named one by one stay in the order in which they are named.
package migrations
