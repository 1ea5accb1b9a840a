package joblog

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// At the level of services, a job that publishes batch after batch says so once a minute.
func TestSummaryInPlaceOfBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		h := New(&out, "text", 2, "shop").Hooks()
		h.OnState(replicate.StateInfo{State: replicate.StateRunning})
		for n := range 250 {
			time.Sleep(time.Second)
			h.OnPoll(replicate.PollInfo{Rows: 10, Behind: 7, HorizonAge: 2 * time.Second})
			h.OnPublish(replicate.PublishInfo{Rows: 10, Bytes: 100, Duration: 5 * time.Millisecond})
			if n%2 == 0 {
				h.OnPublish(replicate.PublishInfo{Err: errors.New("away")})
			}
			h.OnCommit(replicate.CommitInfo{Offset: replicate.Offset{Key: "42"}})
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 5 { // its state, and four whole minutes
			t.Fatalf("%d lines: %s", len(lines), &out)
		}
		_, got, _ := strings.Cut(lines[2], "msg=")
		want := `"published lately" job=shop rows=600 bytes=6000 batches=60 seconds=60 ` +
			`batch_ms=5 behind=7 held_back_s=2 offset=42`
		if got != want {
			t.Errorf("a minute is said as\n%s, want\n%s", got, want)
		}
	})
}

// Every failure that is tried again says what to do.
func TestRetriesHaveRemedies(t *testing.T) {
	for _, op := range []replicate.Op{replicate.OpLease, replicate.OpLoad, replicate.OpSource, replicate.OpSink,
		replicate.OpCommit, replicate.OpWitness} {
		l, said := newLog()
		l.onRetry(replicate.RetryInfo{Op: op, Err: errors.New("away")})
		if lines := said(); !slices.ContainsFunc(lines, func(s string) bool { return strings.Contains(s, ` remedy="`) }) {
			t.Errorf("%s is said without a remedy: %q", op, lines)
		}
	}
}
