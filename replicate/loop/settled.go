package loop

import (
	"context"
	"errors"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/internal/machine"
)

// settleInterval is the pause between two looks at the transactions that AwaitSettled is waiting for.
const settleInterval = 100 * time.Millisecond

// AwaitSettled waits until every key drawn so far is settled, and returns the highest one; drawn is false if there
// is none. After that no row can appear up to that key. The source must be open, and no job may use it at the same
// time.
//
// It waits for cfg.OnceWait at most. Then it returns ErrOnceGaveUp and the transactions that are still open. If the
// server restarts, the wait ends: the transactions it waited for are gone.
func AwaitSettled[K replicate.Key](ctx context.Context, source replicate.Source[K], cfg Config) (
	high K, drawn bool, holders []string, err error,
) {
	cfg = cfg.WithDefaults()
	h := machine.NewHorizon[K](cfg.SettleDelay)
	var page replicate.Page[K]
	var fenced, settled bool
	look := func(f replicate.Fence[K]) replicate.Bound[K] {
		bound := h.Observe(f, time.Now())
		if !fenced {
			fenced, high, drawn = true, f.High, f.HasHigh
		}
		settled = !drawn || bound.Allows(high)
		return replicate.Bound[K]{} // no row is used
	}
	tick := time.NewTicker(settleInterval)
	defer tick.Stop()
	// The time limit must not interrupt a poll: the connection is needed to ask who is still there.
	giveUp := time.After(cfg.OnceWait)
	for {
		page.Reset()
		if _, err := source.Poll(ctx, replicate.PollRequest[K]{MaxRows: 1, MaxBytes: 1, OnFence: look}, &page); err != nil {
			return high, drawn, nil, err
		}
		switch {
		case h.Doubt() != "":
			return high, drawn, nil, errors.New(h.Doubt())
		case settled:
			return high, drawn, nil, nil
		}
		select {
		case <-tick.C:
		case <-giveUp:
			return high, drawn, describeOldest(ctx, source, h), replicate.ErrOnceGaveUp
		case <-ctx.Done():
			return high, drawn, nil, ctx.Err()
		}
	}
}

// describeOldest says who is holding back what AwaitSettled waits for, if that is known.
func describeOldest[K replicate.Key](ctx context.Context, source replicate.Source[K], h *machine.Horizon[K]) []string {
	holders := h.Holders()
	if len(holders) == 0 {
		return holders
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	lines, err := describeHolders(ctx, source, holders)
	if err != nil {
		return holders // just their names
	}
	return lines
}

// describeHolders asks the source who the holders are. If it can't say, their plain names have to do.
func describeHolders[K replicate.Key](ctx context.Context, source replicate.Source[K], holders []string) (
	[]string, error,
) {
	if describer, ok := source.(replicate.HolderDescriber); ok {
		return describer.DescribeHolders(ctx, holders)
	}
	return holders, nil
}
