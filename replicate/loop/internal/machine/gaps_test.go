package machine

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

func watchedKeys[K replicate.Key](w *gaps[K]) []K {
	var keys []K
	for _, k := range w.keys {
		keys = append(keys, k.key)
	}
	return keys
}

func at(k int64) Position[int64] {
	return Position[int64]{Key: k, Offset: replicate.Offset{Key: replicate.KeyText(k)}}
}

func TestWatchRemembersGaps(t *testing.T) {
	for name, c := range map[string]struct {
		after Position[int64]
		pages [][]int64
		want  []int64
		drop  int64
	}{
		"none":                      {at(4), [][]int64{{5, 6, 7}, {8}}, nil, 0},
		"inside a page":             {at(4), [][]int64{{5, 7, 10}}, []int64{6, 8, 9}, 0},
		"after the offset":          {at(4), [][]int64{{6}}, []int64{5}, 0},
		"between pages":             {at(4), [][]int64{{5}, {8}}, []int64{6, 7}, 0},
		"before the first row":      {Position[int64]{}, [][]int64{{6, 8}}, []int64{7}, 0},
		"once for a second reading": {at(4), [][]int64{{5, 7}, {5, 7, 9}}, []int64{6, 8}, 0},
		"negative keys":             {at(-3), [][]int64{{0}}, []int64{-2, -1}, 0},
		"wider than the memory":     {at(0), [][]int64{{21}}, []int64{11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, 10},
		"more than the memory":      {at(0), [][]int64{{8}, {15}}, []int64{4, 5, 6, 7, 9, 10, 11, 12, 13, 14}, 3},
		"the whole range": {at(math.MinInt64), [][]int64{{math.MaxInt64}}, []int64{math.MaxInt64 - 10, math.MaxInt64 - 9,
			math.MaxInt64 - 8, math.MaxInt64 - 7, math.MaxInt64 - 6, math.MaxInt64 - 5, math.MaxInt64 - 4,
			math.MaxInt64 - 3, math.MaxInt64 - 2, math.MaxInt64 - 1}, 1 << 62},
	} {
		t.Run(name, func(t *testing.T) {
			w := gaps[int64]{max: 10, keep: time.Minute}
			for _, page := range c.pages {
				w.note(c.after, page, time.Unix(0, 0))
				c.after = at(page[len(page)-1])
			}
			if got := watchedKeys(&w); !slices.Equal(got, c.want) || w.forgotten != c.drop {
				t.Fatalf("remembers %v and dropped %d, want %v and %d", got, w.forgotten, c.want, c.drop)
			}
		})
	}
}

func TestWatchForgets(t *testing.T) {
	w := gaps[int64]{max: 100, keep: time.Minute}
	start := time.Unix(0, 0)
	w.note(at(0), []int64{4}, start)
	w.missing(w.take(2), start.Add(59*time.Second))
	if got := watchedKeys(&w); !slices.Equal(got, []int64{3, 1, 2}) {
		t.Fatalf("the keys that were looked up must come last: %v", got)
	}
	w.missing(w.take(2), start.Add(time.Minute))
	if got := watchedKeys(&w); !slices.Equal(got, []int64{2}) {
		t.Fatalf("after their time: %v", got)
	}
}
