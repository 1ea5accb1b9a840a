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
)

// hooked parts do what a test tells them, and otherwise what the fakes do. A bubble ends only when every goroutine
// has ended, so each test here also shows that Run leaves none behind.
type hookedSource struct {
	fakeSource
	open func(ctx context.Context) error
	poll func(ctx context.Context, page *replicate.Page[int64])
}

func (s *hookedSource) Open(ctx context.Context, at replicate.Offset) error {
	if s.open != nil {
		if err := s.open(ctx); err != nil {
			return err
		}
	}
	return s.fakeSource.Open(ctx, at)
}

func (s *hookedSource) Poll(ctx context.Context, req replicate.PollRequest[int64], page *replicate.Page[int64]) (
	replicate.PollResult, error,
) {
	if s.poll != nil {
		s.poll(ctx, page)
		if err := ctx.Err(); err != nil {
			return replicate.PollResult{}, err
		}
	}
	return s.fakeSource.Poll(ctx, req, page)
}

type hookedSink struct {
	fakeSink
	open    func(ctx context.Context) error
	publish func(ctx context.Context, b *replicate.Batch, done func(error)) bool // true: it has dealt with the batch
	closed  func()
}

func (s *hookedSink) Open(ctx context.Context) (replicate.SinkInfo, error) {
	if s.open != nil {
		if err := s.open(ctx); err != nil {
			return replicate.SinkInfo{}, err
		}
	}
	return s.fakeSink.Open(ctx)
}

func (s *hookedSink) Publish(ctx context.Context, b *replicate.Batch, done func(error)) {
	if s.publish == nil || !s.publish(ctx, b, done) {
		s.fakeSink.Publish(ctx, b, done)
	}
}

func (s *hookedSink) Close() error {
	if s.closed != nil {
		s.closed()
	}
	return nil
}

type hookedStore struct {
	fakeStore
	load, commit func(ctx context.Context) error
}

func (s *hookedStore) Load(ctx context.Context) (replicate.Offset, error) {
	if s.load != nil {
		if err := s.load(ctx); err != nil {
			return replicate.Offset{}, err
		}
	}
	return s.fakeStore.Load(ctx)
}

func (s *hookedStore) Commit(ctx context.Context, o replicate.Offset) error {
	if s.commit != nil {
		if err := s.commit(ctx); err != nil {
			return err
		}
	}
	return s.fakeStore.Commit(ctx, o)
}

// hookedLease is held by another instance if that returns true.
type hookedLease struct {
	acquire func(ctx context.Context) (bool, error)
	release func()
}

func (l *hookedLease) Acquire(ctx context.Context) (bool, string, error) {
	held, err := true, error(nil)
	if l.acquire != nil {
		held, err = l.acquire(ctx)
	}
	return held, "another", err
}

func (l *hookedLease) Release(context.Context) error {
	if l.release != nil {
		l.release()
	}
	return nil
}

type hookedWitness struct {
	save func(ctx context.Context) error
}

func (*hookedWitness) Load(context.Context) (replicate.Offset, error) {
	return replicate.Offset{}, nil
}
func (w *hookedWitness) Save(ctx context.Context, _ replicate.Offset) error {
	return w.save(ctx)
}

// hang blocks until it is cancelled, like a server that does not answer.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// hangTwice hangs the first two times, and notes for how long.
func hangTwice(took *time.Duration) func(context.Context) error {
	n := 0
	return func(ctx context.Context) error {
		if n++; n > 2 {
			return nil
		}
		begin := time.Now()
		err := hang(ctx)
		*took = time.Since(begin)
		return err
	}
}

// TestOperationsAreBounded makes each operation hang twice. Each time its limit ends it, it is retried, and the
// rows arrive.
func TestOperationsAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		limit time.Duration
		parts func(p *Parts[int64], hang func(context.Context) error)
	}{
		"source": {sourceTimeout, func(p *Parts[int64], hang func(context.Context) error) {
			p.Source.(*hookedSource).open = hang
		}},
		"sink": {sinkTimeout, func(p *Parts[int64], hang func(context.Context) error) {
			p.Sink.(*hookedSink).open = hang
		}},
		"load": {storeTimeout, func(p *Parts[int64], hang func(context.Context) error) {
			p.Store.(*hookedStore).load = hang
		}},
		"commit": {storeTimeout, func(p *Parts[int64], hang func(context.Context) error) {
			p.Store.(*hookedStore).commit = hang
		}},
		"lease": {storeTimeout, func(p *Parts[int64], hang func(context.Context) error) {
			p.Lease = &hookedLease{acquire: func(ctx context.Context) (bool, error) {
				err := hang(ctx)
				return err == nil, err
			}}
		}},
		"witness": {storeTimeout, func(p *Parts[int64], hang func(context.Context) error) {
			p.Witness = &hookedWitness{hang}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var retries []replicate.RetryInfo
				var took time.Duration
				parts := newParts(5)
				c.parts(&parts, hangTwice(&took))
				parts.Hooks.OnRetry = func(i replicate.RetryInfo) { retries = append(retries, i) }
				if err := run(t, time.Hour, parts); err != nil {
					t.Fatal(err)
				}
				sink, store := parts.Sink.(*hookedSink), parts.Store.(*hookedStore)
				if len(sink.keys) != 5 || store.offset.Key != "5" {
					t.Fatalf("%d rows, offset %q", len(sink.keys), store.offset.Key)
				}
				if took != c.limit {
					t.Errorf("ended after %v, and not after its limit of %v", took, c.limit)
				}
				if len(retries) != 2 || retries[0].Op != replicate.Op(name) || retries[1].Attempt != 2 {
					t.Fatalf("retries %+v", retries)
				}
			})
		})
	}
}

// newParts makes a job of n rows from hooked parts.
func newParts(n int64) Parts[int64] {
	source := &hookedSource{fakeSource: fakeSource{rows: upTo(n), exact: true}}
	return Parts[int64]{Config: Config{PageRows: 2}, Source: source, Sink: &hookedSink{}, Store: &hookedStore{}}
}

// blockedPublish waits for room that never comes, until it is cancelled.
func blockedPublish(ctx context.Context, _ *replicate.Batch, done func(error)) bool {
	done(hang(ctx))
	return true
}

// TestStopsAreBounded stops a job whose parts hang. Each stop ends within its time.
func TestStopsAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		parts func(p *Parts[int64])
		want  error
		limit time.Duration
	}{
		"source that connects": {func(p *Parts[int64]) { p.Source.(*hookedSource).open = hang }, nil, 0},
		"source that polls": {func(p *Parts[int64]) {
			p.Source.(*hookedSource).poll = func(ctx context.Context, _ *replicate.Page[int64]) { _ = hang(ctx) }
		}, nil, 0},
		"sink that connects": {func(p *Parts[int64]) { p.Sink.(*hookedSink).open = hang }, nil, 0},
		"store that loads":   {func(p *Parts[int64]) { p.Store.(*hookedStore).load = hang }, nil, storeTimeout},
		"store that commits": {func(p *Parts[int64]) { p.Store.(*hookedStore).commit = hang },
			replicate.ErrDrainTimeout, time.Minute},
		"sink without room": {func(p *Parts[int64]) {
			p.Sink.(*hookedSink).publish = blockedPublish
		}, replicate.ErrDrainTimeout, time.Minute},
		"sink that is silent": {func(p *Parts[int64]) {
			var pending []func(error)
			sink := p.Sink.(*hookedSink)
			sink.publish = func(_ context.Context, _ *replicate.Batch, done func(error)) bool {
				pending = append(pending, done)
				return true
			}
			sink.closed = func() {
				for _, done := range pending {
					done(errFault)
				}
				pending = nil
			}
		}, replicate.ErrDrainTimeout, time.Minute},
		"lease that is asked for": {func(p *Parts[int64]) {
			p.Lease = &hookedLease{acquire: func(ctx context.Context) (bool, error) { return false, hang(ctx) }}
		}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parts := newParts(100)
				parts.Config.DrainTimeout = time.Minute
				c.parts(&parts)
				begin := time.Now()
				err := run(t, 5*time.Second, parts)
				if !errors.Is(err, c.want) || c.want == nil && err != nil {
					t.Fatalf("Run: %v, want %v", err, c.want)
				}
				if took := time.Since(begin) - 5*time.Second; took > c.limit {
					t.Fatalf("the stop took %v, more than %v", took, c.limit)
				}
			})
		})
	}
}

// TestOperationThatIgnoresItsEnd: an operation that does not end when it is cancelled is left behind and reported.
func TestOperationThatIgnoresItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts := newParts(1)
		stuck := make(chan struct{})
		parts.Source.(*hookedSource).poll = func(context.Context, *replicate.Page[int64]) { <-stuck }
		released := false
		parts.Lease = &hookedLease{release: func() { released = true }}
		err := run(t, time.Second, parts)
		if err == nil || !strings.Contains(err.Error(), "left behind") || !released {
			t.Fatalf("Run: %v, lease released %t", err, released)
		}
		close(stuck)
	})
}

// TestBlockedPublishDoesNotHoldUpAStepDown takes the lease away while the sink has no room. The sink is closed at
// once, and once the lease is back, publishing resumes.
func TestBlockedPublishDoesNotHoldUpAStepDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts := newParts(6)
		sink := parts.Sink.(*hookedSink)
		handed := 0
		sink.publish = func(ctx context.Context, b *replicate.Batch, done func(error)) bool {
			handed++
			return blockedPublish(ctx, b, done)
		}
		begin, closedAt := time.Now(), time.Duration(0)
		sink.closed = func() {
			if sink.publish != nil && handed != 1 {
				t.Errorf("%d batches were handed over: those in the queue belong to a sink that was given up", handed)
			}
			if closedAt == 0 {
				closedAt = time.Since(begin)
			}
			sink.publish = nil
		}
		parts.Lease = &hookedLease{acquire: func(context.Context) (bool, error) {
			age := time.Since(begin)
			return age < 2*time.Second || age > 5*time.Second, nil
		}}
		if err := run(t, 20*time.Second, parts); err != nil {
			t.Fatal(err)
		}
		if closedAt > 4*time.Second {
			t.Fatalf("the sink was closed after %v", closedAt)
		}
		if got := strings.Join(sink.keys, " "); got != "1 2 3 4 5 6" || sink.opens != 2 {
			t.Fatalf("published %s, opened %d times", got, sink.opens)
		}
	})
}

// TestHungPollDoesNotHoldUpATenure takes the lease away and gives it back while a poll hangs.
func TestHungPollDoesNotHoldUpATenure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts := newParts(6)
		source, sink := parts.Source.(*hookedSource), parts.Sink.(*hookedSink)
		source.poll = func(ctx context.Context, _ *replicate.Page[int64]) {
			_ = hang(ctx)
			source.poll = nil
		}
		begin := time.Now()
		parts.Lease = &hookedLease{acquire: func(context.Context) (bool, error) {
			age := time.Since(begin)
			return age < 2*time.Second || age > 5*time.Second, nil
		}}
		if err := run(t, 10*time.Second, parts); err != nil || len(sink.keys) != 6 {
			t.Fatalf("Run: %v, %d rows within 10 s", err, len(sink.keys))
		}
	})
}

// TestQueueHoldsEverythingInFlight allows many batches in flight while the sink accepts none. The loop must not
// block on its own queue, because then it could not even stop.
func TestQueueHoldsEverythingInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts := newParts(1000)
		parts.Config.InFlight, parts.Config.DrainTimeout = 300, time.Second
		parts.Sink.(*hookedSink).publish = blockedPublish
		if err := run(t, time.Minute, parts); !errors.Is(err, replicate.ErrDrainTimeout) {
			t.Fatal(err)
		}
	})
}

// TestLeaseIsGivenBackLast stops a job while a renewal is under way. The lease is given back only when the sink is
// closed and no request can take it again.
func TestLeaseIsGivenBackLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		parts := newParts(1)
		parts.Config.LeaseTTL = 3 * time.Second
		asked := 0
		parts.Lease = &hookedLease{
			acquire: func(ctx context.Context) (bool, error) {
				if asked++; asked > 1 {
					<-ctx.Done()
					order = append(order, "request ended")
				}
				return true, nil
			},
			release: func() { order = append(order, "released") },
		}
		parts.Sink.(*hookedSink).closed = func() { order = append(order, "sink closed") }
		if err := run(t, 2*time.Second, parts); err != nil {
			t.Fatal(err)
		}
		if want := []string{"request ended", "sink closed", "released"}; !slices.Equal(order, want) {
			t.Fatalf("%v, want %v", order, want)
		}
	})
}

// TestPagesHaveOneOwner acknowledges late, out of order and with failures. Until the sink has called done, it owns
// the batch, and nobody else reads into it.
func TestPagesHaveOneOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts := newParts(400)
		parts.Config.PageRows, parts.Config.InFlight = 3, 3
		var mu sync.Mutex
		owned, seen := map[*replicate.Batch]string{}, map[*replicate.Batch]bool{}
		n := 0
		sink := parts.Sink.(*hookedSink)
		sink.publish = func(_ context.Context, b *replicate.Batch, done func(error)) bool {
			mu.Lock()
			defer mu.Unlock()
			if _, twice := owned[b]; twice {
				t.Error("a batch was handed over twice")
			}
			text := keysIn(b)
			owned[b], seen[b] = text, true
			n++
			delay, fails := time.Duration(50-n%5*10)*time.Millisecond, n%17 == 0
			time.AfterFunc(delay, func() {
				mu.Lock()
				if got := keysIn(b); got != text {
					t.Errorf("a batch of %s became %s while the sink had it", text, got)
				}
				delete(owned, b)
				if !fails {
					sink.keys = append(sink.keys, strings.Fields(text)...)
				}
				mu.Unlock()
				if fails {
					done(errFault)
					return
				}
				done(nil)
			})
			return true
		}
		parts.Source.(*hookedSource).poll = func(_ context.Context, page *replicate.Page[int64]) {
			mu.Lock()
			defer mu.Unlock()
			if text, taken := owned[&page.Batch]; taken {
				t.Errorf("the page of batch %s is read into while the sink has it", text)
			}
		}
		if err := run(t, 5*time.Minute, parts); err != nil {
			t.Fatal(err)
		}
		if parts.Store.(*hookedStore).offset.Key != "400" || len(seen) > 50 {
			t.Fatalf("offset %s, %d pages for %d batches", parts.Store.(*hookedStore).offset.Key, len(seen), n)
		}
	})
}

func keysIn(b *replicate.Batch) string {
	var keys []string
	for _, m := range b.Messages() {
		keys = append(keys, string(m.RowKey))
	}
	return strings.Join(keys, " ")
}
