// Package configfile renders the table of configuration keys (replicate/daemon/configkeys) for people and editors.
//
//	yaml.go      the keys of the config.yaml that --with config writes
//	markdown.go  the tables of docs/configure.md
//	schema.go    docs/config.schema.json, a JSON Schema
//	write/       writes both files under docs (make config-docs)
//
// Tests fail when a file under docs is not what the table says.
package configfile
