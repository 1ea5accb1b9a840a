package prometheus

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/progress"
)

// Config says what the metrics are of.
type Config struct {
	// Job, Table and Topic become the labels name, table and topic.
	Job, Table, Topic string
	// Version, Engine and Fingerprint are shown by repliqate_build_info.
	Version, Engine, Fingerprint string
	// Patience is how old the last poll and the last commit may be while the job is ready.
	Patience time.Duration
	// UnsafeDelay is shown, so that a job that accepts losing rows can be told from the others.
	UnsafeDelay time.Duration
}

// Metrics are the metrics of one job.
type Metrics struct {
	registry *client.Registry
	poll     *client.HistogramVec
	publish  *client.HistogramVec
	commit   *client.HistogramVec
}

// New returns the metrics of the job that the tracker keeps account of.
func New(c Config, tracker *progress.Tracker) *Metrics {
	labels := client.Labels{"name": c.Job, "table": c.Table, "topic": c.Topic}
	latency := func(name, help string) *client.HistogramVec {
		return client.NewHistogramVec(client.HistogramOpts{Name: "repliqate_" + name, Help: help, ConstLabels: labels,
			Buckets: client.ExponentialBuckets(0.0005, 2, 16)}, []string{"success"})
	}
	m := &Metrics{
		registry: client.NewRegistry(),
		poll:     latency("poll_duration_seconds", "Duration of polls of the database."),
		publish:  latency("publish_duration_seconds", "Time from handing a batch to Kafka to its acknowledgement."),
		commit:   latency("commit_duration_seconds", "Duration of writes of the offset."),
	}
	info := client.NewGauge(client.GaugeOpts{Name: "repliqate_build_info",
		Help: "Always 1; the labels say what was built.",
		ConstLabels: client.Labels{"name": c.Job, "table": c.Table, "topic": c.Topic, "version": c.Version,
			"engine": c.Engine, "schema": c.Fingerprint, "goversion": runtime.Version()}})
	info.Set(1)
	m.registry.MustRegister(m.poll, m.publish, m.commit, info, newAccount(c, labels, tracker),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 4})
}

// Hooks returns the hooks that measure latencies.
func (m *Metrics) Hooks() replicate.Hooks {
	observe := func(v *client.HistogramVec, d time.Duration, err error) {
		v.WithLabelValues(strconv.FormatBool(err == nil)).Observe(d.Seconds())
	}
	return replicate.Hooks{
		OnPoll:    func(i replicate.PollInfo) { observe(m.poll, i.Duration, i.Err) },
		OnPublish: func(i replicate.PublishInfo) { observe(m.publish, i.Duration, i.Err) },
		OnCommit:  func(i replicate.CommitInfo) { observe(m.commit, i.Duration, i.Err) },
	}
}

// account turns a snapshot into metrics when they are asked for.
type account struct {
	tracker *progress.Tracker
	config  Config
	rows    []row
	state   *client.Desc
	retries *client.Desc
}

// row is a metric without labels of its own.
type row struct {
	desc  *client.Desc
	kind  client.ValueType
	value func(progress.Snapshot) float64
}

func newAccount(c Config, labels client.Labels, t *progress.Tracker) *account {
	a := &account{tracker: t, config: c,
		state: client.NewDesc("repliqate_state", "1 for the state that the job is in, 0 for the others.",
			[]string{"state"}, labels),
		retries: client.NewDesc("repliqate_retries_total", "Failures of an operation that was tried again.",
			[]string{"operation"}, labels),
	}
	for _, kind := range []client.ValueType{client.CounterValue, client.GaugeValue} {
		table := counters
		if kind == client.GaugeValue {
			table = gauges(c)
		}
		for _, m := range table {
			a.rows = append(a.rows, row{client.NewDesc("repliqate_"+m.name, m.help, nil, labels), kind, m.value})
		}
	}
	return a
}

// Describe implements prometheus.Collector.
func (a *account) Describe(out chan<- *client.Desc) {
	for _, r := range a.rows {
		out <- r.desc
	}
	out <- a.state
	out <- a.retries
}

// states are those that repliqate_state has a line for, and operations those of repliqate_retries_total, from the start
// on: a rate of a line that is not there yet has no value.
var (
	states = []replicate.State{replicate.StateStandby, replicate.StateStarting, replicate.StateRunning,
		replicate.StateStopping, replicate.StateStopped}
	operations = []replicate.Op{replicate.OpLease, replicate.OpLoad, replicate.OpSource, replicate.OpSink,
		replicate.OpCommit, replicate.OpWitness}
)

// Collect implements prometheus.Collector.
func (a *account) Collect(out chan<- client.Metric) {
	s := a.tracker.Snapshot()
	for _, r := range a.rows {
		out <- client.MustNewConstMetric(r.desc, r.kind, r.value(s))
	}
	for _, state := range states {
		out <- client.MustNewConstMetric(a.state, client.GaugeValue, oneIf(s.State == state), string(state))
	}
	for _, op := range operations {
		out <- client.MustNewConstMetric(a.retries, client.CounterValue, float64(s.Retries[op]), string(op))
	}
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
