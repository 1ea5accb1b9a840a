package command

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/repliqate/repliqate/replicate"
)

// SmallestKey is the least key that there can be. The one before it, as integers wrap, is the greatest.
func SmallestKey[K replicate.Key]() K {
	var zero K
	if zero-1 > 0 {
		return zero
	}
	least := int64(math.MinInt64)
	return K(least)
}

// KeyRange is the keys from From up to and including To.
type KeyRange[K replicate.Key] struct{ From, To K }

// Has reports whether a key is in the range.
func (r KeyRange[K]) Has(key K) bool { return r.From <= key && key <= r.To }

// ParseKeys reads KEY or KEY..KEY.
func ParseKeys[K replicate.Key](text string) (r KeyRange[K], err error) {
	low, high, isRange := strings.Cut(text, "..")
	if !isRange {
		high = low
	}
	r.From, err = replicate.ParseKey[K](low)
	to, toErr := replicate.ParseKey[K](high)
	if r.To = to; errors.Join(err, toErr) != nil || r.From > r.To {
		return r, fmt.Errorf("%.40q: expected KEY or KEY..KEY, the smaller key first", text)
	}
	return r, nil
}
