// Package engine says what an engine is to the generator: its types, its SQL, how its DDL is read and
// recognised, and what is printed for it alone. An engine is one value of type Engine in a folder of its own.
//
//	engine.go   Engine
//	key.go      which column can be the key
//	query.go    the keyset queries, quoting
//	list.go     List, the engines of a generator: finding one, reading files
//	tell.go     which engine a schema file is for
//	code.go     small pieces of code that engines and gen/emit both print
//
// # Adding an engine
//
//  1. gen/engine/<db>/: a value of Engine. types.go is the table of types, one row a type; kind.go prints what is done
//     with a column; ddl.go reads its DDL.
//  2. gen/engines.go: one line.
//  3. replicate/source/<db>/: Table, the type that generated code fills in, and its source.
//     replicatetest.ExerciseSource shows what it must do.
//  4. Tests: a txtar in gen/testdata, a schema in schemas/ with its line in the Makefile and in sqlc.yaml, its types in
//     docs/types.md, its rows in scripts/oracle/rows.py.
//
// Nothing else names an engine: internal/tidy looks for such names.
//
// # Adding a type
//
//  1. Its row in gen/engine/<db>/types.go, with a sample.
//  2. Its decoder and the function that appends it, in the package below replicate/source/<db>/ that reads values.
//  3. A column of it in schemas/alltypes.sql, then make generate.
//  4. Its line in docs/types.md, its values in scripts/oracle/rows.py (make oracle), its row in internal/oracle.
//
// A type of PostgreSQL that is read in the database's own text form has no decoder: a row in types_text.go, a column in
// schemas/othertypes.sql, its values in internal/specimens (make types-docs).
//
// The tests of gen/engine/<db> list what is missing for a type.
package engine
