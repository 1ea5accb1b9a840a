// Package daemon is what every generated main calls. Main chooses the command, turns signals into a graceful stop, and
// exits; this package is wiring only.
//
//	configkeys/             the one table of configuration keys, as plain data
//	internal/keys/          YAML with positions, variables and secrets
//	internal/config/        the values of the keys, checked; errors of parts in the configuration's words
//	internal/job/           puts a job together: source, sink, stores
//	internal/joblog/        what is logged
//	internal/command/run/   the program without a command: it runs the job
//	internal/command/check/    looks at what a job needs
//	internal/command/offset/   the operator's offset command
//	internal/command/republish/   publishes rows again
//	internal/command/status/   says where a job is
//	internal/command/verify/   compares table and topic
//	internal/topic/         reads a job's topic, for commands
//	internal/terminal/      colour and progress, where somebody looks
//
// To add a command, write a package below internal/command and add its line to commands in run.go. To add a key of
// the configuration, see package configkeys. To add a sink or a store, see package internal/job.
package daemon
