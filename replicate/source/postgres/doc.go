// Package postgres reads tables of PostgreSQL 14 and later, on the primary, as any role that may SELECT from the table
// and its sequence. It installs nothing and takes no lock that a writer has to wait for.
//
// Connecting:
//
//	uri.go           SQLAlchemy-style URIs
//	parameters.go    the parameters of libpq that a URI may have
//	dial.go          TCP and sockets, with libpq's keepalives
//	socket_linux.go  what only Linux can do for a socket; socket_other.go: elsewhere it is refused
//	revoked.go       lists of revoked certificates
//	progress.go      connections on which silence is an error
//	refused.go       refused connections, and errors that a retry can't heal
//	connect.go       the source, and the pinned settings of its session
//
// What must hold before a row is read:
//
//	verify.go    the table, its key
//	columns.go   the columns and the numbers of their types, then and in each result
//	tree.go      the table with its partitions and children, and what in it can't be proven
//	sequence.go  the one sequence that every key comes from
//	trigger.go   triggers that may set the key
//	offset.go    signs that keys were used again
//	stamp.go     evidence, read with each poll, that none of this has changed since
//	cover.go     partitions that are attached while the source runs, with old rows in them
//
// Reading:
//
//	fence.go     the fence: the sequence's last value, and who may still use a key up to it
//	holders.go   who they are
//	poll.go      one round trip per poll: the fence, then the page in a newer snapshot
//	idle.go      the brief look at a table where nothing was left, and why it is enough
//	encoding.go  texts that are not valid in the database's encoding
//	audit.go     single keys, for the late-row audit
//	stranded.go  rows above the sequence
//	count.go     counting rows, for the operator
//
// Why the fence proves that keys are settled: nextval takes RowExclusiveLock on the sequence before it draws a key, on
// behalf of the top-level transaction, and holds it until that transaction ends. A commit becomes visible before its
// locks are released. So list the holders of that lock after reading the sequence's last value: once all of them are
// gone, every key up to that value is visible to a newer snapshot, or never will be (Promise 1).
//
// Why the proof stays valid: the stamp is read in a snapshot newer than the last value. If it equals the stamp that was
// verified, every key up to that value was drawn under the verified conditions. If it differs, the page is not used,
// and the source connects and verifies again (Promise 5).
package postgres
