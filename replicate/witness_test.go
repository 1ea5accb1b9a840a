package replicate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// fakeWitness notes when it was written.
type fakeWitness struct {
	begin time.Time
	saved []time.Duration
}

func (w *fakeWitness) LoadWitness(context.Context) (Offset, error) { return Offset{}, nil }

func (w *fakeWitness) SaveWitness(context.Context, Offset) error {
	w.saved = append(w.saved, time.Since(w.begin))
	return nil
}

// TestWitnessComesSoon: a job that is started again and again has a witness too, and it is refreshed.
func TestWitnessComesSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		witness := &fakeWitness{begin: time.Now()}
		parts := Parts[int64]{Source: &fakeSource{rows: upTo(5), exact: true}, Sink: &fakeSink{}, Store: &fakeStore{},
			Witness: witness}
		if err := run(t, 70*time.Second, parts); err != nil {
			t.Fatal(err)
		}
		if n := len(witness.saved); n != 3 || witness.saved[0] > 2*time.Second || witness.saved[2] < time.Minute {
			t.Errorf("the witness was written after %v", witness.saved)
		}
	})
}
