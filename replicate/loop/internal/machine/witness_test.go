package machine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/loopconfig"
)

// TestWitnessDenied takes a job without the right to keep a witness through its start and a day of running.
func TestWitnessDenied(t *testing.T) {
	denied := fmt.Errorf("witness: %w", replicate.ErrWitnessDenied)
	var reports int
	var loaded []replicate.LoadInfo
	m := New[int64](loopconfig.Config{PollInterval: time.Second}.WithDefaults(), &replicate.Hooks{
		OnRetry: func(replicate.RetryInfo) { reports++ },
		OnLoad:  func(i replicate.LoadInfo) { loaded = append(loaded, i) },
	}, false, true, 1)
	now := time.Now()
	m.Start(now)
	m.Step(SinkOpened{}, now)
	if out := m.Step(OffsetLoaded{}, now); !slices.Contains(out, Action(LoadOffset{Witness: true})) {
		t.Fatalf("nothing is stored: %v, want a look at the witness", out)
	}
	out := m.Step(OffsetLoaded{Witness: true, Err: denied}, now)
	if !slices.Contains(out, Action(OpenSource{})) {
		t.Fatalf("the witness is denied: %v, want a start at the first row", out)
	}
	if len(loaded) != 2 || loaded[1].Err == nil {
		t.Fatalf("reported %+v: nobody can see that the witness was denied", loaded)
	}
	m.Step(SourceOpened{}, now)
	for range 2 * witnessReport {
		out := m.Step(WitnessSaved{Err: denied}, now)
		if !slices.ContainsFunc(out, func(a Action) bool {
			timer, ok := a.(StartTimer)
			return ok && timer.Timer == TimerRefresh && timer.Delay == loopconfig.Config{}.WithDefaults().RefreshInterval
		}) {
			t.Fatalf("%v: want another attempt, since the right may come and the store is repaired with it", out)
		}
	}
	if reports != 2 {
		t.Errorf("%d refusals were reported %d times, want 2", 2*witnessReport, reports)
	}
	if m.phase != PhaseRunning {
		t.Errorf("phase %v", m.phase)
	}
}
