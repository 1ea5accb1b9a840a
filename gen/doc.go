// Package gen turns CREATE TABLE statements into Go. It is never linked into a replicator.
//
//	schemas/*.sql ──ddl, schema──▶ model ──emit──▶ generated/<table>/
//	                       ▲ engine: types, quoting, queries
//
//	plan.go       which tables are generated, and with which keys
//	generate.go   every file of a plan
//	output.go     how the folder differs from them
//	write.go      brings the folder up to date
//	module.go     the Go module that the folder is in
//	plugin.go     the part that runs inside sqlc
//	engines.go    the list of engines
//
//	ddl/          what a schema file is
//	engine/       what an engine is, and one folder for each: how to add one, and how to add a type
//	schema/       sqlc, its catalog, and names
//	model/        what is known of a table
//	emit/         prints Go
//	render/       fills in templates/, every emitted text that is not Go
//	command/      the command line
package gen
