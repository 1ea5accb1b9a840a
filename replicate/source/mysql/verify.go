package mysql

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/replicate"
)

// Recheck verifies again what Open has verified. What has changed so that the promises can't be kept is a
// *StopError; after any other change the source must be opened again.
func (s *source[R, K]) Recheck(ctx context.Context) error {
	p, err := s.verify(ctx, false)
	if err == nil && (p.created != s.proof.created || p.counter < s.proof.counter || p.blind != s.proof.blind) {
		return errStale
	}
	return err
}

// verify checks what must hold for the promises: the table is the one that the code was generated for, and the
// horizon can be proven. It is one transaction that has the table's lock, so that all of it speaks of one table,
// and the statements are prepared in it, so that the server tells when they are for another one.
func (s *source[R, K]) verify(ctx context.Context, prepare bool) (p proof, err error) {
	if _, err := s.rows(ctx, "START TRANSACTION READ ONLY; "+s.highQuery()); err != nil {
		return p, err
	}
	defer func() {
		// After a failure the transaction only has to end; the error that counts is the first.
		if _, endErr := s.rows(ctx, "COMMIT"); err == nil {
			err = endErr
		}
	}()
	if err := s.verifyPrimary(ctx); err != nil {
		return p, err
	}
	if p.schema, p.table, err = s.verifyTable(ctx); err != nil {
		return p, err
	}
	for _, check := range []func(context.Context, proof) error{s.verifyColumns, s.verifyKey, s.verifyTriggers} {
		if err := check(ctx, p); err != nil {
			return p, err
		}
	}
	if prepare {
		if err := s.prepare(ctx); err != nil {
			return p, err
		}
	}
	return p, s.verifyLocks(ctx, &p)
}

// verifyTable finds the table in the catalog, under the name that the server has for it.
func (s *source[R, K]) verifyTable(ctx context.Context) (schema, table string, err error) {
	in := "DATABASE()"
	if s.table.Schema != "" {
		in = literal(s.table.Schema)
	}
	rows, err := s.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.tables"+
		" WHERE TABLE_SCHEMA = "+in+" AND TABLE_NAME = "+literal(s.table.Unqualified))
	if err != nil {
		return "", "", err
	}
	if len(rows) != 1 {
		return "", "", fmt.Errorf("table %s is not in the catalog", s.table.Name) // the read of its keys has found it
	}
	switch r := rows[0]; {
	case r[2] == "VIEW":
		err = replicate.Stop(fmt.Errorf("%s is a view", s.table.Name), "read the table that it shows")
	case r[2] == "SYSTEM VERSIONED":
		err = replicate.Stop(fmt.Errorf("table %s is system-versioned: its rows change under their keys", s.table.Name),
			"ALTER TABLE "+s.table.Relation+" DROP SYSTEM VERSIONING")
	case r[2] != "BASE TABLE":
		err = replicate.Stop(fmt.Errorf("%s is a %s", s.table.Name, strings.ToLower(r[2])), "read a table")
	case !strings.EqualFold(r[3], "InnoDB") && !s.unsafe():
		err = s.unprovable("its engine is "+r[3]+", which has no transactions that can be seen",
			"ALTER TABLE "+s.table.Relation+" ENGINE=InnoDB")
	}
	return rows[0][0], rows[0][1], err
}

// verifyColumns compares the live columns with those that the code was generated for.
func (s *source[R, K]) verifyColumns(ctx context.Context, p proof) error {
	rows, err := s.rows(ctx, "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, PRIVILEGES, EXTRA"+
		" FROM information_schema.columns WHERE "+p.where()+" ORDER BY ORDINAL_POSITION")
	if err != nil {
		return err
	}
	regenerate := "regenerate: " + s.table.Regenerate
	for _, c := range s.table.Columns {
		i := slices.IndexFunc(rows, func(row []string) bool { return strings.EqualFold(row[0], c.Name) })
		if i < 0 {
			return replicate.Stop(fmt.Errorf("table %s has no column %s any more, or this user may not read it",
				s.table.Name, c.Name), regenerate+", or GRANT SELECT on the table to the user")
		}
		live := rows[i]
		typ := liveType(live[1], live[2])
		switch {
		case !sameType(typ, c.Type):
			return replicate.Stop(fmt.Errorf("column %s of table %s is of type %s, the code was generated for %s",
				c.Name, s.table.Name, typ, c.Type), regenerate)
		case live[3] == "YES" && !c.Nullable:
			return replicate.Stop(fmt.Errorf("column %s of table %s may be null, the code was generated for not null",
				c.Name, s.table.Name), regenerate)
		case !strings.Contains(live[4], "select"):
			return replicate.Stop(fmt.Errorf("this user may not read column %s of table %s", c.Name, s.table.Name),
				"GRANT SELECT ON "+s.table.Relation+" to it")
		case c.Name == s.table.KeyColumn && !strings.Contains(live[5], "auto_increment") && !s.unsafe():
			return s.unprovable("key "+c.Name+" is not AUTO_INCREMENT, so the application or a trigger makes the keys",
				"ALTER TABLE "+s.table.Relation+" MODIFY "+quote(c.Name)+" ... AUTO_INCREMENT")
		}
		rows = slices.Delete(rows, i, i+1)
	}
	for _, extra := range rows {
		s.warner.Warn("column " + extra[0] + " of table " + s.table.Name + " is new and is not published; to publish it, " +
			regenerate)
	}
	return nil
}

// verifyKey wants the key to be unique. A partitioned table can have no such index where it is not partitioned by
// the key; there the counter that every key comes from stands for it.
func (s *source[R, K]) verifyKey(ctx context.Context, p proof) error {
	rows, err := s.rows(ctx, "SELECT INDEX_NAME, MAX(SEQ_IN_INDEX), MAX(IF(SEQ_IN_INDEX = 1, COLUMN_NAME, ''))"+
		" FROM information_schema.statistics WHERE "+p.where()+" AND NON_UNIQUE = 0 GROUP BY INDEX_NAME")
	if err != nil {
		return err
	}
	partitions, err := s.row(ctx, "SELECT COUNT(PARTITION_NAME) FROM information_schema.partitions WHERE "+p.where())
	if err != nil {
		return err
	}
	for _, r := range rows {
		if strings.EqualFold(r[2], s.table.KeyColumn) && (r[1] == "1" || partitions[0] != "0") {
			return nil
		}
	}
	return replicate.Stop(fmt.Errorf("key %s of table %s has no unique index", s.table.KeyColumn, s.table.Name),
		"create one: CREATE UNIQUE INDEX ... ON "+s.table.Relation+" ("+quote(s.table.KeyColumn)+")")
}

// verifyTriggers refuses a trigger that plainly sets the key: the key then need not come from the counter.
// Triggers that this user may not see are not looked into.
func (s *source[R, K]) verifyTriggers(ctx context.Context, p proof) error {
	if s.unsafe() {
		return nil
	}
	rows, err := s.rows(ctx, "SELECT TRIGGER_NAME, ACTION_STATEMENT FROM information_schema.triggers"+
		" WHERE EVENT_OBJECT_SCHEMA = "+literal(p.schema)+" AND EVENT_OBJECT_TABLE = "+literal(p.table)+
		" AND ACTION_TIMING = 'BEFORE' AND EVENT_MANIPULATION = 'INSERT'")
	if err != nil {
		return err
	}
	key := regexp.QuoteMeta(s.table.KeyColumn)
	assigns := regexp.MustCompile(`(?is)\bnew\s*\.\s*(?:` + key + "|`" + key + "`)" + `\s*:?=`)
	for _, r := range rows {
		body := comments.ReplaceAllString(r[1], " ")
		if set := setClause.FindAllString(body, -1); slices.ContainsFunc(set, assigns.MatchString) {
			return s.unprovable("trigger "+r[0]+" sets key "+s.table.KeyColumn, "drop the trigger")
		}
	}
	return nil
}

var (
	comments  = regexp.MustCompile(`(?s)--[^\n]*|#[^\n]*|/\*.*?\*/`)
	setClause = regexp.MustCompile(`(?is)\bset\b[^;]*`)
)

// verifyLocks reads the stamp, and checks that this transaction's own lock on the table can be seen.
func (s *source[R, K]) verifyLocks(ctx context.Context, p *proof) error {
	if err := s.verifyInstrument(ctx); err != nil {
		if !s.unsafe() || !replicate.IsStop(err) {
			return err
		}
		p.blind = true
	}
	if !p.blind {
		thread, err := s.rows(ctx, "SELECT THREAD_ID FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID()")
		if err != nil {
			return s.denied(err)
		}
		if len(thread) != 1 {
			return errors.New("this session is not among the threads of performance_schema")
		}
		p.thread = thread[0][0]
		if _, err := s.conn.Query(ctx, s.xaQuery()); err != nil {
			return s.unprovable("prepared XA transactions can't be listed: "+err.Error(),
				"GRANT XA_RECOVER_ADMIN ON *.* to the user")
		}
		locks, err := s.rows(ctx, p.locksQuery())
		if err != nil {
			return s.denied(err)
		}
		if !slices.ContainsFunc(locks, func(r []string) bool { return r[0] == p.thread }) {
			return s.errUnseen()
		}
	}
	stamp, err := s.rows(ctx, s.stampQuery(*p))
	if err != nil {
		return err
	}
	if s.maria {
		if len(stamp) != 1 {
			return errStale
		}
		p.created = stamp[0][0]
		if p.counter, err = replicate.ParseKey[uint64](stamp[0][1]); err != nil && !s.unsafe() {
			return fmt.Errorf("the AUTO_INCREMENT counter of table %s: %w", s.table.Name, err)
		}
	}
	reprepared, err := s.rows(ctx, s.repreparedQuery(*p))
	if err == nil {
		p.reprepared = fmt.Sprint(reprepared)
	}
	return err
}

func (s *source[R, K]) errUnseen() error {
	return s.unprovable("this session's own lock on the table can't be seen in performance_schema.metadata_locks",
		"switch the instrument "+instrument+" and the consumer global_instrumentation on, and start again")
}
