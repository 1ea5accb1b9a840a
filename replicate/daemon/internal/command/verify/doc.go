// Package verify is the command that compares the table with the topic.
//
//	verify.go   what it works on, and the order of its steps
//	flags.go    its options and its help
//	rows.go     digests of the table's rows, a bounded number at a time
//	messages.go the topic's messages, held against them
//	segments.go which parts of the topic a range of keys needs, once all of it was read
//	findings.go what differs, as ranges of keys
//	report.go   output
//
// Memory is bounded by passes: each takes a bounded number of rows, of which it keeps key, digest and state,
// 17 bytes together, and reads the messages of that range. The first pass reads the whole topic and notes which keys
// each segment of it holds. As keys ascend in a topic, later passes read little that another has read.
package verify
