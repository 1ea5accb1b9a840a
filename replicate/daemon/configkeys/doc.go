// Package configkeys is the one table of the keys that a configuration may have. It is plain data: it imports
// nothing that reads, checks or generates, so that a replicator and the generator can both import it without
// linking each other.
//
//	configkeys.go  what is known of a key, and look-ups
//	table.go       the table: the job, its offset, its source, its target
//
// What is made from the table:
//
//	reading and checking   replicate/daemon/internal/config
//	--help's example       replicate/daemon/internal/command/run
//	the emitted config.yaml, the tables of docs/configure.md and docs/config.schema.json   gen/configfile
//
// A new key is one row here and one line in the bindings of internal/config, which say where its value goes.
// Then run make config-docs. Tests fail when a row has no binding, and when a file is not what the table says.
//
// Where a key comes from matters to the reader. Repliqate replaces a program in Python, "the Python daemon", whose
// configuration files go on working: a key that it had keeps its name, its place and its default.
package configkeys
