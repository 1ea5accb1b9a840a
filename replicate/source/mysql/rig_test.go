package mysql_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop"
	"github.com/repliqate/repliqate/replicate/offset/memory"
)

// rig runs the real loop on a source and records what it publishes.
type rig struct {
	t     testing.TB
	ended chan error
	stop  context.CancelFunc

	mu        sync.Mutex
	changed   chan struct{} // closed, and another one made, whenever something below changes
	polls     int
	published []int64
	retries   []string
	horizon   []string
}

// Open implements replicate.Sink.
func (r *rig) Open(context.Context) (replicate.SinkInfo, error) { return replicate.SinkInfo{}, nil }

// Close implements replicate.Sink.
func (r *rig) Close() error { return nil }

// Publish implements replicate.Sink.
func (r *rig) Publish(_ context.Context, batch *replicate.Batch, done func(error)) {
	r.change(func() {
		for _, m := range batch.Messages() {
			k, err := strconv.ParseInt(string(m.RowKey), 10, 64)
			if err != nil {
				r.t.Error(err)
			}
			r.published = append(r.published, k)
		}
	})
	done(nil)
}

func (r *rig) change(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.changed)
	r.changed = make(chan struct{})
}

// run starts the loop, from the beginning.
func run(t testing.TB, source replicate.Source[int64], config loop.Config) *rig {
	t.Helper()
	return resume(t, source, config, memory.New())
}

// resume starts the loop where the store says.
func resume(t testing.TB, source replicate.Source[int64], config loop.Config, store replicate.OffsetStore) *rig {
	t.Helper()
	r := &rig{t: t, changed: make(chan struct{}), ended: make(chan error, 1)}
	config.PollInterval = time.Millisecond
	config.RetryMin, config.RetryMax = time.Millisecond, 20*time.Millisecond
	config.AuditOff = true // what it finds is no merit of the horizon
	replicator, err := loop.New(loop.Parts[int64]{
		Config: config, Source: source, Sink: r, Store: store,
		Hooks: replicate.Hooks{
			OnPoll: func(i replicate.PollInfo) {
				r.change(func() {
					if i.Err == nil {
						r.polls++
					}
				})
			},
			OnRetry: func(i replicate.RetryInfo) {
				r.change(func() { r.retries = append(r.retries, i.Err.Error()) })
			},
			OnHorizon: func(i replicate.HorizonInfo) { r.change(func() { r.horizon = i.Holders }) },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go func() { r.ended <- replicator.Run(ctx) }()
	t.Cleanup(func() {
		r.stop()
		if r.ended != nil {
			_ = <-r.ended // it was cancelled
		}
	})
	return r
}

// until waits until met, which is called with the lock held, is true.
func (r *rig) until(what string, met func() bool) {
	r.t.Helper()
	deadline := time.After(wait)
	for {
		r.mu.Lock()
		ok, changed := met(), r.changed
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case err := <-r.ended:
			r.ended = nil
			r.t.Fatalf("waiting for %s: the job ended: %v", what, err)
		case <-deadline:
			r.mu.Lock()
			defer r.mu.Unlock()
			r.t.Fatalf("waited in vain for %s; %d rows are published, retries: %q", what, len(r.published), r.retries)
		}
	}
}

// holds checks that exactly keys were published, after all polls that could publish more.
func (r *rig) holds(keys ...int64) {
	r.t.Helper()
	r.mu.Lock()
	target := r.polls + 5
	r.mu.Unlock()
	r.until("polls", func() bool { return r.polls >= target })
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.published, keys) {
		r.t.Fatalf("published %v, want %v", r.published, keys)
	}
}

// awaits waits until exactly keys are published.
func (r *rig) awaits(keys ...int64) {
	r.t.Helper()
	r.until(fmt.Sprint("the rows ", keys), func() bool { return len(r.published) >= len(keys) })
	r.holds(keys...)
}

// end waits until the job has ended by itself and returns how.
func (r *rig) end() error {
	r.t.Helper()
	select {
	case err := <-r.ended:
		r.ended = nil
		return err
	case <-time.After(wait):
		r.t.Fatal("the job did not end")
		return nil
	}
}

// named waits until a holder of the horizon is described so.
func (r *rig) named(want string) {
	r.t.Helper()
	r.until("a holder described as "+want, func() bool {
		return slices.ContainsFunc(r.horizon, func(line string) bool { return strings.Contains(line, want) })
	})
}

// keys are those of a table.
func (d database) keys(table string) (keys []int64) {
	d.t.Helper()
	for _, text := range d.query("SELECT id FROM " + table + " ORDER BY id") {
		k, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			d.t.Fatal(err)
		}
		keys = append(keys, k)
	}
	return keys
}
