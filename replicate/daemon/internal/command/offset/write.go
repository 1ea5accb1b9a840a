package offset

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// takeLease takes the job's lease and keeps it until giveBack is called. The context that it returns ends when
// the lease is lost. With --dry-run, and where the lease is off, it takes none.
func (o *operator[K]) takeLease(ctx context.Context) (_ context.Context, giveBack func(), err error) {
	if o.lease == nil || o.flags.dryRun {
		return ctx, func() {}, nil
	}
	if err := o.acquire(ctx); err != nil {
		return nil, nil, fmt.Errorf("%w; nothing was changed", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		tick := time.NewTicker(o.loop.LeaseTTL / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			var other heldError
			if err := o.acquire(ctx); errors.As(err, &other) {
				cancel(err)
			}
		}
	})
	return ctx, func() {
		cancel(nil)
		renewing.Wait()
		own, done := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
		defer done()
		_ = o.lease.Release(own) // a lease that can't be given back expires by itself
	}, nil
}

// interrupted says why the command must not go on: the lease was lost, or the operator has ended it.
func interrupted(ctx context.Context) error {
	err := context.Cause(ctx)
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted")
	}
	return err
}

// heldError says that another instance holds the lease.
type heldError struct{ holder string }

func (e heldError) Error() string {
	return "the job's lease is held by " + e.holder + ": stop it first, and any standby"
}

// acquire takes or renews the lease.
func (o *operator[K]) acquire(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	held, holder, err := o.lease.Acquire(ctx)
	if err == nil && !held {
		err = heldError{holder}
	}
	return err
}

// write changes the store and the witness. A job goes on from the store, and from the witness where the store
// has lost its offset. So at each moment between the two writes, and for good after a crash there, the witness
// must not be further on than the store: else a Redis that loses its data next would send the job past rows
// that it was told to publish, and nobody would see it. Behind the store it does no harm, since rows are then
// published twice at worst.
//
// Where the new offset lies before the witness, the witness is therefore written first: after a crash the job
// goes on from the old offset, as if the command had not been given. Else the store is written first: after a
// crash the job goes on from the new offset, as it was told, and the witness still names an older one.
//
// An interrupt does not come between the two.
func (o *operator[K]) write(ctx context.Context, s *standing[K], to replicate.Offset) error {
	if err := interrupted(ctx); err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	if o.lease != nil {
		if err := o.acquire(ctx); err != nil { // for its whole time again, and for sure
			return fmt.Errorf("%w; nothing was changed", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	if o.witness == nil {
		return firstFailed(o.store.Force(ctx, to))
	}
	if isBeyond(s.witness, to) || s.witnessErr != nil || to.IsZero() {
		if err := o.writeWitness(ctx, to); err != nil {
			return firstFailed(err)
		}
		if err := o.store.Force(ctx, to); err != nil {
			return fmt.Errorf("%w; the copy in Kafka is changed, the offset may still be the old one: "+
				"run the command again", err)
		}
		return nil
	}
	if err := o.store.Force(ctx, to); err != nil {
		return firstFailed(err)
	}
	if err := o.writeWitness(ctx, to); err != nil {
		return fmt.Errorf("%w; the offset is changed, its copy in Kafka may still be the old one: "+
			"run the command again", err)
	}
	return nil
}

// firstFailed says what is known after the first write has failed: it may have arrived all the same.
func firstFailed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, replicate.ErrLeaseLost):
		return fmt.Errorf("%w; nothing was changed", err)
	}
	return fmt.Errorf("%w; it is unknown whether that was changed: see offset show, and run the command again", err)
}

func (o *operator[K]) writeWitness(ctx context.Context, to replicate.Offset) error {
	if to.IsZero() {
		return o.witness.Delete(ctx)
	}
	return o.witness.Save(ctx, to)
}
