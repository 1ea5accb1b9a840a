// Package mysql reads tables of MySQL 8.0 and later and of MariaDB 10.6 and later, InnoDB's, on the primary,
// with any user that may SELECT from the table and from performance_schema. It installs nothing, and writes
// nothing.
//
//	uri.go      SQLAlchemy-style URIs
//	option.go   their options
//	connect.go  the connection, errors that a retry can't heal
//	session.go  settings of the session, set and read back
//	server.go   what the server must be: a primary that shows its metadata locks
//	verify.go   what must hold before a row is read: the table, its columns, its key
//	types.go    types of columns as the catalog and the protocol have them
//	fence.go    the fence: the highest key that can be seen, and who may still commit one up to it
//	prepared.go prepared XA transactions, which outlive the locks of their sessions
//	stamp.go    evidence, read with each poll, that the table is the one that was verified
//	holders.go  who the holders are
//	offset.go   signs that keys were used again
//	poll.go     one round trip per poll: fence, then the page in a newer snapshot
//	idle.go     the brief look at a table where nothing was left, and why it is enough
//	audit.go    single keys, for the late-row audit
//	count.go    counting rows, for the operator
//	mybin/      values
//
// # Why the fence proves that keys are settled
//
// A poll reads in one session, one statement after the other, each in a snapshot of its own (READ COMMITTED):
// the highest key H, then the list L of metadata locks on the table, then the prepared XA transactions, then
// the page.
//
// InnoDB draws a key from a counter that only grows, and draws it for a statement that has opened the table. To
// open it for writing the statement has taken a metadata lock that is stronger than a reader's, and the
// transaction keeps that lock until it has ended; a commit makes its rows visible before it gives its locks
// back. Let a row with a key k <= H be committed after L was read. H was visible, so it was drawn before its
// snapshot, and k, drawn from the same counter (or set aside with it, for an INSERT of many rows), before that
// too. So its transaction had its lock before L was read, and still had it then: it is in L. Once everyone in L
// is gone, no key up to H can become visible any more: each is visible to the next snapshot, or never will be.
// That is why the page is read after L in time and in a newer snapshot, and used up to the highest H whose
// holders are gone (Promise 1).
//
// Keys that a client chooses are not drawn. They are covered as long as the transaction that inserts them has
// begun to write to the table when H passes them; later ones are for the late-row audit, as on PostgreSQL. So
// is a key that was drawn behind a savepoint, rolled back to it, and then used by value: with the savepoint the
// lock is given back.
//
// # Why the proof stays valid
//
// The poll is one read-only transaction, so its own lock on the table, taken by reading H, keeps any ALTER,
// RENAME and TRUNCATE out until the page was read: all of its statements speak of one table. That lock also
// must show in L, which proves with each poll that locks are recorded, that this user sees them, and that they
// are looked for under the right name (Promise 5). See stamp.go for what tells that the table is another one
// than at the last poll.
package mysql
