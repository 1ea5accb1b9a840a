package replicatetest

import (
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// KeyBuilder returns a builder for tests whose rows are bare keys. Their messages have no value, and checksum says
// what the checksum of a row is.
func KeyBuilder[K replicate.Key](checksum func(K) replicate.Checksum) *replicate.Builder[K, K] {
	table := &replicate.Table[K, K]{Name: "keys", KeyColumn: "key", Key: func(k *K) K { return *k }}
	return replicate.NewBuilder(table, keyCodec[K]{checksum}, replicate.MessageKey{None: true}, false)
}

// keyCodec writes messages without a value.
type keyCodec[K replicate.Key] struct{ checksum func(K) replicate.Checksum }

func (keyCodec[K]) Begin(time.Time) {}

func (c keyCodec[K]) AppendValue(b []byte, k *K) ([]byte, replicate.Checksum) {
	return b, c.checksum(*k)
}

func (keyCodec[K]) AppendDeadLetter(b []byte, _ replicate.DeadLetter) []byte { return b }
