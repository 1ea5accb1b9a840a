package machine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/loopconfig"
)

// TestWitnessDenied takes a job that may not keep a witness through its start and a day of running.
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
		t.Fatalf("with nothing stored: %v, want the witness to be loaded", out)
	}
	out := m.Step(OffsetLoaded{Witness: true, Err: denied}, now)
	if !slices.Contains(out, Action(OpenSource{})) {
		t.Fatalf("with the witness denied: %v, want a start at the first row", out)
	}
	if len(loaded) != 2 || loaded[1].Err == nil {
		t.Fatalf("reported %+v, want the denied witness", loaded)
	}
	m.Step(SourceOpened{}, now)
	for range 2 * witnessReport {
		out := m.Step(WitnessSaved{Err: denied}, now)
		if !slices.ContainsFunc(out, func(a Action) bool {
			timer, ok := a.(StartTimer)
			return ok && timer.Timer == TimerRefresh && timer.Delay == loopconfig.Config{}.WithDefaults().RefreshInterval
		}) {
			t.Fatalf("%v: want another attempt, since permission may come, and the attempt repairs the store", out)
		}
	}
	if reports != 2 {
		t.Errorf("%d refusals were reported %d times, want 2", 2*witnessReport, reports)
	}
	if m.phase != PhaseRunning {
		t.Errorf("phase %v", m.phase)
	}
}
