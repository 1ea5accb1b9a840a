// Package prometheus shows what a job does as Prometheus metrics: help, units and names by its conventions, prefix
// "repliqate_", and the labels name, table and topic on every one.
//
//	metrics.go  registry, latencies from hooks, and the collector of everything else
//	table.go    the metrics that come from a progress.Tracker
//
// docs/operate.md lists every metric; a test compares. The statsd names (package statsd) are another set, which the
// Python daemon had.
//
// The official client adds 2.3 MB to a replicator of 15 MB. It is worth that: exposition in text and in protobuf with
// escaping and compression, and the metrics of the Go run time and of the process, all by its rules.
package prometheus
