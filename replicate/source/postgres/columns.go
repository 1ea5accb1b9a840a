package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/replicate"
)

// columnsQuery lists the columns of a table. A result has the number of the type that a domain is over (base), and the
// type at the bottom of arrays and domains (leaf) decides how elements are read.
const columnsQuery = `WITH RECURSIVE under(attnum, typ, arrays, n) AS (
	SELECT attnum, atttypid, 0, 0 FROM pg_catalog.pg_attribute
		WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped
	UNION ALL
	SELECT attnum, CASE typtype WHEN 'd' THEN typbasetype ELSE typelem END,
		arrays + CASE typtype WHEN 'd' THEN 0 ELSE 1 END, n + 1
		FROM under JOIN pg_catalog.pg_type ON oid = typ
		WHERE typtype = 'd' OR typelem <> 0 AND typoutput = 'pg_catalog.array_out'::regproc)
SELECT a.attname, format_type(a.atttypid, NULL), a.attnotnull,
	has_column_privilege(a.attrelid, a.attnum, 'SELECT'),
	(SELECT u.typ FROM under u JOIN pg_catalog.pg_type b ON b.oid = u.typ
		WHERE u.attnum = a.attnum AND b.typtype <> 'd' ORDER BY u.n LIMIT 1),
	leaf.oid, leaf.typdelim,
	CASE WHEN t.typoutput = 'pg_catalog.array_out'::regproc THEN quote_ident(e.typname) || '[]'
		ELSE quote_ident(t.typname) END
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
	LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
	JOIN pg_catalog.pg_type leaf ON leaf.oid =
		(SELECT u.typ FROM under u WHERE u.attnum = a.attnum ORDER BY u.n DESC LIMIT 1)
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`

// liveColumn is a row of columnsQuery.
type liveColumn struct {
	name, typ         string
	notNull, readable bool
	base, leaf        string // numbers
	delimiter         string
	bare              string // the type without its schema
}

// verifyColumns compares the live columns with those that the code was generated for, and keeps the numbers of their
// types, some of which differ from database to database.
func (s *source[R, K]) verifyColumns(ctx context.Context, root string) error {
	rows, err := s.rows(ctx, columnsQuery, root)
	if err != nil {
		return err
	}
	live := map[string]liveColumn{}
	for _, r := range rows {
		live[r[0]] = liveColumn{r[0], r[1], r[2] == "t", r[3] == "t", r[4], r[5], r[6], r[7]}
	}
	regenerate := "regenerate: " + s.table.Regenerate
	s.types = s.types[:0]
	for _, c := range s.table.Columns {
		l, there := live[c.Name]
		if !there {
			return replicate.Stop(fmt.Errorf("table %s has no column %s any more", s.table.Name, c.Name), regenerate)
		}
		if err := s.verifyColumn(c, l); err != nil {
			return err
		}
		number, err := strconv.ParseUint(l.base, 10, 32)
		if err != nil {
			return fmt.Errorf("number of the type of column %s: %w", c.Name, err)
		}
		s.types = append(s.types, uint32(number))
	}
	for _, r := range rows {
		if !slices.ContainsFunc(s.table.Columns, func(c replicate.Column) bool { return c.Name == r[0] }) {
			s.warner.Warn("column " + r[0] + " of table " + s.table.Name + " is new and is not published; to publish it, " +
				regenerate)
		}
	}
	hidden, err := s.value(ctx, "SELECT row_security_active($1::oid)", root)
	if err == nil && hidden == "t" {
		err = replicate.Stop(fmt.Errorf("row level security hides rows of table %s from this role", s.table.Name),
			"ALTER ROLE ... BYPASSRLS, or connect as the table's owner")
	}
	return err
}

func (s *source[R, K]) verifyColumn(c replicate.Column, live liveColumn) error {
	regenerate := "regenerate: " + s.table.Regenerate
	// An extension can be installed in any schema; its types are found by their bare names.
	anywhere := c.OID == 0 && !strings.Contains(c.Type, ".") && live.bare == c.Type
	switch {
	case live.typ != c.Type && !anywhere:
		return replicate.Stop(fmt.Errorf("column %s of table %s is of type %s, the code was generated for %s",
			c.Name, s.table.Name, live.typ, c.Type), regenerate)
	case c.Element != 0 && live.leaf != strconv.FormatUint(uint64(c.Element), 10):
		return replicate.Stop(fmt.Errorf("column %s of table %s has elements whose type has number %s, the code was "+
			"generated for %d", c.Name, s.table.Name, live.leaf, c.Element), regenerate)
	case c.Delimiter != "" && live.delimiter != c.Delimiter:
		return replicate.Stop(fmt.Errorf("column %s of table %s has elements with %q between them, the code was "+
			"generated for %q", c.Name, s.table.Name, live.delimiter, c.Delimiter),
			"leave the column out: --without "+c.Name)
	case !live.notNull && !c.Nullable:
		return replicate.Stop(fmt.Errorf("column %s of table %s may be null, the code was generated for not null",
			c.Name, s.table.Name), regenerate)
	case !live.readable:
		return replicate.Stop(fmt.Errorf("this role may not read column %s of table %s", c.Name, s.table.Name),
			"GRANT SELECT ON "+s.table.Relation+" to it")
	}
	return nil
}

// compareTypes compares a result's columns with what was generated and verified, and the table that they come from
// with the one that was verified, for each result: between two polls someone may have changed the table, or given its
// name to another.
func (s *source[R, K]) compareTypes(fields []pgconn.FieldDescription) error {
	if len(fields) != len(s.table.Columns) {
		return replicate.Stop(fmt.Errorf("the query of table %s has %d columns, the code was generated for %d",
			s.table.Name, len(fields), len(s.table.Columns)), "regenerate: "+s.table.Regenerate)
	}
	for i, c := range s.table.Columns {
		if c.Name == s.table.KeyColumn && fields[i].TableOID != s.proof.table {
			return errStale
		}
		if c.OID != 0 && fields[i].DataTypeOID != c.OID {
			return replicate.Stop(fmt.Errorf("column %s of table %s has type number %d, the code was generated for %d",
				c.Name, s.table.Name, fields[i].DataTypeOID, c.OID), "regenerate: "+s.table.Regenerate)
		}
		if fields[i].DataTypeOID != s.types[i] {
			return errStale
		}
	}
	return nil
}
