package postgres

import (
	"testing"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/replicatetest"
)

// TestAdapt lets a backlog come that an open transaction holds back, and then settles it.
func TestAdapt(t *testing.T) {
	s := &source[struct{}, int64]{limit: firstLimit}
	req := replicate.PollRequest[int64]{MaxRows: 10_000, MaxBytes: 8 << 20}
	none, some := new(replicate.Page[int64]), replicatetest.NewPage(t, replicatetest.RowKeys, 1, 200)
	for range 3 {
		s.adapt(some, req, false)
	}
	if s.limit < 10_000 {
		t.Fatalf("asks for %d rows of a backlog, want a whole page", s.limit)
	}
	s.adapt(none, req, true)
	if s.limit != firstLimit {
		t.Errorf("asks for %d rows while all are held back, want %d", s.limit, firstLimit)
	}
	s.adapt(some, req, false)
	s.adapt(some, req, false)
	if s.limit < 10_000 {
		t.Errorf("asks for %d rows when they are settled, want a whole page", s.limit)
	}
	s.adapt(some, req, true)
	if s.limit != 400 {
		t.Errorf("asks for %d rows where 200 of them were settled, want 400", s.limit)
	}
}
