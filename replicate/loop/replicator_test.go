package loop

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/replicatetest"
)

// errFault is a failure on purpose.
var errFault = errors.New("failed on purpose")

// fakeSource serves rows from memory.
type fakeSource struct {
	mu      sync.Mutex
	rows    []int64
	holders []string
	high    int64
	exact   bool
	errs    []error // returned by the next polls, one each
	badKey  int64
	opened  []replicate.Offset
}

func (s *fakeSource) Open(_ context.Context, at replicate.Offset) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = append(s.opened, at)
	return nil
}

func (s *fakeSource) Poll(_ context.Context, req replicate.PollRequest[int64], page *replicate.Page[int64]) (
	replicate.PollResult, error,
) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return replicate.PollResult{}, err
	}
	high := s.high
	if s.exact && len(s.rows) > 0 {
		high = s.rows[len(s.rows)-1]
	}
	bound := req.OnFence(replicate.Fence[int64]{High: high, HasHigh: high != 0, Exact: s.exact,
		Holders: slices.Clone(s.holders)})
	builder := replicatetest.KeyBuilder(func(k int64) replicate.Checksum { return replicate.Checksum{byte(k)} })
	builder.Begin(page, req)
	for _, k := range s.rows {
		switch {
		case req.HasAfter && k <= req.After:
		case !bound.Allows(k):
			return replicate.PollResult{Unsettled: true}, nil
		case k == s.badKey:
			return replicate.PollResult{}, &replicate.RowError{Key: replicate.KeyText(k), Column: "note",
				Err: errors.New("invalid UTF-8 at byte 3")}
		case page.Len() == req.MaxRows:
			return replicate.PollResult{More: true}, nil
		default:
			if _, err := builder.Add(&k); err != nil {
				return replicate.PollResult{}, err
			}
		}
	}
	return replicate.PollResult{More: page.Len() == req.MaxRows}, nil
}

func (s *fakeSource) Close() error { return nil }

// fakeSink keeps the row keys it was given. Each error in errs fails one batch.
type fakeSink struct {
	mu    sync.Mutex
	keys  []string
	errs  []error
	opens int
}

func (s *fakeSink) Open(context.Context) (replicate.SinkInfo, error) {
	s.opens++
	return replicate.SinkInfo{}, nil
}

func (s *fakeSink) Publish(_ context.Context, b *replicate.Batch, done func(error)) {
	s.mu.Lock()
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		s.mu.Unlock()
		done(err)
		return
	}
	for _, m := range b.Messages() {
		s.keys = append(s.keys, string(m.RowKey))
	}
	s.mu.Unlock()
	done(nil)
}

func (s *fakeSink) Close() error { return nil }

type fakeStore struct {
	mu     sync.Mutex
	offset replicate.Offset
	writes int
	errs   []error
}

func (s *fakeStore) Load(context.Context) (replicate.Offset, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return replicate.Offset{}, err
	}
	return s.offset, nil
}

func (s *fakeStore) Commit(_ context.Context, o replicate.Offset) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return err
	}
	s.offset = o
	s.writes++
	return nil
}

// run runs a job for d of the bubble's time, then stops it gracefully.
func run(t *testing.T, d time.Duration, parts Parts[int64]) error {
	t.Helper()
	if parts.Config.PollInterval == 0 {
		parts.Config.PollInterval = time.Second
	}
	r, err := New(parts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return r.Run(ctx)
}

func upTo(n int64) []int64 {
	var keys []int64
	for k := int64(1); k <= n; k++ {
		keys = append(keys, k)
	}
	return keys
}

func TestRunPublishesEverythingAndCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, sink, store := &fakeSource{rows: upTo(2500), exact: true}, &fakeSink{}, &fakeStore{}
		err := run(t, time.Minute, Parts[int64]{Config: Config{PageRows: 100}, Source: source, Sink: sink, Store: store})
		if err != nil || len(sink.keys) != 2500 || store.offset.Key != "2500" {
			t.Fatalf("Run: %v, %d rows, offset %+v", err, len(sink.keys), store.offset)
		}
		if store.writes > 5 {
			t.Errorf("%d writes for 25 batches within one commit interval: they must coalesce", store.writes)
		}
		if store.offset.Checksum == "" {
			t.Error("the checksum of the last row is missing from the offset")
		}
	})
}

func TestRunContinuesAfterTheStoredOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, sink := &fakeSource{rows: upTo(10), exact: true}, &fakeSink{}
		store := &fakeStore{offset: replicate.Offset{Key: "7"}, errs: []error{errFault, errFault}}
		if err := run(t, time.Minute, Parts[int64]{Source: source, Sink: sink, Store: store}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(sink.keys, " "); got != "8 9 10" {
			t.Fatalf("published %s after offset 7", got)
		}
	})
}

func TestOpenTransactionHoldsRowsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, sink := &fakeSource{rows: []int64{2, 3}, high: 3, holders: []string{"writer of 1"}}, &fakeSink{}
		parts := Parts[int64]{Source: source, Sink: sink, Store: &fakeStore{},
			Config: Config{PollInterval: time.Second, StuckAfter: 10 * time.Second}}
		var stuck []string
		parts.Hooks.OnHorizon = func(i replicate.HorizonInfo) { stuck = i.Holders }
		go func() {
			time.Sleep(20 * time.Second)
			source.mu.Lock()
			if len(sink.keys) > 0 {
				t.Errorf("published %v while row 1 may still come", sink.keys)
			}
			source.rows, source.holders = []int64{1, 2, 3}, nil
			source.mu.Unlock()
		}()
		if err := run(t, time.Minute, parts); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(sink.keys, " "); got != "1 2 3" {
			t.Fatalf("published %s", got)
		}
		if len(stuck) != 1 {
			t.Error("the stuck horizon was not reported")
		}
	})
}

func TestFailedPublishRestartsFromTheOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, sink, store := &fakeSource{rows: upTo(30), exact: true}, &fakeSink{errs: []error{errFault}}, &fakeStore{}
		err := run(t, time.Minute, Parts[int64]{Config: Config{PageRows: 10}, Source: source, Sink: sink, Store: store})
		if err != nil || sink.opens != 2 || store.offset.Key != "30" {
			t.Fatalf("Run: %v, opened %d times, offset %s", err, sink.opens, store.offset.Key)
		}
		if !slices.IsSortedFunc(sink.keys[len(sink.keys)-30:], replicate.CompareKeys) {
			t.Errorf("the last 30 messages are not the 30 rows in order: %v", sink.keys)
		}
	})
}

func TestBadRowStopsBehindItsPredecessors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, sink, store := &fakeSource{rows: upTo(10), exact: true, badKey: 6}, &fakeSink{}, &fakeStore{}
		err := run(t, time.Minute, Parts[int64]{Source: source, Sink: sink, Store: store})
		var row *replicate.RowError
		if !errors.As(err, &row) || row.Key != "6" || !strings.Contains(err.Error(), "deadLetters") {
			t.Fatalf("Run: %v", err)
		}
		if store.offset.Key != "5" {
			t.Fatalf("offset %s, want 5: the rows before the bad one are good", store.offset.Key)
		}
	})
}

func TestSourceErrorsAreRetriedUnlessHopeless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, sink := &fakeSource{rows: upTo(3), exact: true, errs: []error{errFault, errFault}}, &fakeSink{}
		var retries int
		parts := Parts[int64]{Source: source, Sink: sink, Store: &fakeStore{}}
		parts.Hooks.OnRetry = func(replicate.RetryInfo) { retries++ }
		if err := run(t, time.Minute, parts); err != nil || len(sink.keys) != 3 || retries != 2 {
			t.Fatalf("Run: %v, %d rows, %d retries", err, len(sink.keys), retries)
		}
		source.errs = []error{replicate.Stop(errors.New("the table is gone"), "create it")}
		if err := run(t, time.Minute, parts); err == nil || err.Error() != "the table is gone; create it" {
			t.Fatalf("Run: %v", err)
		}
	})
}

func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, sink, store := &fakeSource{rows: upTo(25), high: 25}, &fakeSink{}, &fakeStore{}
		parts := Parts[int64]{Config: Config{Once: true, PageRows: 10, PollInterval: time.Second},
			Source: source, Sink: sink, Store: store}
		begin := time.Now()
		if err := run(t, time.Hour, parts); err != nil || len(sink.keys) != 25 || store.offset.Key != "25" {
			t.Fatalf("Run: %v, %d rows, offset %s", err, len(sink.keys), store.offset.Key)
		}
		source.holders, source.high, store.offset = []string{"tx"}, 26, replicate.Offset{}
		if err := run(t, time.Hour, parts); !errors.Is(err, replicate.ErrOnceGaveUp) {
			t.Fatalf("Run with an open transaction: %v", err)
		}
		if time.Since(begin) > 2*time.Minute {
			t.Errorf("it took %v to give up", time.Since(begin))
		}
		*source = fakeSource{}
		if err := run(t, time.Hour, parts); err != nil {
			t.Fatalf("Run on an empty table: %v", err)
		}
	})
}

// strandedSource has rows above the sequence until it has been asked a number of times.
type strandedSource struct {
	*fakeSource
	asked, until int
}

func (s *strandedSource) FindStranded(context.Context) (found replicate.Stranded[int64], err error) {
	if s.asked++; s.asked > s.until {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.high = 30
		return found, nil
	}
	return replicate.Stranded[int64]{Rows: 2, First: 26, Last: 30, Table: "t", Sequence: "s", Remedy: "set it"}, nil
}

// TestOnceWithRowsAboveTheSequence: rows are published if the sequence passes them, and reported if it does not.
func TestOnceWithRowsAboveTheSequence(t *testing.T) {
	const left = "2 rows of table t, with keys from 26 to 30, are above its sequence s, which has drawn no key yet"
	synctest.Test(t, func(t *testing.T) {
		for until, rows := range map[int]int{1: 27, 9: 25} {
			source := &strandedSource{&fakeSource{rows: append(upTo(25), 26, 30), high: 25}, 0, until}
			sink := &fakeSink{}
			parts := Parts[int64]{Config: Config{Once: true, PageRows: 10}, Source: source, Sink: sink, Store: &fakeStore{}}
			err := run(t, time.Hour, parts)
			if len(sink.keys) != rows {
				t.Errorf("%d rows were published, want %d", len(sink.keys), rows)
			}
			if rows == 27 && err != nil {
				t.Errorf("after the sequence has passed them: %v", err)
			}
			if rows == 25 && (!errors.Is(err, replicate.ErrOnceGaveUp) || !strings.HasPrefix(err.Error(), left) ||
				!strings.HasSuffix(err.Error(), "; set it")) {
				t.Errorf("while it has not: %v", err)
			}
		}
	})
}

// TestOnceGivesUp: whatever can't be reached, a Once run says how long it will try, and then gives up.
func TestOnceGivesUp(t *testing.T) {
	faults := slices.Repeat([]error{errFault}, 1000)
	const held = "another instance, another, has published this job for 10s"
	for name, fail := range map[string]func(*Parts[int64]){
		"the database can't be read":      func(p *Parts[int64]) { p.Source.(*fakeSource).errs = faults },
		"messages can't be sent to Kafka": func(p *Parts[int64]) { p.Sink.(*fakeSink).errs = faults },
		"the offset can't be read":        func(p *Parts[int64]) { p.Store.(*fakeStore).errs = faults },
		held:                              func(p *Parts[int64]) { p.Lease = &fakeLease{} },
	} {
		synctest.Test(t, func(t *testing.T) {
			parts := Parts[int64]{Config: Config{Once: true, OnceWait: 10 * time.Second},
				Source: &fakeSource{rows: upTo(5), high: 5}, Sink: &fakeSink{}, Store: &fakeStore{}}
			fail(&parts)
			begin := time.Now()
			var until []time.Duration
			parts.Hooks.OnRetry = func(i replicate.RetryInfo) { until = append(until, i.Until.Sub(begin)) }
			parts.Hooks.OnLease = func(i replicate.LeaseInfo) { until = append(until, i.Until.Sub(begin)) }
			err := run(t, time.Hour, parts)
			if !errors.Is(err, replicate.ErrOnceGaveUp) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(begin); took < 10*time.Second || took > 20*time.Second {
				t.Errorf("%s: gave up after %v", name, took)
			}
			if len(until) == 0 || until[0] < 10*time.Second || until[0] > 11*time.Second {
				t.Errorf("%s: says that it will try for %v", name, until)
			}
		})
	}
}

func TestStoreThatComesBackGetsTheOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, store := &fakeSource{rows: upTo(5), exact: true}, &fakeStore{}
		parts := Parts[int64]{Source: source, Sink: &fakeSink{}, Store: store}
		parts.Hooks.OnState = func(s replicate.StateInfo) {
			if s.State == "running" {
				store.errs = []error{errFault, errFault, errFault}
			}
		}
		if err := run(t, time.Minute, parts); err != nil || store.offset.Key != "5" {
			t.Fatalf("Run: %v, offset %q", err, store.offset.Key)
		}
	})
}

// fakeLease is held by another until free is set.
type fakeLease struct {
	free     bool
	released bool
}

func (l *fakeLease) Acquire(context.Context) (bool, string, error) { return l.free, "another", nil }
func (l *fakeLease) Release(context.Context) error                 { l.released = true; return nil }

func TestStandbyWaitsForTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, sink, lease := &fakeSource{rows: upTo(5), exact: true}, &fakeSink{}, &fakeLease{}
		parts := Parts[int64]{Source: source, Sink: sink, Store: &fakeStore{}, Lease: lease}
		if err := run(t, time.Minute, parts); err != nil || len(sink.keys) != 0 {
			t.Fatalf("a standby published %d rows: %v", len(sink.keys), err)
		}
		lease.free = true
		if err := run(t, time.Minute, parts); err != nil || len(sink.keys) != 5 || !lease.released {
			t.Fatalf("the holder published %d rows, released %v: %v", len(sink.keys), lease.released, err)
		}
	})
}
