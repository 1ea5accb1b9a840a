package machine

import (
	"fmt"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

var nothing replicate.Bound[int64]

func upToKey(k int64) replicate.Bound[int64] {
	return replicate.Bound[int64]{Key: k, Kind: replicate.BoundUpTo}
}

func fence(high int64, holders ...string) replicate.Fence[int64] {
	return replicate.Fence[int64]{High: high, HasHigh: true, Counter: true, Holders: holders}
}

func TestHorizon(t *testing.T) {
	now := time.Unix(0, 0)
	var h Horizon[int64]
	steps := []struct {
		fence replicate.Fence[int64]
		want  replicate.Bound[int64]
	}{
		{fence(10, "a", "b"), nothing},
		{fence(12, "b", "c"), nothing},
		{fence(15, "c"), upToKey(10)}, // a and b are gone; c came later
		{fence(20, "d"), upToKey(15)}, // c is gone
		{fence(20), upToKey(20)},      // nothing drawn since, d is gone
		{fence(21), upToKey(21)},      // settled within one fence
		{fence(5, "e"), nothing},      // the sequence was set back
		{replicate.Fence[int64]{Exact: true}, replicate.Bound[int64]{Kind: replicate.BoundUnlimited}}, // SQLite
	}
	for i, s := range steps {
		if got := h.Observe(s.fence, now); got != s.want {
			t.Fatalf("step %d: bound %+v, want %+v", i, got, s.want)
		}
	}
}

func TestHorizonStartsAnewWithAnotherIncarnation(t *testing.T) {
	var h Horizon[int64]
	h.Observe(fence(10, "a"), time.Time{})
	f := fence(10, "b")
	f.Incarnation = "restarted"
	if got := h.Observe(f, time.Time{}); got.Kind != replicate.BoundNothing {
		t.Fatalf("a holder of another incarnation was struck: %+v", got)
	}
}

func TestHorizonQueueIsBounded(t *testing.T) {
	var h Horizon[int64]
	for i := range int64(1000) {
		h.Observe(fence(i+1, "old", fmt.Sprint("tx", i)), time.Time{})
		if h.Epochs() > EpochsMax {
			t.Fatalf("%d epochs", h.Epochs())
		}
	}
	if got := h.Observe(fence(2000), time.Time{}); got != (upToKey(2000)) {
		t.Fatalf("after the old transaction ended: %+v", got)
	}
}

func TestHorizonDelay(t *testing.T) {
	h := Horizon[int64]{delay: 5 * time.Second}
	at := time.Unix(100, 0)
	if got := h.Observe(fence(10), at); got.Kind != replicate.BoundNothing {
		t.Fatalf("settled without the delay: %+v", got)
	}
	if got := h.Observe(fence(10), at.Add(5*time.Second)); got.Key != 10 {
		t.Fatalf("not settled after the delay: %+v", got)
	}
}

func TestKeyText(t *testing.T) {
	for _, s := range []string{"0", "-1", "9223372036854775807", "-9223372036854775808"} {
		if k, err := replicate.ParseKey[int64](s); err != nil || replicate.KeyText(k) != s {
			t.Errorf("int64 %s: %d, %v", s, k, err)
		}
	}
	const largest = "18446744073709551615"
	if k, err := replicate.ParseKey[uint64](largest); err != nil || replicate.KeyText(k) != largest {
		t.Errorf("uint64: %d, %v", k, err)
	}
	if _, err := replicate.ParseKey[int64]("1x"); err == nil {
		t.Error("1x was read as a key")
	}
}
