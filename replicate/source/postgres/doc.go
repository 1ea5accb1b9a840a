// Package postgres reads tables of PostgreSQL 14 and later, on the primary, with any role that may
// SELECT from the table and its sequence. It installs nothing and takes no lock that a writer waits
// for.
//
//	uri.go      SQLAlchemy-style URIs
//	connect.go  the connection, its pinned settings, errors that a retry can't heal
//	verify.go   what must hold before a row is read: schema, key, sequence, offset
//	fence.go    the fence: the sequence's last value, and who may still use a key up to it
//	progress.go connections on which a silence is an error
//	encoding.go texts that are not valid in the database's encoding
//	poll.go     one round trip a poll: fence, then the page in a newer snapshot
//
// Why the fence proves that keys are settled: nextval takes RowExclusiveLock on the sequence before it
// draws, in the name of the top transaction, and keeps it to that transaction's end; and a commit
// becomes visible before its locks are released. So once every holder of that lock, as listed after the
// last value was read, is gone, every key up to that value is either visible to a newer snapshot or
// will never be (Promise 1).
package postgres
