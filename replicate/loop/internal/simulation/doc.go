// Package simulation holds no code, but a test that runs the real machine from a seed against a model of everything
// around it, and holds what happened against the promises.
//
//	simulation_test.go  the tests: seeds, replays, mutants, the time a standby takes
//	world_test.go       the plan of a seed, its faults, its clock
//	database_test.go    the table and its transactions
//	broker_test.go      the topic
//	store_test.go       the offset store, the lease, the witness, and an operator
//	instance_test.go    one replicator: the machine, and its connections to the model
//	check_test.go       the history against the promises
//	watch_test.go       what an instance does against what it was told
//	mutant_test.go      known mistakes, each of which the checker must catch
package simulation
