package postgres

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/repliqate/repliqate/replicate"
)

// oldRowsMax bounds the count of old rows in a partition that was attached.
const oldRowsMax = 10_000

// cover remembers, for as long as the process runs, which leaves were read and up to which key. A leaf that
// is attached with rows whose keys were passed without it would be skipped in silence (Promise 5).
type cover[K replicate.Key] struct {
	began  bool
	passed upTo[K]            // the last key that a poll has passed, with the leaves that are present
	leaves map[string]leaf[K] // by OID
}

// upTo is a key, or nothing.
type upTo[K replicate.Key] struct {
	key K
	has bool
}

type leaf[K replicate.Key] struct {
	present bool    // it is covered up to what was passed
	covered upTo[K] // where it is not: as far as it was read before it was detached
}

// pass notes what a poll has passed: what it read from, and what it has read.
func (c *cover[K]) pass(req replicate.PollRequest[K], page *replicate.Page[K]) {
	c.passed = upTo[K]{req.After, req.HasAfter}
	if page.Len() > 0 {
		c.passed = upTo[K]{page.Last, true}
	}
}

// verifyCover looks into the leaves that are there now and were not when the last page was read. An offset
// beyond what was passed here was reached by another instance, or set by hand: then nothing is known of what
// was there meanwhile, as at a start.
func (s *source[R, K]) verifyCover(ctx context.Context, all tree, at upTo[K]) error {
	c := &s.cover
	if !c.began || at.has && (!c.passed.has || at.key > c.passed.key) {
		*c = cover[K]{began: true, passed: at, leaves: map[string]leaf[K]{}}
	} else if c.passed.has {
		for _, r := range all {
			known := c.leaves[r.oid]
			if !r.isLeaf() || known.present {
				continue
			}
			if err := s.verifyOldRows(ctx, r, known.covered); err != nil {
				return err
			}
		}
	}
	now := map[string]leaf[K]{}
	for _, r := range all {
		if r.isLeaf() {
			now[r.oid] = leaf[K]{present: true}
		}
	}
	if err := s.keepDetached(ctx, now); err != nil {
		return err
	}
	c.leaves = now
	return nil
}

// keepDetached remembers of leaves that are not in the tree any more how far they were read, as long as they
// exist (Promise 7).
func (s *source[R, K]) keepDetached(ctx context.Context, now map[string]leaf[K]) error {
	gone := ""
	for oid := range s.cover.leaves {
		if !now[oid].present {
			gone += "," + oid
		}
	}
	if gone == "" {
		return nil
	}
	rows, err := s.rows(ctx, "SELECT oid FROM pg_class WHERE oid = ANY($1::oid[])", "{"+gone[1:]+"}")
	if err != nil {
		return err
	}
	for _, r := range rows {
		known := s.cover.leaves[r[0]]
		if known.present {
			known = leaf[K]{covered: s.cover.passed}
		}
		now[r[0]] = known
	}
	return nil
}

// verifyOldRows stops the job when a leaf that was not there has rows up to what was passed. They are read
// through the table, since the role need not be allowed to read the leaf; the partition's constraint keeps
// other leaves out of the plan.
func (s *source[R, K]) verifyOldRows(ctx context.Context, r relation, from upTo[K]) error {
	constraint, err := s.value(ctx, "SELECT pg_get_partition_constraintdef($1::oid)", r.oid)
	if err != nil {
		return err
	}
	key := quote(s.table.KeyColumn)
	where := "tableoid = " + r.oid + " AND " + key + " <= " + replicate.KeyText(s.cover.passed.key)
	if from.has {
		where += " AND " + key + " > " + replicate.KeyText(from.key)
	}
	if constraint != "" {
		where += " AND (" + constraint + ")"
	}
	rows, err := s.rows(ctx, "SELECT count(*), min(k), max(k) FROM (SELECT "+key+" AS k FROM "+s.table.Relation+
		" WHERE "+where+" ORDER BY k LIMIT "+strconv.Itoa(oldRowsMax+1)+") AS old")
	if err != nil || rows[0][0] == "0" {
		return err
	}
	count, lowest, highest := rows[0][0], rows[0][1], rows[0][2]
	if count == strconv.Itoa(oldRowsMax+1) {
		count, highest = "more than "+strconv.Itoa(oldRowsMax), replicate.KeyText(s.cover.passed.key)
	}
	again := "offset reset"
	if first, err := strconv.ParseInt(lowest, 10, 64); err == nil && first > math.MinInt64 {
		again = "offset set " + strconv.FormatInt(first-1, 10)
	}
	return replicate.Stop(fmt.Errorf(
		"partition %s was attached to table %s with %s rows whose keys, %s to %s, were passed without it",
		r.name, s.table.Name, count, lowest, highest),
		"if they were published before, for instance from another partition, start again; "+
			"else publish them, and all that follow once more, with "+again)
}
