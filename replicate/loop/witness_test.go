package loop

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// fakeWitness is a witness in memory.
type fakeWitness struct {
	mu      sync.Mutex
	offset  replicate.Offset
	saves   int
	loadErr error
	saveErr error
}

func (w *fakeWitness) Load(context.Context) (replicate.Offset, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.offset, w.loadErr
}

func (w *fakeWitness) Save(_ context.Context, o replicate.Offset) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.saveErr == nil {
		w.offset = o
		w.saves++
	}
	return w.saveErr
}

func (w *fakeWitness) get() (replicate.Offset, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.offset, w.saves
}

// TestWitnessIsRefreshed keeps an idle job's witness from expiring.
func TestWitnessIsRefreshed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeWitness{}
		j := startJob(t, Parts[int64]{Witness: w}, nil, "", &fakeStore{})
		after(time.Minute)
		o, before := w.get()
		if o.Key != "3" || o.Checksum == "" {
			t.Fatalf("the witness is %+v", o)
		}
		after(10 * time.Minute)
		if _, saves := w.get(); saves-before != 20 {
			t.Errorf("an idle job has written its witness %d times in ten minutes, want once every 30 s", saves-before)
		}
		j.stop()
	})
}

// TestStopSavesTheWitness: even runs that are shorter than the witness's interval save one, and if Kafka does not
// accept it the stop is not delayed.
func TestStopSavesTheWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeWitness{}
		j := startJob(t, Parts[int64]{Witness: w}, nil, "", &fakeStore{})
		after(time.Second)
		j.stop()
		if o, _ := w.get(); o.Key != "3" {
			t.Errorf("a short run leaves the witness %+v", o)
		}
		w = &fakeWitness{saveErr: errFault}
		j = startJob(t, Parts[int64]{Witness: w}, nil, "", &fakeStore{})
		after(time.Second)
		begin := time.Now()
		j.stop()
		if took := time.Since(begin); took > 0 {
			t.Errorf("the stop took %v longer for a witness that can't be saved", took)
		}
	})
}

// TestOffsetSetBack is how people replay: a lower offset is respected, and the witness does not stay ahead of it.
func TestOffsetSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := &fakeWitness{offset: replicate.Offset{Key: "3"}}, &fakeStore{offset: replicate.Offset{Key: "1"}}
		j := startJob(t, Parts[int64]{Witness: w}, nil, "", store)
		j.source.mu.Lock()
		j.source.errs = []error{errFault, errFault, errFault, errFault} // nothing is read for now
		j.source.mu.Unlock()
		after(time.Millisecond)
		if o, _ := w.get(); o.Key != "1" {
			t.Errorf("the witness is %q while nothing is published again, want 1", o.Key)
		}
		after(time.Minute)
		if got := j.sink.keys; len(got) != 2 || got[0] != "2" {
			t.Errorf("published %v, want 2 and 3 again", got)
		}
		j.stop()
	})
}

// TestMissingOffsetWithWitness starts with a store that has lost its data.
func TestMissingOffsetWithWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := &fakeWitness{offset: replicate.Offset{Key: "2", Checksum: "ab"}, loadErr: errFault}, &fakeStore{}
		j := startJob(t, Parts[int64]{Witness: w}, nil, "", store)
		after(time.Hour)
		if j.published() != 0 || j.state() != "starting" {
			t.Fatalf("while the witness can't be read the job is %s and has published %d rows", j.state(), j.published())
		}
		w.mu.Lock()
		w.loadErr = nil
		w.mu.Unlock()
		after(time.Minute)
		if got := j.sink.keys; len(got) != 1 || got[0] != "3" {
			t.Errorf("published %v, want row 3 alone", got)
		}
		if opened := j.source.opened; len(opened) != 1 || opened[0] != (replicate.Offset{Key: "2", Checksum: "ab"}) {
			t.Errorf("the source was opened at %+v, want at the witness alone", opened)
		}
		if last := j.loads[len(j.loads)-1]; !last.Witness || last.Offset.Key != "2" {
			t.Errorf("%+v was reported as loaded, want the witness", last)
		}
		if store.get().Key != "3" {
			t.Errorf("the store has %q", store.get().Key)
		}
		j.stop()
		w = &fakeWitness{loadErr: replicate.Stop(errors.New("unreadable"), "")}
		j = startJob(t, Parts[int64]{Witness: w}, nil, "", &fakeStore{})
		if err := <-j.ended; !replicate.IsStop(err) || j.published() != 0 {
			t.Errorf("with a witness that will never be readable: %v, %d rows", err, j.published())
		}
	})
}

// TestStoreOfAnIdleJobIsRepaired wipes the store, or fails it over to an older copy, while no rows come. It is
// still repaired from memory once the lease is held again.
func TestStoreOfAnIdleJobIsRepaired(t *testing.T) {
	for name, then := range map[string]replicate.Offset{"wiped": {}, "stale failover": {Key: "1"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, store := &leaseServer{}, &fakeStore{}
				j := startJob(t, Parts[int64]{Witness: &fakeWitness{}}, server, "holder", store)
				after(time.Minute)
				server.change(func(s *leaseServer) { s.holder = "" })
				store.set(then)
				store.mu.Lock()
				store.errs = []error{replicate.ErrLeaseLost} // a store's answer to a job that has lost the lease
				store.mu.Unlock()
				after(31 * time.Second)
				if store.get().Key != "3" {
					t.Errorf("half a minute later the store has %+v", store.get())
				}
				if j.published() != 3 {
					t.Errorf("%d rows were published, want 3 and none of them twice", j.published())
				}
				j.stop()
			})
		})
	}
}
