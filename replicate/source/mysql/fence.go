package mysql

import (
	"slices"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/mysql/internal/wire"
)

// proof is what the source has verified.
type proof struct {
	schema, table string // as the server has them
	thread        string // this session's, whose lock must be seen
	blind         bool   // locks can't be seen, and the operator has accepted that
	created       string // when the table was, where stamp.go looks at that
	counter       uint64 // of its keys, which may only grow
	reprepared    string // how often statements were prepared again, by then
}

// where picks the table in information_schema.
func (p *proof) where() string {
	return "TABLE_SCHEMA = " + literal(p.schema) + " AND TABLE_NAME = " + literal(p.table)
}

// highQuery reads the highest key that can be seen.
func (s *source[R, K]) highQuery() string {
	key := quote(s.table.KeyColumn)
	return "SELECT " + key + " FROM " + s.table.Relation + " ORDER BY " + key + " DESC LIMIT 1"
}

// locksQuery lists the locks on the table that someone has. A lock is told from the next one at the same address
// by the event that asked for it.
func (p *proof) locksQuery() string {
	return "SELECT OWNER_THREAD_ID, OBJECT_INSTANCE_BEGIN, OWNER_EVENT_ID, LOCK_TYPE" +
		" FROM performance_schema.metadata_locks WHERE OBJECT_TYPE = 'TABLE'" +
		" AND OBJECT_SCHEMA = " + literal(p.schema) + " AND OBJECT_NAME = " + literal(p.table) +
		" AND LOCK_STATUS IN ('GRANTED', 'PRE_ACQUIRE_NOTIFY', 'POST_RELEASE_NOTIFY')"
}

// xaQuery lists prepared XA transactions, their names in hexadecimal.
func (s *source[R, K]) xaQuery() string {
	if s.maria {
		return "XA RECOVER FORMAT='SQL'"
	}
	return "XA RECOVER CONVERT XID"
}

// readers are the locks of those who only read. Any other may be a writer's.
var readers = []string{"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_READ_ONLY"}

// fenceQuery is the fence as one command of several statements, in a transaction that stays open for the page.
func (s *source[R, K]) fenceQuery() string {
	sql := "START TRANSACTION READ ONLY; " + s.highQuery()
	if !s.proof.blind {
		sql += "; " + s.proof.locksQuery() + "; " + s.xaQuery() + "; " + s.lostQuery()
	}
	return sql + "; " + s.stampQuery(s.proof)
}

// readFence reads the answers to fenceQuery.
func (s *source[R, K]) readFence() (f replicate.Fence[K], err error) {
	s.conn.Await()
	if _, err = s.answer(); err != nil {
		return f, err
	}
	high, err := s.answer()
	if err != nil {
		return f, err
	}
	if f.High, f.HasHigh, err = highOf[K](high); err != nil {
		return f, err
	}
	f.Incarnation = s.incarnation()
	if !s.proof.blind {
		if f.Holders, err = s.readHolders(); err != nil {
			return f, err
		}
	}
	stamp, err := s.answer()
	if err == nil && !s.sameStamp(stamp) {
		err = errStale // Promise 5
	}
	return f, err
}

// highOf is the highest key, from the answer to highQuery.
func highOf[K replicate.Key](rows [][]string) (high K, has bool, err error) {
	if len(rows) == 0 {
		return high, false, nil
	}
	high, err = replicate.ParseKey[K](rows[0][0])
	return high, err == nil, err
}

// readHolders reads who may still commit a key up to the highest.
func (s *source[R, K]) readHolders() ([]string, error) {
	locks, err := s.answer()
	if err != nil {
		return nil, err
	}
	var holders []string
	seen := false
	for _, r := range locks {
		switch {
		case !slices.Contains(readers, r[3]):
			holders = append(holders, r[0]+"/"+r[1]+"/"+r[2])
		case r[0] == s.proof.thread:
			seen = true
		}
	}
	transactions, err := s.answer()
	if err != nil {
		return nil, err
	}
	var xids []string
	for _, r := range transactions {
		xids = append(xids, xaPrefix+r[len(r)-1])
	}
	lost, err := s.answer()
	switch {
	case err != nil:
		return nil, err
	case len(lost) != 1 || lost[0][len(lost[0])-1] != "0": // this session's lock may be among the lost
		return nil, s.lost(lost)
	case !seen:
		return nil, s.errUnseen()
	}
	return s.prepared.holders(holders, xids), nil
}

// incarnation is another one with each connection: what was known of holders is forgotten then.
func (s *source[R, K]) incarnation() string {
	return s.conn.Version + " " + replicate.KeyText(uint64(s.conn.ID))
}

// answer reads the answer to one statement whole, as text.
func (s *source[R, K]) answer() ([][]string, error) {
	result, err := s.conn.Answer()
	if err != nil {
		return nil, s.classify("read the open transactions", err)
	}
	rows, err := result.Texts()
	if err != nil {
		return nil, s.classify("read the open transactions", err)
	}
	return rows, nil
}

// param is a key or a limit as statements take it.
func param[T int64 | uint64](v T) wire.Integer {
	var zero T
	return wire.Integer{Bits: uint64(v), Unsigned: zero-1 > 0}
}
