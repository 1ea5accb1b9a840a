package postgres

import "context"

// unchanged reports whether the sequence stands where the last fence found it, by one short statement. Holders, stamp
// and page are not read then. The loop asks only if every transaction that had drawn a key by that fence has ended,
// and all that they left was read.
//
// Nothing can have come then. A key that is drawn moves the sequence at once, for every session and whatever becomes of
// the transaction: CACHE is 1, so that no session holds keys back, and is_called is compared too, so that the very
// first key shows and setval(…, false) does. Hence no key was drawn since that fence, whose holders are all gone, and
// nobody is left who could commit a row with a drawn key. Where there is only a delay (Settle.UnsafeDelay), it is the
// highest key that can be seen that stands still, and a row beyond it can't be seen either.
//
// A sequence that is restarted or set back shows as one that has moved, unless it comes to stand at the very same
// value: neither would a fence see that, but the stamp does where it was restarted. What else can come is seen by the
// next proper poll: a row whose explicit key is below the sequence and above the offset, one above the sequence, which
// waits in any case, a change of the catalog, and a restart behind a pooler, after which nothing waits for holders
// whose names have lost their meaning.
func (s *source[R, K]) unchanged(ctx context.Context) (bool, error) {
	if !s.fenced {
		return false, nil
	}
	answer := s.conn.ExecPrepared(ctx, stmtHigh, nil, nil, binaryFormat).Read()
	if answer.Err != nil {
		return false, s.highFailed(answer.Err)
	}
	return len(answer.Rows) == 1 && s.highOf(answer.Rows[0]) == s.drawn &&
		answer.FieldDescriptions[0].TableOID == s.proof.sequence.number, nil
}
