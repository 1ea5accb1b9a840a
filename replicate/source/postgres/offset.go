package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
)

// reused is what to do when keys were used again.
const reused = "keys were used again (a restored backup, a truncated table, a sequence that was set back?): " +
	"set the offset to where to go on, with the command offset set KEY"

// errSetBack says that the sequence is behind what was published.
func (s *source[R, K]) errSetBack(at K, f replicate.Fence[K]) error {
	where := "which has drawn no key yet"
	if f.HasHigh {
		where = "which is at " + replicate.KeyText(f.High)
	}
	return replicate.Stop(fmt.Errorf("the offset %s is beyond the sequence %s of table %s, %s",
		replicate.KeyText(at), s.proof.sequence.name, s.table.Name, where), reused)
}

// verifyOffset looks for signs that keys were used again: another row under the offset's key, or a
// sequence that is behind it.
func (s *source[R, K]) verifyOffset(ctx context.Context, at replicate.Offset) error {
	if at.IsZero() {
		return nil
	}
	key, err := keyset.ParseOffset(&s.table.Table, at)
	if err != nil {
		return err
	}
	if s.proof.sequence.oid != "" {
		fence, err := s.lastValue(ctx)
		if err != nil {
			return err
		}
		if s.setBack(fence, key) {
			return s.errSetBack(key, fence)
		}
	}
	if at.Checksum == "" {
		return nil
	}
	result := s.conn.ExecParams(ctx, s.table.At, [][]byte{appendInt8(nil, int64(key))}, []uint32{oidInt8},
		binaryFormat, s.formats).Read()
	if result.Err != nil {
		return s.classify("read the row at the offset", result.Err)
	}
	if len(result.Rows) == 0 {
		return nil // deleted since, which is fine
	}
	if err := s.compareTypes(result.FieldDescriptions); err != nil {
		return err
	}
	var row R
	if s.table.Scan(&row, result.Rows[0]) != nil {
		return nil // it was published as a dead letter
	}
	return s.table.VerifyRow(at, &row, s.rescaled()+reused)
}

// rescaled names the columns whose values read otherwise after ALTER TABLE has changed their type within its kind,
// which no comparison of types shows.
func (s *source[R, K]) rescaled() string {
	var names []string
	for _, c := range s.table.Columns {
		if base := strings.TrimSuffix(c.Type, "[]"); base == "numeric" || base == "character" || base == "bit" {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "ALTER TABLE has changed the scale or the length of " + strings.Join(names, ", ") +
		" (then every row reads otherwise; consumers see it from the next row on, and the offset is set to its own key), or "
}

// setBack reports whether the sequence is behind a key that was published. Where the horizon is not proven
// by a sequence, the highest key is that of a row, which may be deleted.
func (s *source[R, K]) setBack(f replicate.Fence[K], at K) bool {
	return s.proof.sequence.oid != "" && (!f.HasHigh || f.High < at)
}

// lastValue reads the sequence outside of a poll.
func (s *source[R, K]) lastValue(ctx context.Context) (f replicate.Fence[K], err error) {
	rows, err := s.rows(ctx, s.proof.high)
	if err != nil {
		return f, err
	}
	if len(rows) != 1 {
		return f, errors.New("the sequence of table " + s.table.Name + " has no value")
	}
	last, err := strconv.ParseInt(rows[0][0], 10, 64)
	high, has := s.proof.drawn(last, rows[0][1] == "t")
	f.High, f.HasHigh = K(high), has
	return f, err
}
