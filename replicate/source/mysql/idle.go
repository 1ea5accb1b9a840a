package mysql

import "context"

// unchanged reports whether the highest key that can be seen is that of the last fence, by one short statement. The
// locks, the stamp and the page are not read then. The loop asks only if everyone who could commit a key up to that
// one has ended, and all that they left was read.
//
// A row that was committed since has a key that was drawn later than the highest one, from a counter that only grows,
// so the row would be the highest that can be seen. What a transaction has drawn and not committed can't be read in
// any case. A row with a key of the client's choice below the highest, and a table that is another one, are seen by the
// next proper poll.
func (s *source[R, K]) unchanged(ctx context.Context) (bool, error) {
	if !s.fenced {
		return false, nil
	}
	rows, err := s.rows(ctx, s.highQuery())
	if err != nil {
		return false, err
	}
	high, has, err := highOf[K](rows)
	return err == nil && high == s.high && has == s.hasHigh, err
}
