package crashloop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/repliqate/repliqate/internal/trial"
)

// carryOut does one step.
func (w *world) carryOut(ctx context.Context, s step) error {
	if s.settled {
		if err := w.awaitProgress(ctx); err != nil {
			return err
		}
	}
	pause(ctx, s.wait)
	if err := w.alive(); err != nil {
		return err
	}
	if s.second {
		if err := w.ensure(2); err != nil {
			return err
		}
	}
	switch s.kind {
	case kill, killBoth, takeover:
		return w.crashReplicator(ctx, s)
	case stop:
		return w.stopReplicator()
	}
	return w.breakServer(ctx, s)
}

// fault notes what is done by do.
func (w *world) fault(s step, repeats trial.Repeats, do func() error) error {
	name := string(s.kind)
	if s.server != "" {
		name += " of " + w.called(s.server)
	}
	w.count[name]++
	f := trial.Fault{Kind: name, From: time.Now(), Repeats: repeats}
	err := do()
	f.To = time.Now()
	w.faults = append(w.faults, f)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (w *world) crashReplicator(ctx context.Context, s step) error {
	if s.kind != kill {
		if err := w.ensure(2); err != nil {
			return err
		}
	}
	w.kills++
	return w.fault(s, trial.RepeatInFlight, func() error {
		w.kill(0)
		if s.kind == killBoth {
			w.kill(0)
		}
		if s.kind == takeover {
			return w.awaitProgress(ctx) // the one that stood by goes on alone
		}
		return w.ensure(1)
	})
}

// stopReplicator stops an instance while rows are written: nothing is repeated.
func (w *world) stopReplicator() error {
	return w.fault(step{kind: stop}, trial.RepeatNothing, func() error {
		i := w.live[0]
		w.live = w.live[1:]
		if err := i.Stop(); err != nil {
			return err
		}
		return w.ensure(1)
	})
}

// repeats says what a fault of a server explains.
func (s step) repeats() trial.Repeats {
	switch {
	case s.kind == flush:
		return trial.RepeatAll
	case s.server == redis:
		return trial.RepeatUnstored
	}
	return trial.RepeatInFlight
}

func (w *world) breakServer(ctx context.Context, s step) error {
	return w.fault(s, s.repeats(), func() error {
		heal, err := w.damage(ctx, s)
		if err != nil {
			return errors.Join(err, heal())
		}
		pause(ctx, s.hold/2)
		if s.killAmid {
			w.kills++
			w.count["kill amid another fault"]++
			w.kill(0)
			err = w.ensure(1)
		}
		pause(ctx, s.hold/2)
		return errors.Join(err, w.alive(), heal())
	})
}

// damage does the harm and returns what undoes it.
func (w *world) damage(ctx context.Context, s step) (heal func() error, err error) {
	proxy := w.proxies[s.server]
	switch s.kind {
	case flush:
		client := w.redis.Client()
		defer client.Close()
		return func() error { return nil }, client.FlushAll(ctx).Err()
	case cut:
		proxy.Cut()
		return proxy.Heal, nil
	case slow:
		return proxy.Heal, proxy.Slow(200, 50)
	case blackHole:
		return proxy.Heal, proxy.BlackHole()
	}
	server := w.servers[s.server]
	return func() error { return server.Start(ctx) }, server.Kill()
}

// called is a server's name for people.
func (w *world) called(server string) string {
	if server == base {
		return w.engine.product
	}
	return server
}
