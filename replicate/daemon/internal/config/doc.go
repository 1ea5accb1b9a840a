// Package config is the configuration of a replicator: the values of the keys in the table (configkeys), checked
// against each other and against the generated code.
//
//	config.go  Config, and the reading of it
//	bind.go    where each key's value goes, and by which name a part knows it
//	check.go   what is missing or contradicts itself
//	secrets.go secrets that stand in files of their own
//	http.go    where the page is served
//	agree.go   what must agree with the generated code
//	change.go  what differs when the configuration is read again
//	place.go   errors of parts, in the configuration's words
//
// Parts know none of the keys. They report a bad setting as a replicate.SettingError and mention settings in hints
// as replicate.Setting; Config.Place and Explain turn those into keys, with file and line where the job has not begun.
package config
