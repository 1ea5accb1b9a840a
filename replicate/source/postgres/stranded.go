package postgres

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/repliqate/repliqate/replicate"
)

var _ replicate.StrandedFinder[int64] = (*source[struct{}, int64])(nil)

// strandedMax bounds the count of rows above the sequence.
const strandedMax = 10_000

// FindStranded counts the rows above the sequence, in one statement: the sequence is read after the statement's
// snapshot was taken, so a row in it whose key was drawn is not above. Without a sequence there are none.
func (s *source[R, K]) FindStranded(ctx context.Context) (found replicate.Stranded[K], err error) {
	if s.proof.sequence.oid == "" {
		return found, nil
	}
	key, sequence := quote(s.table.KeyColumn), s.proof.sequence
	rows, err := s.rows(ctx, "SELECT count(*), min(k), (SELECT "+key+" FROM "+s.table.Relation+" ORDER BY "+key+
		" DESC LIMIT 1) FROM (SELECT "+key+" AS k FROM "+s.table.Relation+" WHERE "+key+
		" > (SELECT CASE WHEN is_called THEN last_value WHEN last_value <= "+replicate.KeyText(sequence.start)+
		" THEN "+replicate.KeyText(int64(math.MinInt64))+" ELSE last_value - 1 END FROM "+sequence.name+
		") ORDER BY k LIMIT "+strconv.Itoa(strandedMax+1)+") AS above")
	if err != nil {
		return found, err
	}
	count, lowest, highest := rows[0][0], rows[0][1], rows[0][2]
	if found.Rows, err = strconv.Atoi(count); err != nil || found.Rows == 0 {
		return found, err
	}
	if found.Rows > strandedMax {
		found.Rows, found.More = strandedMax, true
	}
	if found.First, err = replicate.ParseKey[K](lowest); err != nil {
		return found, err
	}
	if found.Last, err = replicate.ParseKey[K](highest); err != nil {
		return found, err
	}
	drawn, err := s.lastValue(ctx)
	if drawn.HasHigh {
		found.Drawn = replicate.KeyText(drawn.High)
	}
	found.Table, found.Sequence = s.table.Name, sequence.name
	found.Remedy = "SELECT setval('" + strings.ReplaceAll(sequence.name, "'", "''") + "', " + highest + ")"
	return found, err
}
