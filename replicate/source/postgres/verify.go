package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/repliqate/repliqate/replicate"
)

// Recheck verifies what must hold for the promises: the table is the one that the code was generated
// for, and the horizon can be proven.
func (s *source[R, K]) Recheck(ctx context.Context) error {
	standby, err := s.value(ctx, "SELECT pg_is_in_recovery()")
	if err != nil {
		return err
	}
	if standby == "t" {
		return replicate.Stop(errors.New("the server is a standby, where locks of open transactions can't be seen"),
			"connect to the primary, for instance with target_session_attrs=read-write in the URI")
	}
	relation, err := s.value(ctx, "SELECT to_regclass($1)::oid", s.table.Relation)
	if err != nil {
		return err
	}
	if relation == "" {
		return replicate.Stop(fmt.Errorf("table %s does not exist in this database", s.table.Relation),
			"create it, or correct sql_source.uri")
	}
	if err := s.verifyColumns(ctx, relation); err != nil {
		return err
	}
	if err := s.verifyKey(ctx, relation); err != nil {
		return err
	}
	subscribed, err := s.value(ctx, "SELECT count(*) FROM pg_subscription_rel WHERE srrelid = $1::oid", relation)
	if err != nil {
		return err
	}
	if subscribed != "0" && s.settle.UnsafeDelay == 0 {
		return s.unprovable("the table is filled by a subscription, whose rows bring keys of another server's sequence")
	}
	return s.verifySequence(ctx, relation)
}

// verifyColumns compares the live columns with those that the code was generated for.
func (s *source[R, K]) verifyColumns(ctx context.Context, relation string) error {
	rows, err := s.rows(ctx, `SELECT attname, format_type(atttypid, NULL), attnotnull,
			has_column_privilege($1::oid, attnum, 'SELECT')
		FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum`, relation)
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
		s.warn("column " + extra[0] + " of table " + s.table.Name + " is new and is not published; to publish it, " + regenerate)
	}
	return nil
}

// verifyKey wants the key to be unique. A partitioned table can have no such index where it is not
// partitioned by the key; there the single sequence stands for it.
func (s *source[R, K]) verifyKey(ctx context.Context, relation string) error {
	rows, err := s.rows(ctx, `SELECT c.relkind, EXISTS (
			SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
			WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL AND a.attname = $2)
		FROM pg_class c WHERE c.oid = $1::oid`, relation, s.table.KeyColumn)
	if err != nil {
		return err
	}
	kind, unique := rows[0][0], rows[0][1] == "t"
	switch {
	case kind != "r" && kind != "p":
		return replicate.Stop(fmt.Errorf("%s is not a table", s.table.Relation), "name the table itself")
	case kind == "r" && !unique:
		return replicate.Stop(fmt.Errorf("key %s of table %s has no unique index", s.table.KeyColumn, s.table.Name),
			"create one: CREATE UNIQUE INDEX ON "+s.table.Relation+" ("+s.table.KeyColumn+")")
	}
	return nil
}

// unprovable refuses to begin, and says which line of the configuration takes the responsibility.
func (s *source[R, K]) unprovable(reason string) error {
	return replicate.Stop(fmt.Errorf("it can't be proven that no row of table %s is lost: %s", s.table.Name, reason),
		"if every key does come from one sequence, add to sql_source: settle: {sequence: NAME}; "+
			"to accept the risk of losing rows of transactions that stay open longer than N seconds: settle: {unsafe_delay_sec: N}")
}

// plainNextval is the only default that draws a key in a way that the fence sees.
var plainNextval = regexp.MustCompile(`^nextval\('(?:[^']|'')+'::regclass\)$`)

// verifySequence finds the one sequence that every key of the partition tree comes from.
func (s *source[R, K]) verifySequence(ctx context.Context, relation string) error {
	if s.settle.UnsafeDelay > 0 {
		return s.planUnsafeFence(ctx, relation)
	}
	sequence, err := s.findSequence(ctx, relation)
	if err != nil {
		return err
	}
	rows, err := s.rows(ctx, `SELECT c.relname, n.nspname, s.seqincrement, s.seqcache, s.seqcycle,
			has_sequence_privilege(c.oid, 'SELECT')
		FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE s.seqrelid = $1::oid`, sequence)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return replicate.Stop(fmt.Errorf("settle.sequence %s is not a sequence", s.settle.Sequence), "name the sequence with its schema")
	}
	r := rows[0]
	name := r[1] + "." + r[0]
	switch {
	case r[2] != "1":
		return s.unprovable("sequence " + name + " has INCREMENT " + r[2] + " and not 1")
	case r[3] != "1":
		return s.unprovable("sequence " + name + " has CACHE " + r[3] + ", so sessions hold keys back; ALTER SEQUENCE " + name + " CACHE 1 helps")
	case r[4] != "f":
		return s.unprovable("sequence " + name + " is declared CYCLE, so keys are used again")
	case r[5] != "t":
		return replicate.Stop(fmt.Errorf("this role may not read sequence %s", name), "GRANT SELECT ON SEQUENCE "+name+" to it")
	}
	s.planFence(sequence, r[1], r[0])
	return nil
}

// findSequence returns the sequence's OID.
func (s *source[R, K]) findSequence(ctx context.Context, relation string) (string, error) {
	if s.settle.Sequence != "" {
		oid, err := s.value(ctx, "SELECT coalesce(to_regclass($1)::oid, 0)", s.settle.Sequence)
		return oid, err
	}
	rows, err := s.rows(ctx, `WITH tree AS (
			SELECT $1::oid AS relid UNION SELECT relid::oid FROM pg_partition_tree($1::oid::regclass))
		SELECT c.relname, a.attidentity, coalesce(pg_get_expr(d.adbin, d.adrelid), ''), coalesce(owned.objid, used.refobjid, 0), c.oid = $1::oid
		FROM tree JOIN pg_class c ON c.oid = tree.relid
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $2
		LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		LEFT JOIN pg_depend owned ON a.attidentity <> '' AND owned.classid = 'pg_class'::regclass AND owned.refclassid = 'pg_class'::regclass
			AND owned.refobjid = c.oid AND owned.refobjsubid = a.attnum AND owned.deptype = 'i'
		LEFT JOIN pg_depend used ON used.classid = 'pg_attrdef'::regclass AND used.objid = d.oid
			AND used.refclassid = 'pg_class'::regclass AND used.deptype = 'n'
			AND EXISTS (SELECT FROM pg_sequence WHERE seqrelid = used.refobjid)
		ORDER BY c.oid = $1::oid DESC`, relation, s.table.KeyColumn)
	if err != nil {
		return "", err
	}
	found := ""
	for _, r := range rows {
		name, identity, expression, sequence, root := r[0], r[1] != "", r[2], r[3], r[4] == "t"
		switch {
		case !identity && expression == "" && root:
			return "", s.unprovable("key " + s.table.KeyColumn + " has no default, so the application makes the keys")
		case !identity && expression == "":
			continue // a partition that is written through its parent
		case !identity && !plainNextval.MatchString(expression):
			return "", s.unprovable("the default of key " + s.table.KeyColumn + " in " + name + " is not a plain nextval: " + expression)
		case identity && sequence == "0" && !root:
			continue // a partition shares its parent's identity
		case found != "" && sequence != found:
			return "", s.unprovable("partition " + name + " draws its keys from another sequence than its parent")
		}
		found = sequence
	}
	return found, nil
}

// verifyOffset looks for signs that keys were used again: another row under the offset's key, or a
// sequence that is behind it.
func (s *source[R, K]) verifyOffset(ctx context.Context, at replicate.Offset) error {
	if at.IsZero() {
		return nil
	}
	const hint = "keys were used again (a restored backup, a truncated table?): set the offset by hand to where to go on"
	key, err := strconv.ParseInt(at.Key, 10, 64)
	if err != nil {
		return replicate.Stop(fmt.Errorf("the offset %s is not a key of table %s", at.Key, s.table.Name), "correct it in the offset store")
	}
	if s.fences.sequence != "" {
		high, called, err := s.lastValue(ctx)
		if err != nil {
			return err
		}
		if !called || high < key {
			return replicate.Stop(fmt.Errorf("the offset %s is beyond the sequence of table %s, which is at %d", at.Key, s.table.Name, high), hint)
		}
	}
	if at.Sum == "" {
		return nil
	}
	result := s.conn.ExecParams(ctx, s.table.At, [][]byte{appendInt8(nil, key)}, []uint32{oidInt8}, []int16{1}, []int16{1}).Read()
	if result.Err != nil {
		return s.classify("read the row at the offset", result.Err)
	}
	var row R
	if len(result.Rows) == 0 || s.table.Scan(&row, result.Rows[0]) != nil {
		return nil // deleted since, which is fine, or published as a dead letter
	}
	if sum := replicate.SumOf(s.table.AppendJSON(nil, &row)).String(); sum != at.Sum {
		return replicate.Stop(fmt.Errorf("the row at the offset, key %s of table %s, is not the one that was published: its checksum is %s, then it was %s",
			at.Key, s.table.Name, sum, at.Sum), hint)
	}
	return nil
}
