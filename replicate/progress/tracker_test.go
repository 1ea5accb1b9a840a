package progress_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/progress"
)

func at(key string) replicate.Offset { return replicate.Offset{Key: key, Checksum: "c" + key} }

// running returns an account of a job that runs.
func running() (*progress.Tracker, replicate.Hooks) {
	t := progress.New(error.Error)
	h := t.Hooks()
	h.OnState(replicate.StateInfo{State: replicate.StateRunning})
	return t, h
}

// TestAccount follows three batches: one is committed, one is acknowledged, one fails and is read again.
func TestAccount(t *testing.T) {
	tracker, h := running()
	for range 3 {
		h.OnPoll(replicate.PollInfo{Rows: 10, Bytes: 100, Behind: 7, More: true})
	}
	h.OnPublish(replicate.PublishInfo{Rows: 10, Bytes: 100, Last: "9", Duration: time.Second})
	h.OnPublish(replicate.PublishInfo{Rows: 10, Bytes: 100, Last: "20", Duration: time.Second})
	h.OnCommit(replicate.CommitInfo{Offset: at("9")}) // not beyond 20, although "9" > "20"
	s := tracker.Snapshot()
	if s.RowsRead != 30 || s.RowsPublished != 20 || s.RowsCommitted != 10 ||
		s.InFlightRows != 10 || s.InFlightBytes != 100 ||
		s.InFlightBatches != 1 || s.RowsBehind() != 17 || s.UncommittedSince.IsZero() || s.Offset != at("9") {
		t.Errorf("the account is %+v", s)
	}
	if b := s.Batches; len(b) != 2 || !b[0].Committed || b[0].Checksum != "c9" || b[1].Committed || b[1].Checksum != "" {
		t.Errorf("the batches are %+v", b)
	}
	h.OnPublish(replicate.PublishInfo{Err: errors.New("away")})
	h.OnPoll(replicate.PollInfo{Rows: 10, Unused: true})
	h.OnCommit(replicate.CommitInfo{Offset: at("20")})
	s = tracker.Snapshot()
	if s.InFlightRows != 0 || s.InFlightBatches != 0 || s.RowsReread != 20 || s.RowsCommitted != 20 ||
		!s.UncommittedSince.IsZero() {
		t.Errorf("after a failure the account is %+v", s)
	}
}

// Keys beyond int64 are those of MySQL's bigint unsigned.
func TestCommitOfUnsignedKeys(t *testing.T) {
	tracker, h := running()
	for _, last := range []string{"-5", "9223372036854775807", "9223372036854775808", "18446744073709551615"} {
		h.OnPublish(replicate.PublishInfo{Rows: 1, Last: last})
	}
	for n, key := range []string{"-5", "9223372036854775807", "9223372036854775808", "18446744073709551615"} {
		h.OnCommit(replicate.CommitInfo{Offset: at(key)})
		if got := tracker.Snapshot().RowsCommitted; got != int64(n+1) {
			t.Errorf("after %s %d rows are committed, want %d", key, got, n+1)
		}
	}
}

// What waits while the store is away is remembered within bounds, and none of it is lost.
func TestPendingIsBounded(t *testing.T) {
	tracker, h := running()
	for n := range 5000 {
		h.OnPublish(replicate.PublishInfo{Rows: 2, Last: fmt.Sprint(n)})
	}
	h.OnCommit(replicate.CommitInfo{Offset: at("4999")})
	if got := tracker.Snapshot().RowsCommitted; got != 10000 {
		t.Errorf("%d rows are committed, want 10000", got)
	}
}

// TestBehindAndReady walks through a day: caught up, a transaction that stays open, Kafka away, the store away.
func TestBehindAndReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = time.Minute
		tracker, h := running()
		want := func(what string, behind time.Duration, ready bool, why string) {
			t.Helper()
			s := tracker.Snapshot()
			if got := s.BehindFor(patience); got != behind {
				t.Errorf("%s: behind for %v, want %v", what, got, behind)
			}
			if ok, said := s.Ready(patience); ok != ready || !strings.Contains(said, why) {
				t.Errorf("%s: ready %v, %q, want %v, %q", what, ok, said, ready, why)
			}
		}
		h.OnPoll(replicate.PollInfo{})
		time.Sleep(30 * time.Second)
		want("nothing waits", 0, true, "running")
		h.OnPoll(replicate.PollInfo{HorizonAge: time.Second, Behind: 3})
		time.Sleep(30 * time.Second)
		want("a transaction is open", time.Minute, true, "running")
		h.OnPoll(replicate.PollInfo{Rows: 3})
		h.OnPublish(replicate.PublishInfo{Rows: 3, Last: "3"})
		want("it has ended", 0, true, "running")
		time.Sleep(2 * time.Minute)
		want("no poll", 2*time.Minute, false, "the last successful poll was 2m0s ago")
		h.OnPoll(replicate.PollInfo{})
		want("not committed", 0, false, "what was published 2m0s ago is not committed")
		h.OnCommit(replicate.CommitInfo{Offset: at("3")})
		want("committed", 0, true, "running")
		h.OnLease(replicate.LeaseInfo{Holder: "b"})
		h.OnState(replicate.StateInfo{State: replicate.StateStandby})
		time.Sleep(time.Hour)
		want("standby", 0, true, "standing by: the lease is held by b")
		h.OnState(replicate.StateInfo{State: replicate.StateStarting})
		want("starting", 0, false, "not running: starting")
	})
}

// Events are counted, bounded, and say what to do.
func TestEvents(t *testing.T) {
	tracker, h := running()
	for n := range 200 {
		h.OnRetry(replicate.RetryInfo{Op: replicate.OpSource, Err: fmt.Errorf("refused %d", n/2)})
	}
	s := tracker.Snapshot()
	if len(s.Events) != 50 || s.Retries[replicate.OpSource] != 200 {
		t.Fatalf("%d events, %d retries", len(s.Events), s.Retries[replicate.OpSource])
	}
	last := s.Events[49]
	if last.Count != 2 || last.Error != "refused 99" || last.Text == "" || last.Remedy == "" {
		t.Errorf("the last event is %+v", last)
	}
	h.OnRetry(replicate.RetryInfo{Op: replicate.OpSink, Err: errors.New(strings.Repeat("é\n", 5000))})
	events := tracker.Snapshot().Events
	if text := events[len(events)-1].Error; len(text) > 2100 || strings.Contains(text, "\n") {
		t.Errorf("an error of %d bytes is kept", len(text))
	}
	for _, op := range []replicate.Op{replicate.OpLease, replicate.OpLoad, replicate.OpSink, replicate.OpCommit,
		replicate.OpWitness} {
		h.OnRetry(replicate.RetryInfo{Op: op, Err: errors.New("away")})
		events := tracker.Snapshot().Events
		if e := events[len(events)-1]; e.Kind != string(op) || e.Text == "" || e.Remedy == "" {
			t.Errorf("the event of %s is %+v", op, e)
		}
	}
}
