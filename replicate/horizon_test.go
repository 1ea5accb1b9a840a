package replicate

import (
	"fmt"
	"testing"
	"time"
)

func fence(high int64, holders ...string) Fence[int64] {
	return Fence[int64]{High: high, HasHigh: true, Counter: true, Holders: holders}
}

func TestHorizon(t *testing.T) {
	now := time.Unix(0, 0)
	var h horizon[int64]
	steps := []struct {
		fence Fence[int64]
		want  Bound[int64]
	}{
		{fence(10, "a", "b"), Bound[int64]{}},
		{fence(12, "b", "c"), Bound[int64]{}},
		{fence(15, "c"), Bound[int64]{Key: 10, Kind: BoundUpTo}},        // a and b are gone; c came later
		{fence(20, "d"), Bound[int64]{Key: 15, Kind: BoundUpTo}},        // c is gone
		{fence(20), Bound[int64]{Key: 20, Kind: BoundUpTo}},             // nothing drawn since, d is gone
		{fence(21), Bound[int64]{Key: 21, Kind: BoundUpTo}},             // settled within one fence
		{fence(5, "e"), Bound[int64]{}},                                 // the sequence was set back
		{Fence[int64]{Exact: true}, Bound[int64]{Kind: BoundUnlimited}}, // SQLite
	}
	for i, s := range steps {
		if got := h.observe(s.fence, now); got != s.want {
			t.Fatalf("step %d: bound %+v, want %+v", i, got, s.want)
		}
	}
}

func TestHorizonStartsAnewWithAnotherIncarnation(t *testing.T) {
	var h horizon[int64]
	h.observe(fence(10, "a"), time.Time{})
	f := fence(10, "b")
	f.Incarnation = "restarted"
	if got := h.observe(f, time.Time{}); got.Kind != BoundNothing {
		t.Fatalf("a holder of another incarnation was struck: %+v", got)
	}
}

func TestHorizonQueueIsBounded(t *testing.T) {
	var h horizon[int64]
	for i := range int64(1000) {
		h.observe(fence(i+1, "old", fmt.Sprint("tx", i)), time.Time{})
		if len(h.epochs) > epochsMax {
			t.Fatalf("%d epochs", len(h.epochs))
		}
	}
	if got := h.observe(fence(2000), time.Time{}); got != (Bound[int64]{Key: 2000, Kind: BoundUpTo}) {
		t.Fatalf("after the old transaction ended: %+v", got)
	}
}

func TestHorizonDelay(t *testing.T) {
	h := horizon[int64]{delay: 5 * time.Second}
	at := time.Unix(100, 0)
	if got := h.observe(fence(10), at); got.Kind != BoundNothing {
		t.Fatalf("settled without the delay: %+v", got)
	}
	if got := h.observe(fence(10), at.Add(5*time.Second)); got.Key != 10 {
		t.Fatalf("not settled after the delay: %+v", got)
	}
}

func TestKeyText(t *testing.T) {
	for _, s := range []string{"0", "-1", "9223372036854775807", "-9223372036854775808"} {
		if k, err := ParseKey[int64](s); err != nil || KeyText(k) != s {
			t.Errorf("int64 %s: %d, %v", s, k, err)
		}
	}
	if k, err := ParseKey[uint64]("18446744073709551615"); err != nil || KeyText(k) != "18446744073709551615" {
		t.Errorf("uint64: %d, %v", k, err)
	}
	if _, err := ParseKey[int64]("1x"); err == nil {
		t.Error("1x was read as a key")
	}
}
