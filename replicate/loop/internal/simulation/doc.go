// Package simulation is only a test. It runs the real machine from a seed against a model of everything around it,
// and compares what happened with the promises.
//
//	simulation_test.go  the tests: seeds, replays, mutants, how soon a standby takes over
//	world_test.go       the plan made from a seed, its faults, its clock
//	database_test.go    the table and its transactions
//	broker_test.go      the topic
//	store_test.go       the offset store, the lease, the witness, and an operator
//	instance_test.go    one replicator: the machine and what connects it to the model
//	check_test.go       compares the history with the promises
//	watch_test.go       compares what an instance does with what it was told
//	mutant_test.go      known mistakes, which the checker must catch
package simulation
