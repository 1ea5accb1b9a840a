// Package keys reads the keys of a configuration file: YAML as the Python daemon read it, with the position of each
// key, the environment's variables in place, and no secret in any error.
//
//	document.go  the file: its bounds, its syntax, where each key stands
//	bind.go      from a row of the table (configkeys) to what reads its value
//	mapping.go   keys and values: unknown keys, merges
//	value.go     single values and lists
//	variable.go  ${NAME} and ${NAME:-default}
//
// The first error ends the reading. It names file, line and key, and repeats a value only if that can't be a secret:
// see Harmless, value.shown and Document.syntax.
package keys
