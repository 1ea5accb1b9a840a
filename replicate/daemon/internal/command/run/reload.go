package run

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/joblog"
	"github.com/repliqate/repliqate/replicate/loop"
)

// reloader reads the configuration again at each SIGHUP, and gives a running job what it can take.
type reloader struct {
	file      string
	generated config.Generated
	current   *config.Config
	log       *joblog.Logger
	retune    func(loop.Config) error
}

// watch answers signals until ctx ends. The channel is registered when it returns.
func (r *reloader) watch(ctx context.Context) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-signals:
				r.reload()
			case <-ctx.Done():
				return
			}
		}
	}()
}

func (r *reloader) reload() {
	c, err := config.Read(r.file, r.log.Warn)
	if err == nil {
		err = c.Agree(r.generated)
	}
	if err == nil {
		tuned := c.Loop
		tuned.Once = r.current.Loop.Once
		err = r.retune(tuned)
	}
	if err != nil {
		r.log.NotReloaded(err)
		return
	}
	applied, restart := config.Changes(r.current, c)
	r.log.Reloaded(applied, restart)
	// What needs a restart is named each time until there is one.
	r.current = config.Tuned(r.current, c)
}
