package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/repliqate/repliqate/replicate"
)

// Recheck verifies again what Open has verified. What has changed so that the promises can't be kept is a
// *StopError; after any other change the source must be opened again.
func (s *source[R, K]) Recheck(ctx context.Context) error {
	p, _, err := s.verify(ctx)
	if err == nil && p != s.proof {
		return errStale
	}
	return err
}

// verify checks what must hold for the promises: the table is the one that the code was generated for, and
// the horizon can be proven. All of it is read in one snapshot, so that the stamp belongs to what was
// verified.
func (s *source[R, K]) verify(ctx context.Context) (p proof, all tree, err error) {
	if err := s.exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		return proof{}, nil, err
	}
	defer func() {
		// After a failure the transaction only has to end; the error that counts is the first.
		if endErr := s.exec(ctx, "COMMIT"); err == nil {
			err = endErr
		}
	}()
	standby, err := s.value(ctx, "SELECT pg_is_in_recovery()")
	if err != nil {
		return proof{}, nil, err
	}
	if standby == "t" {
		return proof{}, nil, replicate.Stop(
			errors.New("the server is a standby, where locks of open transactions can't be seen"),
			"connect to the primary, for instance with target_session_attrs=read-write in the URI")
	}
	if all, err = s.readTree(ctx); err != nil {
		return proof{}, nil, err
	}
	root := all[0].oid
	for _, check := range []func() error{
		func() error { return s.verifyTree(ctx, all) },
		func() error { return s.verifyColumns(ctx, root) },
		func() error { return s.verifyKey(ctx, all) },
		func() error { return s.verifyTriggers(ctx, all) },
	} {
		if err := check(); err != nil {
			return proof{}, nil, err
		}
	}
	if s.settle.UnsafeDelay > 0 {
		p = unsafeProofOf(all, s.table.KeyColumn, s.table.Relation)
	} else {
		seq, err := s.verifySequence(ctx, all)
		if err != nil {
			return proof{}, nil, err
		}
		p = proofOf(all, s.table.KeyColumn, seq)
	}
	rows, err := s.rows(ctx, p.holders)
	if err != nil {
		return proof{}, nil, err
	}
	p.stamp = rows[0][2]
	return p, all, nil
}

// verifyKey wants the key to be unique and not null. A partitioned table can have no such index where it is
// not partitioned by the key, nor can children by inheritance have one together with their parent; there the
// single sequence takes its place.
func (s *source[R, K]) verifyKey(ctx context.Context, all tree) error {
	rows, err := s.rows(ctx, `SELECT a.attrelid::regclass, a.attnotnull AND NOT EXISTS (
				SELECT FROM pg_constraint
				WHERE conrelid = a.attrelid AND contype = 'n' AND NOT convalidated AND a.attnum = ANY(conkey)),
			EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid AND i.indimmediate
				AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND i.indpred IS NULL)
		FROM pg_attribute a WHERE a.attrelid = ANY(`+all.oids(func(r relation) bool { return !r.above })+`) AND a.attname = $1
		ORDER BY a.attrelid <> $2::oid, a.attrelid`, s.table.KeyColumn, all[0].oid)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r[1] != "t" {
			return replicate.Stop(
				fmt.Errorf("key %s of %s may be null, and rows without a key are never read", s.table.KeyColumn, r[0]),
				"ALTER TABLE "+r[0]+" ALTER COLUMN "+quote(s.table.KeyColumn)+" SET NOT NULL")
		}
	}
	if all[0].kind == "r" && rows[0][2] != "t" {
		return replicate.Stop(fmt.Errorf("key %s of table %s has no unique index", s.table.KeyColumn, s.table.Name),
			"create one: CREATE UNIQUE INDEX ON "+s.table.Relation+" ("+quote(s.table.KeyColumn)+")")
	}
	return nil
}
