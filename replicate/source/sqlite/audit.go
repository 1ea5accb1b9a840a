package sqlite

import (
	"context"
	"strconv"

	"github.com/repliqate/repliqate/replicate"
)

// Lookup reads the rows that now exist among keys, for the late-row audit.
func (s *source[R, K]) Lookup(
	ctx context.Context, keys []K, req replicate.PollRequest[K], page *replicate.Page[K],
) (more bool, err error) {
	list := append(make([]byte, 0, 8*len(keys)+2), '[')
	for i, k := range keys {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, int64(k), 10)
	}
	s.conn.SetInterrupt(ctx.Done())
	s.builder.Begin(page, req)
	s.lookup.BindText(1, string(append(list, ']')))
	defer s.lookup.Reset() //nolint:errcheck // Reset repeats Step's error
	result, err := s.read(s.lookup, replicate.Bound[K]{Kind: replicate.BoundUnlimited})
	return result.More, err
}
