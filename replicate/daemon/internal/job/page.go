package job

import (
	"github.com/repliqate/repliqate/internal/buildinfo"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/joblog"
	"github.com/repliqate/repliqate/replicate/daemon/internal/page"
	"github.com/repliqate/repliqate/replicate/metrics/prometheus"
	"github.com/repliqate/repliqate/replicate/progress"
)

// addPage begins to serve the job's health, metrics and page.
func addPage[R any, K replicate.Key](j *Job[K], p Program[R, K], c *config.Config, log *joblog.Logger) error {
	tracker := progress.New(config.Explain)
	metrics := prometheus.New(prometheus.Config{
		Job: c.Name, Table: p.Table.Name, Topic: c.Kafka.Topic, Version: buildinfo.Version(), Engine: p.Engine,
		Fingerprint: p.Table.Fingerprint, Patience: c.Patience(), UnsafeDelay: c.Settle.UnsafeDelay,
	}, tracker)
	server, err := page.Listen(page.Config{
		Addr: c.HTTP.Addr, TokenFile: c.HTTP.TokenFile, Pprof: c.HTTP.Pprof, Patience: c.Patience(),
		Job: c.Name, Table: p.Table.Name, Topic: c.Kafka.Topic, Engine: p.Engine, Version: buildinfo.Version(),
		Fingerprint: p.Table.Fingerprint, Metrics: metrics.Handler(), Warn: log.Warn,
	}, tracker)
	if err != nil {
		return err
	}
	j.closers = append(j.closers, server.Close)
	j.Parts.Hooks = replicate.MergeHooks(j.Parts.Hooks, tracker.Hooks(), metrics.Hooks())
	log.Serving(server.Addr())
	return nil
}
