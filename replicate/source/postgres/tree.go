package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/repliqate/repliqate/replicate"
)

// relation is the table itself, a relation below it, whose rows a SELECT from the table returns, or one
// above it, through which rows come into it.
type relation struct {
	oid       string
	name      string // quoted, with its schema where that is not the default
	kind      string // pg_class.relkind
	partition bool   // it belongs to a partitioned table; otherwise it is a child by inheritance, or nobody's
	above     bool
	unlogged  bool
}

// number is the OID as the protocol has it.
func (r relation) number() uint32 { return oidNumber(r.oid) }

func oidNumber(text string) uint32 {
	n, _ := strconv.ParseUint(text, 10, 32) // it comes from the server
	return uint32(n)
}

// isLeaf reports whether the relation holds rows that the table shows.
func (r relation) isLeaf() bool { return !r.above && r.kind != "p" }

// tree is the table and what hangs together with it, the table first.
type tree []relation

// oids returns the OIDs of the relations that keep admits, as an array constant.
func (t tree) oids(keep func(relation) bool) string {
	list := ""
	for _, r := range t {
		if keep(r) {
			list += "," + r.oid
		}
	}
	return "'{" + list[min(1, len(list)):] + "}'::oid[]"
}

func anyRelation(relation) bool { return true }

// readTree lists the tree. pg_partition_tree would leave out the children by inheritance and the
// partitions that are being detached for good.
func (s *source[R, K]) readTree(ctx context.Context) (tree, error) {
	root, err := s.value(ctx, "SELECT to_regclass($1)::oid", s.table.Relation)
	if err != nil {
		return nil, err
	}
	if root == "" {
		return nil, replicate.Stop(fmt.Errorf("table %s does not exist in this database", s.table.Relation),
			"create it, or correct %s", replicate.SettingURI)
	}
	rows, err := s.rows(ctx, `WITH RECURSIVE below AS (
			SELECT $1::oid AS relid
			UNION SELECT i.inhrelid FROM pg_inherits i JOIN below ON i.inhparent = below.relid WHERE NOT i.inhdetachpending),
		above AS (
			SELECT i.inhparent AS relid FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
			WHERE i.inhrelid = $1::oid AND c.relispartition
			UNION SELECT i.inhparent FROM pg_inherits i JOIN above ON i.inhrelid = above.relid)
		SELECT c.oid, c.oid::regclass, c.relkind, c.relispartition, c.relpersistence = 'u', t.above
		FROM (SELECT relid, false AS above FROM below UNION ALL SELECT relid, true FROM above) AS t
		JOIN pg_class c ON c.oid = t.relid
		ORDER BY c.oid <> $1::oid, t.above, c.oid`, root)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errStale // it was created since the snapshot was taken
	}
	all := make(tree, len(rows))
	for i, r := range rows {
		all[i] = relation{oid: r[0], name: r[1], kind: r[2]}
		all[i].partition, all[i].unlogged, all[i].above = r[3] == "t", r[4] == "t", r[5] == "t"
	}
	return all, nil
}

// verifyTree refuses relations whose open transactions the fence can't see.
func (s *source[R, K]) verifyTree(ctx context.Context, all tree) error {
	if kind := all[0].kind; kind != "r" && kind != "p" {
		return replicate.Stop(fmt.Errorf("%s is not a table", s.table.Relation), "name the table itself")
	}
	for _, r := range all {
		if r.unlogged && r.isLeaf() {
			s.warner.Warn(r.name +
				" is unlogged: a crash of the server empties it, and rows that were not published yet are gone")
		}
	}
	if s.settle.UnsafeDelay > 0 {
		return nil
	}
	for _, r := range all {
		if r.kind == "f" {
			return s.unprovable("part " + r.name + " is a foreign table, and open transactions of another server can't be seen")
		}
	}
	// A subscription's rows bring keys of another server's sequence, which draws no lock here.
	rows, err := s.rows(ctx, `SELECT srrelid::regclass FROM pg_subscription_rel WHERE srrelid = ANY(`+
		all.oids(anyRelation)+`) LIMIT 1`)
	if err == nil && len(rows) > 0 {
		err = s.unprovable(rows[0][0] + " is filled by a subscription, whose rows bring keys of another server's sequence")
	}
	return err
}
