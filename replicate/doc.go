// Package replicate is the contract of the run time: what generated code supplies (Table), what a source, a sink, an
// offset store and a lease must do, and what passes between them. It is the only package, with those below it, that
// generated code imports.
//
//	           Poll                    Publish                  Commit
//	Source ───────────▶ Page ────────────────────▶ Sink ───────────────────▶ OffsetStore
//	  ▲   fence, rows      rows as messages           acks                      offset
//	  └──────────────────────────── next key ◀───────────────────────────────────┘
//
// # Promises
//
// Condition: the table is append-only (rows are not updated, keys are not reused; deleting rows that
// were published is fine) and is read on the primary.
//
//  1. Every committed row that is still there when its key settles is published at least once, in
//     whatever order transactions commit, through any crash.
//  2. First publications come in ascending key order in each partition. The partition is a pure
//     function of the message key or the row key, never of chance.
//  3. The stored offset is never beyond a row that the sink has not acknowledged.
//  4. The stored offset never moves backwards by itself, and only the lease's holder writes it.
//     A stale instance can add duplicates, never lose a row.
//  5. When a promise can't be kept, the job stops or waits with an error that names the reason and
//     the remedy. Nothing is skipped in silence.
//  6. The same row has the same checksum on every machine, engine version, session setting and codec.
//  7. Memory is bounded by configuration, never by the size of the table, of a row's neighbours or of
//     the backlog.
//  8. The row path (scan, encode, checksum, publish) uses no reflect, encoding/json, fmt, database/sql
//     or any, and allocates nothing per row of its own. Text and binary fields of a scanned row are
//     views into the page, valid until the next row is scanned; Clone copies.
//
// The lines that keep a promise cite it as "Promise N".
//
// # Neighbours
//
// loop runs a job with implementations of these interfaces. canonical writes the canonical JSON that is hashed and
// published. source/, sink/, offset/ and metrics/ hold one directory for each implementation. daemon reads flags and
// configuration and wires them. replicatetest has the conformance suites that every implementation must pass.
package replicate
