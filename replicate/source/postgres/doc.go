// Package postgres reads tables of PostgreSQL 14 and later, on the primary, with any role that may
// SELECT from the table and its sequence. It installs nothing and takes no lock that a writer waits
// for.
//
//	uri.go      SQLAlchemy-style URIs
//	connect.go  the connection, its pinned settings, errors that a retry can't heal
//	verify.go   what must hold before a row is read: the table, its key
//	columns.go  the columns and the numbers of their types, when verified and in each result
//	tree.go     the table with its partitions and children, and what in it can't be proven
//	sequence.go the one sequence that every key comes from
//	trigger.go  triggers that may set the key
//	stamp.go    evidence, read with each poll, that nothing of this has changed since
//	cover.go    partitions that are attached while the source runs, with old rows in them
//	offset.go   signs that keys were used again
//	fence.go    the fence: the sequence's last value, and who may still use a key up to it
//	holders.go  who they are
//	progress.go connections on which a silence is an error
//	encoding.go texts that are not valid in the database's encoding
//	poll.go     one round trip a poll: fence, then the page in a newer snapshot
//	audit.go    single keys, for the late-row audit
//	count.go    counting rows, for the operator
//
// Why the fence proves that keys are settled: nextval takes RowExclusiveLock on the sequence before it
// draws, in the name of the top transaction, and keeps it to that transaction's end; and a commit
// becomes visible before its locks are released. So once every holder of that lock, as listed after the
// last value was read, is gone, every key up to that value is either visible to a newer snapshot or
// will never be (Promise 1).
//
// Why the proof stays valid: the stamp is read in a snapshot that is newer than the last value. If it is
// the one that was verified, then every key up to that value was drawn under what was verified. If it is
// another, the page is not used, and the source connects and verifies again (Promise 5).
package postgres
