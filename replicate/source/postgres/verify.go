package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

// verifyColumns compares the live columns with those that the code was generated for.
func (s *source[R, K]) verifyColumns(ctx context.Context, root string) error {
	rows, err := s.rows(ctx, `SELECT attname, format_type(atttypid, NULL), attnotnull,
			has_column_privilege($1::oid, attnum, 'SELECT')
		FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum`, root)
	if err != nil {
		return err
	}
	regenerate := "regenerate: " + s.table.Regenerate
	for _, c := range s.table.Columns {
		i := slices.IndexFunc(rows, func(row []string) bool { return row[0] == c.Name })
		if i < 0 {
			return replicate.Stop(fmt.Errorf("table %s has no column %s any more", s.table.Name, c.Name), regenerate)
		}
		live := rows[i]
		switch {
		case live[1] != c.Type:
			return replicate.Stop(fmt.Errorf("column %s of table %s is of type %s, the code was generated for %s",
				c.Name, s.table.Name, live[1], c.Type), regenerate)
		case live[2] != "t" && !c.Nullable:
			return replicate.Stop(fmt.Errorf("column %s of table %s may be null, the code was generated for not null",
				c.Name, s.table.Name), regenerate)
		case live[3] != "t":
			return replicate.Stop(fmt.Errorf("this role may not read column %s of table %s", c.Name, s.table.Name),
				"GRANT SELECT ON "+s.table.Relation+" to it")
		}
		rows = slices.Delete(rows, i, i+1)
	}
	for _, extra := range rows {
		s.warnOnce("column " + extra[0] + " of table " + s.table.Name + " is new and is not published; to publish it, " +
			regenerate)
	}
	hidden, err := s.value(ctx, "SELECT row_security_active($1::oid)", root)
	if err == nil && hidden == "t" {
		err = replicate.Stop(fmt.Errorf("row level security hides rows of table %s from this role", s.table.Name),
			"ALTER ROLE ... BYPASSRLS, or connect as the table's owner")
	}
	return err
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
