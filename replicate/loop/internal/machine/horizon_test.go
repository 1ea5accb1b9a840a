package machine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
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
		{fence(20), upToKey(20)},      // no key drawn since, and d is gone
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

// plainHorizon is the definition taken literally: each epoch has its own holders, and merging two keeps their
// union.
type plainHorizon struct {
	epochs  []plainEpoch
	settled replicate.Bound[int64]
}

type plainEpoch struct {
	high    int64
	holders []string
}

func (h *plainHorizon) observe(f replicate.Fence[int64]) replicate.Bound[int64] {
	for i := range h.epochs {
		h.epochs[i].holders = slices.DeleteFunc(h.epochs[i].holders, func(id string) bool {
			return !slices.Contains(f.Holders, id)
		})
	}
	n := len(h.epochs)
	if (n == 0 || h.epochs[n-1].high < f.High) && (h.settled.Kind != replicate.BoundUpTo || h.settled.Key < f.High) {
		h.epochs = append(h.epochs, plainEpoch{f.High, slices.Clone(f.Holders)})
	}
	if n := len(h.epochs); n > EpochsMax {
		h.epochs[n-2] = plainEpoch{h.epochs[n-1].high, append(h.epochs[n-1].holders, h.epochs[n-2].holders...)}
		h.epochs = h.epochs[:n-1]
	}
	for i := len(h.epochs) - 1; i >= 0; i-- {
		if len(h.epochs[i].holders) == 0 {
			h.settled = replicate.Bound[int64]{Key: h.epochs[i].high, Kind: replicate.BoundUpTo}
			h.epochs = h.epochs[i+1:]
			break
		}
	}
	return h.settled
}

// TestHorizonKeepsToItsDefinition lets holders come, go and stay, with and without keys being drawn, until the
// queue is full and beyond. The answers must be those of the definition, and so must the holders of the oldest
// epoch.
func TestHorizonKeepsToItsDefinition(t *testing.T) {
	full, settled := 0, 0
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 1))
		h, plain := NewHorizon[int64](0), plainHorizon{}
		high, next, open := int64(0), 0, []string(nil)
		stay := 1 + rng.IntN(60) // about how long holders stay
		for step := range 300 {
			high += int64(rng.IntN(3))
			for range rng.IntN(4) {
				next++
				open = append(open, strconv.Itoa(next))
			}
			open = slices.DeleteFunc(open, func(string) bool { return rng.IntN(stay) == 0 })
			f := fence(high, open...)
			got, want := h.Observe(f, time.Unix(int64(step), 0)), plain.observe(f)
			if got != want || h.Epochs() != len(plain.epochs) {
				t.Fatalf("seed %d, step %d: %+v with %d epochs, want %+v with %d", seed, step, got, h.Epochs(), want,
					len(plain.epochs))
			}
			if h.Epochs() == EpochsMax {
				full++
			}
			if h.Epochs() == 0 {
				settled++
				continue
			}
			holders := slices.Compact(slices.Sorted(slices.Values(plain.epochs[0].holders)))
			if !slices.Equal(h.Holders(), holders) {
				t.Fatalf("seed %d, step %d: waits for %q, want %q", seed, step, h.Holders(), holders)
			}
		}
	}
	if full < 300 || settled < 300 {
		t.Fatalf("the queue was full %d times and empty %d times", full, settled)
	}
}

// BenchmarkHorizon reads fences while 500 transactions stay open and keys are drawn between fences.
func BenchmarkHorizon(b *testing.B) {
	open := make([]string, 500)
	for i := range open {
		open[i] = "3/" + strconv.Itoa(1000+i)
	}
	h, high := NewHorizon[int64](0), int64(0)
	b.ReportAllocs()
	for b.Loop() {
		high++
		h.Observe(fence(high, open...), time.Unix(high, 0))
	}
}
