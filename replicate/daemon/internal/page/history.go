package page

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/repliqate/repliqate/replicate/progress"
)

const (
	sampleEvery = 5 * time.Second
	samplesMax  = 720 // an hour
)

// sample is one point of every plot.
type sample struct {
	At          int64   `json:"t"`       // milliseconds since 1970
	RowsPerSec  float64 `json:"rate"`    // acknowledged
	RowsBehind  uint64  `json:"rows"`    // behind
	Settled     uint64  `json:"settled"` // keys drawn beyond the last row read
	Behind      float64 `json:"behind"`  // seconds
	HorizonAge  float64 `json:"horizon"` // seconds
	PublishTime float64 `json:"publish"` // milliseconds, the mean of the batches since the sample before
}

// history keeps the samples of the last hour.
type history struct {
	patience time.Duration

	mu      sync.Mutex
	samples []sample // a ring once it is full
	next    int
	last    progress.Snapshot
}

func newHistory(patience time.Duration) *history {
	return &history{patience: patience, samples: make([]sample, 0, samplesMax)}
}

func (h *history) run(ctx context.Context, tracker *progress.Tracker) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	h.last = tracker.Snapshot()
	for {
		select {
		case <-tick.C:
			h.take(tracker.Snapshot())
		case <-ctx.Done():
			return
		}
	}
}

// take adds a sample.
func (h *history) take(s progress.Snapshot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := sample{At: s.At.UnixMilli(), RowsBehind: s.RowsBehind(), Settled: s.Behind,
		Behind: s.BehindFor(h.patience).Seconds(), HorizonAge: s.HorizonAge.Seconds()}
	if d := s.At.Sub(h.last.At).Seconds(); d > 0 {
		p.RowsPerSec = float64(s.RowsPublished-h.last.RowsPublished) / d
	}
	if n := s.BatchesPublished - h.last.BatchesPublished; n > 0 {
		p.PublishTime = float64((s.PublishTime - h.last.PublishTime).Microseconds()) / 1000 / float64(n)
	}
	h.last = s
	if len(h.samples) < samplesMax {
		h.samples = append(h.samples, p)
		return
	}
	h.samples[h.next] = p
	h.next = (h.next + 1) % samplesMax
}

// since returns the samples that are younger than t, oldest first.
func (h *history) since(t int64) []sample {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]sample, 0, len(h.samples))
	for i := range h.samples {
		if p := h.samples[(h.next+i)%len(h.samples)]; p.At > t {
			out = append(out, p)
		}
	}
	return out
}

func (s *Server) serveHistory(w http.ResponseWriter, r *http.Request) {
	var since int64
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = strconv.ParseInt(text, 10, 64); err != nil {
			plain(w, http.StatusBadRequest, "since: expected milliseconds since 1970")
			return
		}
	}
	writeJSON(w, struct {
		Version int      `json:"version"`
		EveryS  float64  `json:"every_s"`
		Samples []sample `json:"samples"`
	}{statusVersion, sampleEvery.Seconds(), s.history.since(since)})
}
