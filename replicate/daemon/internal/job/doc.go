// Package job puts a job together: it turns the configuration into a source, a sink and an offset store.
//
//	job.go      Program, and a whole job for the loop
//	parts.go    its parts one by one, for commands that need only some
//	page.go     its page and its Prometheus metrics
//
// A sink or a store is a folder below replicate/sink or replicate/offset and a case here.
package job
