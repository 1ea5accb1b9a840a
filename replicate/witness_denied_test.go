package replicate

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestWitnessDenied takes a job without the right to keep a witness through its start and a day of running.
func TestWitnessDenied(t *testing.T) {
	denied := fmt.Errorf("witness: %w", ErrWitnessDenied)
	var reports int
	var loaded []LoadInfo
	m := newMachine[int64](Config{PollInterval: time.Second}.WithDefaults(), &Hooks{
		OnRetry: func(RetryInfo) { reports++ },
		OnLoad:  func(i LoadInfo) { loaded = append(loaded, i) },
	}, false, true, 1)
	now := time.Now()
	m.start(now)
	m.step(evSinkOpened{}, now)
	if out := m.step(evLoaded{}, now); !slices.Contains(out, action(actLoad{witness: true})) {
		t.Fatalf("nothing is stored: %v, want a look at the witness", out)
	}
	out := m.step(evLoaded{witness: true, err: denied}, now)
	if !slices.Contains(out, action(actOpenSource{})) {
		t.Fatalf("the witness is denied: %v, want a start at the first row", out)
	}
	if len(loaded) != 2 || loaded[1].Err == nil {
		t.Fatalf("reported %+v: nobody can see that the witness was denied", loaded)
	}
	m.step(evSourceOpened{}, now)
	for range 2 * witnessReport {
		out := m.step(evWitnessSaved{err: denied}, now)
		if !slices.ContainsFunc(out, func(a action) bool {
			timer, ok := a.(actTimer)
			return ok && timer.timer == timerRefresh && timer.delay == refreshInterval
		}) {
			t.Fatalf("%v: want another attempt, since the right may come and the store is repaired with it", out)
		}
	}
	if reports != 2 {
		t.Errorf("%d refusals were reported %d times, want 2", 2*witnessReport, reports)
	}
	if m.phase != phaseRunning {
		t.Errorf("phase %v", m.phase)
	}
}
