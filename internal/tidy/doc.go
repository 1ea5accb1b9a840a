// Package tidy holds no code, but the test of the house rules that a formatter and a linter don't know: how long
// files, functions and lines may be, how large interfaces, which names say nothing, and what needs a comment.
// CONTRIBUTING.md says why. Generated files and testdata are not measured.
//
//	rules_test.go     the rules, file by file
//	engines_test.go   what is of one engine is in its folders
//	keys_test.go      only the daemon names keys of the configuration
//	maps_test.go      the map in a package's comment names its files
//	parts_test.go     sinks, stores, codecs, metrics and commands are named only where a job is put together
package tidy
