package postgres_test

import (
	"fmt"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

// BenchmarkPoll polls a table without new rows: properly, which is the fence, the stamp and an empty page, and briefly.
func BenchmarkPoll(b *testing.B) {
	pg := newest(b)
	for _, leaves := range []int{0, 200, 1000} {
		ddl := identity
		if leaves > 0 {
			ddl = `CREATE TABLE events (id bigserial, text text NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id);`
		}
		for i := range leaves {
			ddl += fmt.Sprintf("CREATE TABLE leaf%d PARTITION OF events FOR VALUES FROM (%d) TO (%d);", i, i*10, (i+1)*10)
		}
		d := create(b, pg, ddl+fmt.Sprintf("INSERT INTO events (text) SELECT 'x' FROM generate_series(1, %d)",
			max(10*leaves-1, 9)))
		s := d.source("public.events", options{})
		if err := open(b, s, replicate.Offset{}); err != nil {
			b.Fatal(err)
		}
		last := int64(max(10*leaves-1, 9))
		for _, idle := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d leaves, brief %t", leaves, idle), func(b *testing.B) {
				var page replicate.Page[int64]
				req := replicate.PollRequest[int64]{After: last, HasAfter: true, MaxRows: 1000, MaxBytes: 1 << 20, Idle: idle,
					OnFence: func(replicate.Fence[int64]) replicate.Bound[int64] {
						return replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
					}}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.Poll(b.Context(), req, &page); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
