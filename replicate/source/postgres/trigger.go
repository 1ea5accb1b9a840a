package postgres

import (
	"context"
	"regexp"

	"github.com/repliqate/repliqate/replicate"
)

// comments of SQL and PL/pgSQL, which must not be taken for code.
var comments = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/`)

// verifyTriggers refuses a trigger that plainly sets the key: the key then need not come from the sequence.
// Whether any other BEFORE INSERT trigger does can't be known, so it is named in a warning. Who vouches for
// the sequence vouches for the triggers too.
func (s *source[R, K]) verifyTriggers(ctx context.Context, all tree) error {
	if s.settle != (replicate.Settle{}) {
		return nil
	}
	// Of tgtype, bit 0 is FOR EACH ROW, bit 1 BEFORE, bit 2 INSERT.
	rows, err := s.rows(ctx, `SELECT t.tgname, t.tgrelid::regclass, p.oid::regproc, l.lanname, p.prosrc
		FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_language l ON l.oid = p.prolang
		WHERE t.tgrelid = ANY(`+all.oids(anyRelation)+`) AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 7 = 7
			AND t.tgparentid = 0
		ORDER BY t.tgname, t.tgrelid`)
	if err != nil {
		return err
	}
	assigns := assignment(s.table.KeyColumn)
	for _, r := range rows {
		name := "trigger " + r[0] + " on " + r[1] + " (function " + r[2] + ")"
		if r[3] == "plpgsql" && assigns.MatchString(comments.ReplaceAllString(r[4], " ")) {
			return s.unprovable(name + " sets key " + s.table.KeyColumn)
		}
		s.warner.Warn(name + " may change a row before it is inserted: if it sets key " + s.table.KeyColumn +
			" to anything but the sequence's next value, rows can be lost")
	}
	return nil
}

// assignment matches PL/pgSQL that gives NEW's key a value: an assignment, or an INTO.
func assignment(key string) *regexp.Regexp {
	field := `new\s*\.\s*(?:` + regexp.QuoteMeta(key) + `|"` + regexp.QuoteMeta(key) + `")`
	return regexp.MustCompile(`(?is)(?:^|;|\b(?:begin|then|else|loop)\b)\s*` + field + `\s*:?=|` +
		`\b` + field + `\s*:=|` +
		`\binto\s+(?:strict\s+)?(?:[^;]*,\s*)?` + field + `\b`)
}
