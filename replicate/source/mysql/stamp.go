package mysql

import (
	"errors"

	"github.com/repliqate/repliqate/replicate"
)

// errStale says that a poll has found another table than was verified. A retry connects and verifies again.
var errStale = errors.New("the table was changed, or another one has its name: " +
	"its rows are read again as soon as that is verified")

// stampQuery reads what changes when the table is another one: when it was created. It is read in the transaction
// that holds the table's lock, so it is that of the table which the page comes from.
//
// The time has whole seconds, and TRUNCATE does not always change it. What tells surely is that the server
// prepares this session's statements again when the table is not the one that they were prepared for: see
// repreparedQuery. MariaDB does not do so for TRUNCATE, but there the counter of keys is read too, at little cost.
func (s *source[R, K]) stampQuery(p proof) string {
	if s.maria {
		return "SELECT CREATE_TIME, AUTO_INCREMENT FROM information_schema.tables WHERE " + p.where()
	}
	return "SELECT 'MySQL tells by preparing statements again'"
}

// sameStamp compares a stamp with the one that was verified. The counter may only grow.
func (s *source[R, K]) sameStamp(got [][]string) bool {
	if !s.maria {
		return true
	}
	if len(got) != 1 || got[0][0] != s.proof.created {
		return false
	}
	if got[0][1] == "" {
		return s.proof.counter == 0
	}
	next, err := replicate.ParseKey[uint64](got[0][1])
	if err != nil || next < s.proof.counter {
		return false
	}
	s.proof.counter = next
	return true
}

// repreparedQuery counts how often the server has prepared statements of this session again. It does so when it
// finds, as it executes one, that the table has another definition or another version than the statement was
// prepared for: after every ALTER that does not only change data, after a RENAME that gives the name to another
// table, and, harmlessly, after FLUSH TABLES. It is read after the page, in the same transaction.
func (s *source[R, K]) repreparedQuery(proof) string {
	return s.status("session", "Com_stmt_reprepare")
}
