package command

import (
	"math"

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
