package postgres

import "errors"

// errStale says that a poll has found another stamp than was verified. A retry connects and verifies again.
var errStale = errors.New("the table, its partitions, its sequence or its subscriptions were changed: " +
	"its rows are read again as soon as that is verified")

// stampOf is an expression that has another value when anything has changed that the proof rests on: the
// sequence's parameters and its file (which RESTART and TRUNCATE replace), the key's attribute in every
// relation of the tree (which any change of default, identity, type or nullability rewrites), the tree
// itself, and the subscriptions that fill it. It is made of look-ups in indexes of the catalog, by the OIDs
// of the tree as it was verified: a new relation shows below one of them.
func stampOf(all tree, key string, seq sequence) string {
	parts := all.oids(func(r relation) bool { return r.kind == "p" || !r.partition })
	stamp := `(SELECT bit_xor(hashtextextended(xmin::text, attrelid::bigint)) FROM pg_attribute
		WHERE attrelid = ANY(` + all.oids(anyRelation) + `) AND attname = ` + literal(key) + `),
	(SELECT bit_xor(hashtextextended(xmin::text, inhrelid::bigint)) FROM pg_inherits
		WHERE inhparent = ANY(` + parts + `)),
	(SELECT bit_xor(hashtextextended(xmin::text, inhparent::bigint)) FROM pg_inherits
		WHERE inhrelid = ANY(` + all.oids(func(r relation) bool { return r.above || r == all[0] }) + `))`
	if seq.oid != "" {
		stamp += `,
	(SELECT xmin FROM pg_sequence WHERE seqrelid = ` + seq.oid + `),
	(SELECT relfilenode FROM pg_class WHERE oid = ` + seq.oid + `),
	(SELECT count(*) FROM pg_subscription_rel WHERE srrelid = ANY(` + all.oids(anyRelation) + `))`
	}
	return `concat_ws(' ', ` + stamp + `)`
}
