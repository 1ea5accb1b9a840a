package memory_test

import (
	"testing"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/offset/memory"
	"github.com/repliqate/repliqate/replicate/replicatetest"
)

func TestStore(t *testing.T) {
	replicatetest.ExerciseOffsetStore(t, func(*testing.T) func() replicate.OffsetStore {
		s := memory.New()
		return func() replicate.OffsetStore { return s }
	})
}
