package loop

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// describedSource can say who its holders are.
type describedSource struct{ fakeSource }

func (s *describedSource) DescribeHolders(_ context.Context, holders []string) ([]string, error) {
	return []string{"process of " + holders[0]}, nil
}

func TestAwaitSettled(t *testing.T) {
	settle := func(t *testing.T, source replicate.Source[int64]) (high int64, drawn bool, err error) {
		high, drawn, _, err = AwaitSettled(t.Context(), source, Config{})
		return high, drawn, err
	}
	synctest.Test(t, func(t *testing.T) {
		if high, drawn, err := settle(t, &fakeSource{high: 7}); err != nil || !drawn || high != 7 {
			t.Errorf("nobody holds it back: %d, %t, %v", high, drawn, err)
		}
		if _, drawn, err := settle(t, &fakeSource{}); err != nil || drawn {
			t.Errorf("nothing was drawn: %t, %v", drawn, err)
		}
		exact := &fakeSource{rows: []int64{3, 9}, exact: true}
		if high, drawn, err := settle(t, exact); err != nil || !drawn || high != 9 {
			t.Errorf("a database whose rows settle at once: %d, %t, %v", high, drawn, err)
		}
		if _, _, err := settle(t, &fakeSource{errs: []error{errFault}}); !errors.Is(err, errFault) {
			t.Errorf("a source that fails: %v", err)
		}
	})
}

// TestAwaitSettledWaits for the transactions that were open when it began, and for no others: keys drawn later
// don't count.
func TestAwaitSettledWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{rows: []int64{2}, high: 2, holders: []string{"tx of 1"}}
		go func() {
			time.Sleep(10 * time.Second)
			source.mu.Lock()
			defer source.mu.Unlock()
			source.rows, source.high, source.holders = []int64{1, 2}, 4, []string{"tx of 3"}
		}()
		begin := time.Now()
		high, drawn, _, err := AwaitSettled[int64](t.Context(), source, Config{})
		took := time.Since(begin)
		if err != nil || !drawn || high != 2 || took < 10*time.Second || took > 11*time.Second {
			t.Errorf("got %d, %t, %v after %v, want 2 after ten seconds", high, drawn, err, took)
		}
		begin = time.Now()
		waiting := Config{SettleDelay: 5 * time.Second}
		if _, _, _, err := AwaitSettled[int64](t.Context(), &fakeSource{high: 1}, waiting); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("with a delay of five seconds it took %v", took)
		}
	})
}

func TestAwaitSettledGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			source replicate.Source[int64]
			want   []string
		}{
			"described": {&describedSource{fakeSource{high: 1, holders: []string{"tx"}}}, []string{"process of tx"}},
			"bare":      {&fakeSource{high: 1, holders: []string{"tx"}}, []string{"tx"}},
		} {
			begin := time.Now()
			_, _, holders, err := AwaitSettled(t.Context(), c.source, Config{})
			if !errors.Is(err, replicate.ErrOnceGaveUp) || !slices.Equal(holders, c.want) {
				t.Errorf("%s: %v, %v", name, holders, err)
			}
			if took := time.Since(begin); took != 30*time.Second {
				t.Errorf("%s: gave up after %v", name, took)
			}
		}
	})
}

func TestAwaitSettledIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, _, _, err := AwaitSettled[int64](ctx, &fakeSource{high: 1, holders: []string{"tx"}}, Config{})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
}

// restartedSource is a restarted server at every poll.
type restartedSource struct {
	fakeSource
	polls int
}

func (s *restartedSource) Poll(ctx context.Context, req replicate.PollRequest[int64], page *replicate.Page[int64]) (
	replicate.PollResult, error,
) {
	s.polls++
	onFence, incarnation := req.OnFence, strconv.Itoa(s.polls)
	req.OnFence = func(f replicate.Fence[int64]) replicate.Bound[int64] {
		f.Incarnation = incarnation
		return onFence(f)
	}
	return s.fakeSource.Poll(ctx, req, page)
}

// TestAwaitSettledRestart restarts the server during the wait. That is reported at once, rather than as
// transactions that stayed open.
func TestAwaitSettledRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &restartedSource{fakeSource: fakeSource{high: 1, holders: []string{"tx"}}}
		begin := time.Now()
		_, _, _, err := AwaitSettled(t.Context(), source, Config{})
		if err == nil || errors.Is(err, replicate.ErrOnceGaveUp) || !strings.Contains(err.Error(), "restarted") {
			t.Errorf("got %v, want an error that says what has happened", err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("it waited for %v", took)
		}
	})
}
