package loop

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// leaseServer keeps the lease of a job as a store does: it expires after nine tenths of its time.
type leaseServer struct {
	mu     sync.Mutex
	holder string
	until  time.Time
	away   error         // asking it fails with this error
	silent bool          // it does not answer
	ttl    time.Duration // 0 for the default
	asked  int
}

type timedLease struct {
	server *leaseServer
	name   string
	cut    *bool // only this instance can't reach it
}

func (l *timedLease) Acquire(ctx context.Context) (bool, string, error) {
	s := l.server
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	switch {
	case s.silent:
		s.mu.Unlock()
		<-ctx.Done()
		s.mu.Lock()
		return false, "", ctx.Err()
	case s.away != nil || l.cut != nil && *l.cut:
		return false, "", errFault
	case s.holder != "" && s.holder != l.name && time.Now().Before(s.until):
		return false, s.holder, nil
	}
	ttl := s.ttl
	if ttl == 0 {
		ttl = 10 * time.Second
	}
	s.holder, s.until = l.name, time.Now().Add(ttl*9/10)
	return true, "", nil
}

func (l *timedLease) Release(context.Context) error {
	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	if l.server.holder == l.name {
		l.server.holder = ""
	}
	return nil
}

func (s *leaseServer) change(how func(s *leaseServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how(s)
}

// job is a running replicator of a test.
type job struct {
	t      *testing.T
	cancel context.CancelFunc
	ended  chan error
	source *fakeSource
	sink   *fakeSink
	store  *fakeStore

	mu     sync.Mutex
	states []replicate.State
	leases []replicate.LeaseInfo
	loads  []replicate.LoadInfo
}

func startJob(t *testing.T, parts Parts[int64], lease *leaseServer, name string, store *fakeStore) *job {
	t.Helper()
	j := &job{t: t, ended: make(chan error, 1), source: &fakeSource{rows: upTo(3), exact: true}, sink: &fakeSink{},
		store: store}
	parts.Source, parts.Sink, parts.Store = j.source, j.sink, store
	if lease != nil {
		parts.Lease = &timedLease{server: lease, name: name}
	}
	parts.Config.PollInterval = time.Second / 10
	parts.Hooks.OnState = func(i replicate.StateInfo) { j.note(func() { j.states = append(j.states, i.State) }) }
	parts.Hooks.OnLease = func(i replicate.LeaseInfo) { j.note(func() { j.leases = append(j.leases, i) }) }
	parts.Hooks.OnLoad = func(i replicate.LoadInfo) { j.note(func() { j.loads = append(j.loads, i) }) }
	r, err := New(parts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	j.cancel = cancel
	go func() { j.ended <- r.Run(ctx) }()
	return j
}

func (j *job) note(how func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	how()
}

func (j *job) state() replicate.State {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.states) == 0 {
		return ""
	}
	return j.states[len(j.states)-1]
}

func (j *job) lastLease() replicate.LeaseInfo {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.leases) == 0 {
		return replicate.LeaseInfo{}
	}
	return j.leases[len(j.leases)-1]
}

func (j *job) published() int {
	j.sink.mu.Lock()
	defer j.sink.mu.Unlock()
	return len(j.sink.keys)
}

func (j *job) insert(k int64) {
	j.source.mu.Lock()
	defer j.source.mu.Unlock()
	j.source.rows = append(j.source.rows, k)
}

func (j *job) stop() {
	j.t.Helper()
	j.cancel()
	if err := <-j.ended; err != nil {
		j.t.Errorf("the job ended with %v", err)
	}
}

func (s *fakeStore) get() replicate.Offset {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offset
}

func (s *fakeStore) set(o replicate.Offset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = o
}

// after lets time pass in the bubble, and runs everything that is due by then.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestStandbyTakesOverWithinTheTime crashes a holder that has just renewed its lease.
func TestStandbyTakesOverWithinTheTime(t *testing.T) {
	for _, ttl := range []time.Duration{0, 700 * time.Millisecond, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			server := &leaseServer{ttl: ttl}
			dead := &timedLease{server: server, name: "dead"}
			if held, _, err := dead.Acquire(t.Context()); err != nil || !held {
				t.Fatal(held, err)
			}
			j := startJob(t, Parts[int64]{Config: Config{LeaseTTL: ttl}}, server, "standby", &fakeStore{})
			want := ttl
			if want == 0 {
				want = 10 * time.Second
			}
			after(want * 89 / 100)
			if j.state() != "standby" || j.published() != 0 {
				t.Errorf("the standby is %s and has published %d rows while the lease lives", j.state(), j.published())
			}
			after(want * 11 / 100)
			if j.published() != 3 {
				t.Errorf("%v after the crash the standby has published %d of 3 rows", want, j.published())
			}
			j.stop()
		})
	}
}

// TestStandbyTakesOverAtOnce stops a holder gracefully. It gives the lease back, so the standby does not have to
// wait.
func TestStandbyTakesOverAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, store := &leaseServer{}, &fakeStore{}
		first := startJob(t, Parts[int64]{}, server, "first", store)
		after(time.Minute)
		second := startJob(t, Parts[int64]{}, server, "second", store)
		second.insert(4)
		after(time.Minute)
		if second.published() != 0 || first.published() != 3 || second.lastLease().Holder != "first" {
			t.Fatalf("the holder has published %d rows, the standby %d", first.published(), second.published())
		}
		first.stop()
		after(500 * time.Millisecond)
		if got := second.sink.keys; len(got) != 1 || got[0] != "4" {
			t.Errorf("half a second after the stop the standby has published %v, want row 4 alone", got)
		}
		second.stop()
	})
}

// TestHolderGoesOnWithoutRedis takes the lease's server away. The holder carries on and reports it, and steps down
// as soon as it learns that another instance holds the lease.
func TestHolderGoesOnWithoutRedis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &leaseServer{}
		j := startJob(t, Parts[int64]{}, server, "holder", &fakeStore{})
		after(time.Second)
		server.change(func(s *leaseServer) { s.away = errFault })
		after(time.Hour)
		j.insert(4)
		after(time.Second)
		if last := j.lastLease(); j.published() != 4 || !last.Held || last.Err == nil {
			t.Fatalf("without the server it has published %d rows and said %+v", j.published(), last)
		}
		server.change(func(s *leaseServer) {
			s.away, s.holder, s.until = nil, "another", time.Now().Add(time.Hour)
		})
		after(10 * time.Second / 3)
		if last := j.lastLease(); j.state() != "standby" || last.Held || last.Holder != "another" {
			t.Fatalf("with another holder it is %s and said %+v", j.state(), last)
		}
		j.insert(5)
		after(time.Minute)
		if j.published() != 4 {
			t.Error("it went on publishing after it had stepped down")
		}
		j.stop()
	})
}

// TestStrictLease stops publishing before a store lets the lease go, whether the server refuses or is silent,
// and goes on from the stored offset when it is back.
func TestStrictLease(t *testing.T) {
	for name, gone := range map[string]func(*leaseServer){
		"refuses": func(s *leaseServer) { s.away = errFault },
		"silent":  func(s *leaseServer) { s.silent = true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &leaseServer{}
				j := startJob(t, Parts[int64]{Config: Config{LeaseStrict: true}}, server, "holder", &fakeStore{})
				after(time.Minute)
				var until time.Time
				server.change(func(s *leaseServer) { gone(s); until = s.until })
				after(time.Until(until) - time.Millisecond)
				if last := j.lastLease(); j.state() != "standby" || last.Held || last.Err == nil {
					t.Fatalf("just before the lease ends the job is %s and said %+v", j.state(), last)
				}
				j.insert(4)
				after(time.Hour)
				if j.published() != 3 {
					t.Fatal("it published without the lease")
				}
				server.change(func(s *leaseServer) { s.away, s.silent = nil, false })
				after(15 * time.Second)
				if j.published() != 4 {
					t.Errorf("with the lease again it has published %d rows, want 4 and none of them twice", j.published())
				}
				j.stop()
			})
		})
	}
}

// slowSink acknowledges late.
type slowSink struct {
	fakeSink
	delay time.Duration
}

func (s *slowSink) Publish(ctx context.Context, b *replicate.Batch, done func(error)) {
	s.fakeSink.Publish(ctx, b, func(err error) { time.AfterFunc(s.delay, func() { done(err) }) })
}

// TestStopKeepsTheLease flushes for longer than the lease lives: a standby must not publish the same rows.
func TestStopKeepsTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, store := &leaseServer{}, &fakeStore{}
		parts := Parts[int64]{Config: Config{PollInterval: time.Second, DrainTimeout: time.Minute}, Store: store,
			Source: &fakeSource{rows: upTo(3), exact: true}, Sink: &slowSink{delay: 40 * time.Second},
			Lease: &timedLease{server: server, name: "first"}}
		first, err := New(parts)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- first.Run(ctx) }()
		after(time.Second)
		second := startJob(t, Parts[int64]{}, server, "second", store)
		stop()
		after(time.Minute)
		if err := <-ended; err != nil || store.get().Key != "3" || second.published() != 0 {
			t.Errorf("the stop ended with %v and offset %q; the standby published %d rows again",
				err, store.get().Key, second.published())
		}
		second.stop()
	})
}

// fencedStore is a store as one instance sees it: it takes offsets of the lease's holder alone.
type fencedStore struct {
	*fakeStore
	lease *timedLease
}

func (s fencedStore) Commit(ctx context.Context, o replicate.Offset) error {
	s.lease.server.mu.Lock()
	holder, cut := s.lease.server.holder, *s.lease.cut
	s.lease.server.mu.Unlock()
	switch {
	case cut:
		return errFault
	case holder != s.lease.name:
		return replicate.ErrLeaseLost
	}
	if stored := s.get(); !stored.IsZero() && replicate.CompareKeys(stored.Key, o.Key) > 0 {
		return &replicate.OffsetAheadError{Stored: stored.Key}
	}
	return s.fakeStore.Commit(ctx, o)
}

// TestHolderIsCutOff cuts the holder off from Redis for longer than the lease lives, while a standby in another
// place can reach it. Both publish for a while: rows come twice, and none is lost.
func TestHolderIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rows, offsets := &leaseServer{}, &fakeSource{rows: upTo(3), exact: true}, &fakeStore{}
		start := func(name string) (sink *fakeSink, cut *bool, end func() error) {
			cut, sink = new(bool), &fakeSink{}
			lease := &timedLease{server: server, name: name, cut: cut}
			r, err := New(Parts[int64]{Config: Config{PollInterval: time.Second / 10}, Source: rows, Sink: sink,
				Store: fencedStore{offsets, lease}, Lease: lease})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- r.Run(ctx) }()
			return sink, cut, func() error { cancel(); return <-ended }
		}
		insert := func(k int64) {
			rows.mu.Lock()
			defer rows.mu.Unlock()
			rows.rows = append(rows.rows, k)
		}
		first, cut, endFirst := start("first")
		after(time.Minute)
		second, _, endSecond := start("second")
		server.change(func(*leaseServer) { *cut = true })
		insert(4)
		after(10 * time.Second)
		insert(5)
		after(time.Second)
		got := fmt.Sprintf("%v %v %s", first.keys, second.keys, offsets.get().Key)
		if want := "[1 2 3 4 5] [4 5] 5"; got != want {
			t.Errorf("while it is cut off: %s, want %s", got, want)
		}
		server.change(func(*leaseServer) { *cut = false })
		after(10 * time.Second / 3)
		insert(6)
		after(time.Second)
		got = fmt.Sprintf("%v %v %s", first.keys, second.keys, offsets.get().Key)
		if want := "[1 2 3 4 5] [4 5 6] 6"; got != want {
			t.Errorf("when it is back: %s, want %s: it must have stepped down", got, want)
		}
		if err := errors.Join(endFirst(), endSecond()); err != nil {
			t.Error(err)
		}
	})
}
