package page

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/progress"
)

// statusVersion is raised when a field changes its meaning or goes away; new fields don't raise it.
const statusVersion = 1

// status is the form of /api/status. docs/operate.md explains it.
type status struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	Started time.Time `json:"started"`

	Job    string `json:"job"`
	Table  string `json:"table"`
	Topic  string `json:"topic"`
	Engine string `json:"engine"`
	Schema string `json:"schema"`
	Build  string `json:"build"`

	State      replicate.State `json:"state"`
	StateSince time.Time       `json:"state_since"`
	Ready      bool            `json:"ready"`
	Why        string          `json:"why"`

	Offset  offset                 `json:"offset"`
	Lease   lease                  `json:"lease"`
	Rows    rows                   `json:"rows"`
	Flight  flight                 `json:"in_flight"`
	BehindS float64                `json:"behind_s"`
	Horizon horizon                `json:"horizon"`
	Retries map[replicate.Op]int64 `json:"retries"`

	LastPoll    *time.Time `json:"last_poll"`
	LastPublish *time.Time `json:"last_publish"`
	LastCommit  *time.Time `json:"last_commit"`

	Events  []event `json:"events"`  // newest first
	Batches []batch `json:"batches"` // newest first
}

type offset struct {
	Key      string `json:"key"` // in decimal, as a string: it may be beyond what a double holds
	Checksum string `json:"checksum"`
}

type lease struct {
	Used    bool   `json:"used"`
	Held    bool   `json:"held"`
	Holder  string `json:"holder"`
	Changes int64  `json:"changes"`
}

type rows struct {
	Read        int64  `json:"read"`
	Published   int64  `json:"published"`
	Committed   int64  `json:"committed"`
	Reread      int64  `json:"reread"`
	Behind      uint64 `json:"behind"`
	Late        int64  `json:"late"`
	DeadLetters int64  `json:"dead_letters"`
}

type flight struct {
	Batches int64 `json:"batches"`
	Rows    int64 `json:"rows"`
	Bytes   int64 `json:"bytes"`
}

type horizon struct {
	AgeS    float64  `json:"age_s"`
	Holders []string `json:"holders"`
}

type event struct {
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Count  int64     `json:"count"`
	Kind   string    `json:"kind"`
	Text   string    `json:"text"`
	Error  string    `json:"error"`
	Remedy string    `json:"remedy"`
}

type batch struct {
	At        time.Time `json:"at"`
	Last      string    `json:"last"`
	Checksum  string    `json:"checksum"`
	Committed bool      `json:"committed"`
	Rows      int       `json:"rows"`
	Bytes     int       `json:"bytes"`
	Ms        float64   `json:"ms"`
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, s.describe(s.tracker.Snapshot()))
}

func (s *Server) describe(p progress.Snapshot) status {
	c := s.config
	out := status{
		Version: statusVersion, At: p.At, Started: p.Started,
		Job: c.Job, Table: c.Table, Topic: c.Topic, Engine: c.Engine, Schema: c.Fingerprint, Build: c.Version,
		State: p.State, StateSince: p.StateSince, Offset: offset{p.Offset.Key, p.Offset.Checksum},
		Lease: lease{p.LeaseKnown, p.LeaseHeld, p.LeaseHolder, p.LeaseChanges},
		Rows: rows{p.RowsRead, p.RowsPublished, p.RowsCommitted, p.RowsReread, p.RowsBehind(), p.LateRows,
			p.DeadLetters},
		Flight:  flight{p.InFlightBatches, p.InFlightRows, p.InFlightBytes},
		BehindS: p.BehindFor(c.Patience).Seconds(), Horizon: horizon{p.HorizonAge.Seconds(), p.Holders},
		Retries: p.Retries, LastPoll: known(p.LastPoll), LastPublish: known(p.LastPublish),
		LastCommit: known(p.LastCommit), Events: []event{}, Batches: []batch{},
	}
	out.Ready, out.Why = p.Ready(c.Patience)
	if out.Horizon.Holders == nil {
		out.Horizon.Holders = []string{}
	}
	for i := len(p.Events) - 1; i >= 0; i-- {
		e := p.Events[i]
		out.Events = append(out.Events, event{e.First, e.Last, e.Count, e.Kind, e.Text, e.Error, e.Remedy})
	}
	for i := len(p.Batches) - 1; i >= 0; i-- {
		b := p.Batches[i]
		out.Batches = append(out.Batches, batch{b.At, b.Last, b.Checksum, b.Committed, b.Rows, b.Bytes,
			float64(b.Duration.Microseconds()) / 1000})
	}
	return out
}

// known is nil for a time that has not come.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func writeJSON(w http.ResponseWriter, value any) {
	content, err := json.Marshal(value)
	if err != nil {
		plain(w, http.StatusInternalServerError, "the status can't be written: "+err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(content, '\n')) // whoever asked has gone
}
