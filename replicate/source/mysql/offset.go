package mysql

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
)

// reused is what to do when keys were used again.
const reused = "keys were used again (a restored backup, a truncated table, a counter that a restart has " +
	"forgotten?): set the offset to where to go on, with the command offset set KEY"

// verifyOffset looks for signs that keys were used again: another row under the offset's key, or a counter that
// has it still to give. Before MySQL 8.0 and MariaDB 10.2.4 a restart sets the counter behind the highest row.
func (s *source[R, K]) verifyOffset(ctx context.Context, at replicate.Offset) error {
	if at.IsZero() {
		return nil
	}
	key, err := keyset.ParseOffset(&s.table.Table, at)
	if err != nil {
		return err
	}
	drawn, has, err := s.drawn(ctx)
	if err != nil {
		return err
	}
	if behind := !has || drawn < key; behind && key > 0 {
		where := "which has given no key yet"
		if has {
			where = "which has given keys up to " + replicate.KeyText(drawn)
		}
		return replicate.Stop(fmt.Errorf("the offset %s is beyond the AUTO_INCREMENT counter of table %s, %s",
			at.Key, s.table.Name, where), reused)
	}
	if at.Checksum == "" {
		return nil
	}
	if err := errors.Join(s.conn.SendExecute(s.at, param(key)), s.conn.Flush()); err != nil {
		return s.classify("read the row at the offset", err)
	}
	stop := s.conn.Until(ctx)
	err = s.verifyRow(at)
	if stopErr := stop(); err == nil && stopErr != nil {
		err = stopErr
	}
	return err
}

// verifyRow reads the row at the offset and compares it with the one that was published.
func (s *source[R, K]) verifyRow(at replicate.Offset) error {
	s.conn.Await()
	result, err := s.conn.AnswerBinary()
	if err != nil {
		return s.classify("read the row at the offset", err)
	}
	if err := s.compareTypes(result.Columns); err != nil {
		return err
	}
	var row R
	scanned, found := false, result.Next()
	if found && s.table.Scan(&row, result.Values) == nil {
		scanned = true
		err = s.table.VerifyRow(at, &row, reused)
	}
	if drainErr := result.Drain(); drainErr != nil {
		return s.classify("read the row at the offset", drainErr)
	}
	if !scanned {
		return nil // it was deleted since, which is fine, or published as a dead letter
	}
	return err
}

// drawn reads the highest key that the counter has given. A counter that is at the end of its type stays there.
func (s *source[R, K]) drawn(ctx context.Context) (key K, has bool, err error) {
	row, err := s.row(ctx, "SELECT AUTO_INCREMENT, COLUMN_TYPE FROM information_schema.tables t"+
		" JOIN information_schema.columns c USING (TABLE_SCHEMA, TABLE_NAME) WHERE TABLE_SCHEMA = "+literal(s.proof.schema)+
		" AND TABLE_NAME = "+literal(s.proof.table)+" AND COLUMN_NAME = "+literal(s.table.KeyColumn))
	if err != nil {
		return key, false, err
	}
	if row[0] == "" { // without a counter only rows tell
		rows, err := s.rows(ctx, s.highQuery())
		if err != nil || len(rows) == 0 {
			return key, false, err
		}
		key, err = replicate.ParseKey[K](rows[0][0])
		return key, err == nil, err
	}
	next, err := replicate.ParseKey[uint64](row[0])
	if err != nil || next <= 1 {
		return key, false, err
	}
	if largest := largestKey(row[1]); next >= largest {
		return K(largest), true, nil
	}
	return K(next - 1), true, nil
}

// largestKey is the largest number of an integer type.
func largestKey(columnType string) uint64 {
	bits := map[string]int{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
	name, unsigned := cutUnsigned(columnType)
	n, ok := bits[name]
	if !ok {
		n = 64
	}
	largest := uint64(math.MaxUint64) >> (64 - n)
	if !unsigned {
		largest >>= 1
	}
	return largest
}
