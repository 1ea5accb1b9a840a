package keyset_test

import (
	"testing"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/replicatetest"
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
)

// TestAdapt lets a backlog come that an open transaction holds back, and then settles it.
func TestAdapt(t *testing.T) {
	const maxRows, maxBytes = 10_000, 8 << 20
	limit := keyset.FirstLimit
	none := new(replicate.Batch)
	some := &replicatetest.NewPage(t, replicatetest.RowKeys, 1, 200).Batch
	for range 3 {
		limit.Adapt(some, maxBytes, false)
	}
	if limit < maxRows {
		t.Fatalf("asks for %d rows of a backlog, want a whole page", limit)
	}
	if rows := limit.Rows(maxRows); rows != maxRows {
		t.Errorf("asks for %d rows, want those of a page, %d", rows, maxRows)
	}
	limit.Adapt(none, maxBytes, true)
	if limit != keyset.FirstLimit {
		t.Errorf("asks for %d rows while all are held back, want %d", limit, keyset.FirstLimit)
	}
	limit.Adapt(some, maxBytes, false)
	limit.Adapt(some, maxBytes, false)
	if limit < maxRows {
		t.Errorf("asks for %d rows when they are settled, want a whole page", limit)
	}
	limit.Adapt(some, maxBytes, true)
	if limit != 400 {
		t.Errorf("asks for %d rows where 200 of them were settled, want 400", limit)
	}
	limit.Adapt(some, 1, false)
	if limit != 1 {
		t.Errorf("asks for %d rows where a page has room for none, want 1", limit)
	}
}
