// Package ddl holds what a schema file is, whatever its engine: its text, the tables that it defines, and where in
// the text each thing stands, so that every error can point to it.
//
//	file.go     File: a text, positions in it, and errors that point there
//	table.go    Table and Column: what a file defines
//	lexeme.go   words, names and symbols of SQL
//
// Which SQL means what is known to the readers of the engines, in gen/engine/<db>/.
package ddl
