package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/repliqate/repliqate/replicate"
)

// sequence is the one that every key comes from.
type sequence struct {
	oid    string
	number uint32 // the OID again, as the protocol has it
	name   string // quoted, with its schema
	start  int64
}

// unprovable refuses to begin, and says which setting takes the responsibility.
func (s *source[R, K]) unprovable(reason string) error {
	return replicate.Stop(fmt.Errorf("it can't be proven that no row of table %s is lost: %s", s.table.Name, reason),
		"if every key does come from one sequence, set %s to its name; to accept the risk of losing rows of "+
			"transactions that stay open longer than N seconds, set %s to N",
		replicate.SettingSettleSequence, replicate.SettingSettleDelay)
}

// unfit is unprovable for a property of the sequence, which no vouching helps against.
func (s *source[R, K]) unfit(name, reason, remedy string) error {
	return replicate.Stop(
		fmt.Errorf("it can't be proven that no row of table %s is lost: sequence %s %s", s.table.Name, name, reason),
		replicate.Verbatim(remedy)+"; to accept the risk of losing rows that are committed more than N seconds after "+
			"their keys were drawn, set %s to N", replicate.SettingSettleDelay)
}

// steps is what to do about a sequence with another increment. An application that draws blocks of keys, as ORMs
// do, would use keys twice if the sequence alone were changed.
func steps(sequence, increment string) string {
	return "leave the sequence as it is until no application draws blocks of " + increment + " keys from it: change the" +
		" mapping (allocationSize = 1 in JPA's @SequenceGenerator, no HiLo in Entity Framework) and stop the old version" +
		" everywhere, then ALTER SEQUENCE " + sequence + " INCREMENT 1, then start the new version"
}

// verifySequence finds the one sequence that every key of the tree comes from.
func (s *source[R, K]) verifySequence(ctx context.Context, all tree) (found sequence, err error) {
	found.oid, err = s.findSequence(ctx, all)
	if err != nil {
		return found, err
	}
	rows, err := s.rows(ctx, `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), s.seqincrement, s.seqcache,
			s.seqcycle, s.seqstart, has_sequence_privilege(c.oid, 'SELECT'), c.relpersistence
		FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE s.seqrelid = $1::oid`, found.oid)
	if err != nil {
		return found, err
	}
	if len(rows) == 0 {
		return found, replicate.Stop(&replicate.SettingError{Key: replicate.SettingSettleSequence,
			Err: fmt.Errorf("%s is not a sequence of this database", s.settle.Sequence)}, "name the sequence with its schema")
	}
	r := rows[0]
	found.name, found.number = r[0], oidNumber(found.oid)
	switch alter := "ALTER SEQUENCE " + found.name; {
	case r[1][0] == '-':
		return found, replicate.Stop(fmt.Errorf("sequence %s has INCREMENT %s: new keys are below those that were published,"+
			" where no one looks for them", found.name, r[1]),
			"let the keys come from a sequence that ascends and begins above all of them")
	case r[1] != "1":
		return found, s.unfit(found.name, "has INCREMENT "+r[1]+" and not 1, so keys may be drawn in blocks and used later",
			steps(found.name, r[1]))
	case r[2] != "1":
		return found, s.unfit(found.name, "has CACHE "+r[2]+" and not 1, so sessions hold keys back",
			alter+" CACHE 1, and let the application connect again, since sessions use up what they hold")
	case r[3] != "f":
		return found, s.unfit(found.name, "is declared CYCLE, so keys are used again", alter+" NO CYCLE")
	case r[5] != "t":
		return found, replicate.Stop(fmt.Errorf("this role may not read sequence %s", found.name),
			"GRANT SELECT ON SEQUENCE "+found.name+" to it")
	case r[6] == "u":
		s.warner.Warn("sequence " + found.name + " is unlogged: after a crash of the server it draws the same keys again")
	}
	found.start, err = strconv.ParseInt(r[4], 10, 64)
	return found, err
}

// keyDefault says where a relation's key comes from when an INSERT names none.
type keyDefault struct {
	identity   bool
	expression string // empty for none
	sequence   string // OID; "0" where the relation draws from none by itself
}

// plainNextval is the only default that draws a key in a way that the fence sees.
var plainNextval = regexp.MustCompile(`^nextval\('(?:[^']|'')+'::regclass\)$`)

// findSequence returns the sequence's OID. The relations above the table count too: a row that is
// inserted through a parent has its key from the parent's default.
func (s *source[R, K]) findSequence(ctx context.Context, all tree) (string, error) {
	if s.settle.Sequence != "" {
		return s.value(ctx, "SELECT coalesce(to_regclass($1)::oid, 0)", s.settle.Sequence)
	}
	defaults, err := s.keyDefaults(ctx, all)
	if err != nil {
		return "", err
	}
	found, first := "", ""
	for _, r := range all {
		d := defaults[r.oid]
		switch {
		case d.identity && d.sequence == "0":
			continue // it shares the identity of the table that it is a partition of
		case d.identity || plainNextval.MatchString(d.expression) && d.sequence != "0":
		case d.expression != "":
			return "", s.unprovable("the default of key " + s.table.KeyColumn + " in " + r.name + " is not a plain nextval: " +
				d.expression)
		case r.partition:
			continue // without a default it is filled through its parent
		default:
			return "", s.unprovable("key " + s.table.KeyColumn + " has no default in " + r.name +
				", so the application or a trigger makes the keys")
		}
		if found != "" && d.sequence != found {
			return "", s.unprovable(r.name + " draws its keys from another sequence than " + first)
		}
		found, first = d.sequence, r.name
	}
	if found == "" {
		return "", s.unprovable("key " + s.table.KeyColumn +
			" has no default, so the application or a trigger makes the keys")
	}
	return found, nil
}

// keyDefaults reads the key's default in each relation.
func (s *source[R, K]) keyDefaults(ctx context.Context, all tree) (map[string]keyDefault, error) {
	rows, err := s.rows(ctx, `SELECT a.attrelid, a.attidentity, pg_get_expr(d.adbin, d.adrelid),
			coalesce(owned.objid, used.refobjid, 0)
		FROM pg_attribute a
		LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		LEFT JOIN pg_depend owned ON a.attidentity <> '' AND owned.classid = 'pg_class'::regclass
			AND owned.refclassid = 'pg_class'::regclass
			AND owned.refobjid = a.attrelid AND owned.refobjsubid = a.attnum AND owned.deptype = 'i'
		LEFT JOIN pg_depend used ON used.classid = 'pg_attrdef'::regclass AND used.objid = d.oid
			AND used.refclassid = 'pg_class'::regclass AND used.deptype = 'n'
			AND EXISTS (SELECT FROM pg_sequence WHERE seqrelid = used.refobjid)
		WHERE a.attrelid = ANY(`+all.oids(anyRelation)+`) AND a.attname = $1`, s.table.KeyColumn)
	if err != nil {
		return nil, err
	}
	defaults := make(map[string]keyDefault, len(rows))
	for _, r := range rows {
		defaults[r[0]] = keyDefault{identity: r[1] != "", expression: r[2], sequence: r[3]}
	}
	if len(defaults) != len(all) {
		return nil, errors.New("a table of the tree has just lost its key column")
	}
	return defaults, nil
}
