package progress

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

const (
	// batchesMax is how many batches are remembered for the page.
	batchesMax = 20
	// pendingMax bounds what is remembered of batches that are published and not committed.
	pendingMax = 1024
)

// Tracker keeps the account of one job. Its methods may be called from any goroutine.
type Tracker struct {
	explain func(error) string

	mu      sync.Mutex
	now     Snapshot
	pending []pending
	events  []Event // oldest first
	batches []Batch // oldest first
	drained bool    // the last poll found no more rows, and no transaction held any back
}

// pending are rows that are acknowledged and whose offset is not stored.
type pending struct {
	last string
	rows int64
	at   time.Time
}

// New returns the account of a job that begins now. explain is the text of an error as the operator may read it: it
// must hold no secret.
func New(explain func(error) string) *Tracker {
	begun := time.Now()
	return &Tracker{explain: explain, now: Snapshot{Started: begun, State: replicate.StateStarting, StateSince: begun,
		CaughtUp: begun, Retries: map[replicate.Op]int64{}}}
}

// Hooks returns the hooks that feed the account.
func (t *Tracker) Hooks() replicate.Hooks {
	return replicate.Hooks{
		OnState: locked(t, t.onState), OnPoll: locked(t, t.onPoll), OnPublish: locked(t, t.onPublish),
		OnLoad: locked(t, t.onLoad), OnCommit: locked(t, t.onCommit), OnRetry: locked(t, t.onRetry),
		OnLease: locked(t, t.onLease), OnHorizon: locked(t, t.onHorizon), OnAudit: locked(t, t.onAudit),
		OnStranded: locked(t, t.onStranded),
	}
}

func locked[T any](t *Tracker, f func(T)) func(T) {
	return func(info T) {
		t.mu.Lock()
		defer t.mu.Unlock()
		f(info)
	}
}

// Snapshot returns the account as it is now. It shares nothing with the tracker.
func (t *Tracker) Snapshot() Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.now
	s.At = time.Now()
	s.Retries = maps.Clone(s.Retries)
	s.Holders = slices.Clone(s.Holders)
	s.Events, s.Batches = slices.Clone(t.events), slices.Clone(t.batches)
	if len(t.pending) > 0 {
		s.UncommittedSince = t.pending[0].at
	}
	s.IsCaughtUp = t.drained && s.InFlightBatches == 0
	return s
}

func (t *Tracker) onState(i replicate.StateInfo) {
	t.now.State, t.now.StateSince = i.State, time.Now()
	if !i.Offset.IsZero() {
		t.now.Offset = i.Offset
	}
	switch i.State {
	case replicate.StateStandby:
		t.dropInFlight()
		t.pending, t.now.Behind, t.now.HorizonAge, t.now.Holders = nil, 0, 0, nil
	case replicate.StateStarting:
		t.dropInFlight()
		t.pending, t.now.CaughtUp = nil, time.Now()
	}
}

// dropInFlight forgets batches whose acknowledgement no longer counts: their rows are read again.
func (t *Tracker) dropInFlight() {
	t.now.RowsReread += t.now.InFlightRows
	t.now.InFlightRows, t.now.InFlightBytes, t.now.InFlightBatches = 0, 0, 0
	t.drained = false
}

func (t *Tracker) onPoll(i replicate.PollInfo) {
	s := &t.now
	s.DeadLetters += i.BadRows
	s.RowsRead += int64(i.Rows)
	switch {
	case i.Unused:
		s.RowsReread += int64(i.Rows)
	case i.Rows > 0: // with an error, too: the rows before it are published
		s.InFlightRows += int64(i.Rows)
		s.InFlightBytes += int64(i.Bytes)
		s.InFlightBatches++
	}
	t.drained = i.Err == nil && !i.Unused && !i.More && i.HorizonAge == 0
	if i.Err != nil {
		return
	}
	s.LastPoll = time.Now()
	s.Behind, s.HorizonAge = i.Behind, i.HorizonAge
	if i.HorizonAge == 0 {
		s.Holders = nil
	}
	if i.BadRows > 0 {
		t.event("dead letters", "rows went to the dead-letter topic", "",
			"read the dead-letter topic: each message has key, column and reason")
	}
	t.catchUp()
}

func (t *Tracker) catchUp() {
	if t.drained && t.now.InFlightBatches == 0 {
		t.now.CaughtUp = time.Now()
	}
}

func (t *Tracker) onPublish(i replicate.PublishInfo) {
	if i.Err != nil {
		t.dropInFlight()
		return
	}
	s, now := &t.now, time.Now()
	s.LastPublish = now
	s.RowsPublished += int64(i.Rows)
	s.BytesPublished += int64(i.Bytes)
	s.BatchesPublished++
	s.PublishTime += i.Duration
	s.InFlightRows = max(0, s.InFlightRows-int64(i.Rows))
	s.InFlightBytes = max(0, s.InFlightBytes-int64(i.Bytes))
	s.InFlightBatches = max(0, s.InFlightBatches-1)
	t.pending = append(t.pending, pending{i.Last, int64(i.Rows), now})
	if n := len(t.pending); n > pendingMax { // the store is away for long: the newest two become one
		t.pending[n-2].last, t.pending[n-2].rows = i.Last, t.pending[n-2].rows+int64(i.Rows)
		t.pending = t.pending[:n-1]
	}
	t.batches = append(t.batches, Batch{At: now, Last: i.Last, Rows: i.Rows, Bytes: i.Bytes, Duration: i.Duration})
	if len(t.batches) > batchesMax {
		t.batches = slices.Delete(t.batches, 0, 1)
	}
	t.catchUp()
}

func (t *Tracker) onLoad(i replicate.LoadInfo) {
	if i.Err == nil && !i.Offset.IsZero() {
		t.now.Offset = i.Offset
	}
}

func (t *Tracker) onCommit(i replicate.CommitInfo) {
	if i.Err != nil {
		return
	}
	t.now.LastCommit, t.now.Offset = time.Now(), i.Offset
	t.pending = slices.DeleteFunc(t.pending, func(p pending) bool {
		isIn := !keyLess(i.Offset.Key, p.last)
		if isIn {
			t.now.RowsCommitted += p.rows
		}
		return isIn
	})
	for n := range t.batches {
		b := &t.batches[n]
		b.Committed = b.Committed || !keyLess(i.Offset.Key, b.Last)
		if b.Last == i.Offset.Key {
			b.Checksum = i.Offset.Checksum
		}
	}
}

// keyLess compares two keys in decimal.
func keyLess(a, b string) bool {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	if errX == nil && errY == nil {
		return x < y
	}
	if errX != nil && errY != nil { // both are beyond int64, and so positive
		return len(a) < len(b) || len(a) == len(b) && a < b
	}
	return errX == nil // the other is beyond int64
}

func (t *Tracker) onRetry(i replicate.RetryInfo) {
	t.now.Retries[i.Op]++
	if i.Op == replicate.OpSink {
		t.dropInFlight()
	}
	known := ops[i.Op]
	t.event(string(i.Op), known.text, t.explain(i.Err), known.remedy)
}

func (t *Tracker) onLease(i replicate.LeaseInfo) {
	s := &t.now
	if s.LeaseHeld != i.Held || !s.LeaseKnown {
		s.LeaseChanges++
	}
	s.LeaseKnown, s.LeaseHeld, s.LeaseHolder = true, i.Held, i.Holder
	switch {
	case i.Err == nil:
	case i.Held:
		t.event("lease", "the lease can't be renewed; going on", t.explain(i.Err), ops[replicate.OpLease].remedy)
	default:
		t.event("lease", "the lease has expired and is strict: not publishing", t.explain(i.Err),
			ops[replicate.OpLease].remedy)
	}
}

func (t *Tracker) onHorizon(i replicate.HorizonInfo) {
	t.now.HorizonAge, t.now.Holders = i.Age, slices.Clone(i.Holders[:min(len(i.Holders), holdersMax)])
	t.event("horizon", "open transactions hold rows back", "",
		"end them if they are stuck, or wait: the rows behind them are late, not lost")
}

func (t *Tracker) onAudit(i replicate.AuditInfo) {
	t.now.AuditWatched, t.now.AuditForgotten = int64(i.Watched), t.now.AuditForgotten+i.Forgotten
	if n := len(i.Late); n > 0 {
		t.now.LateRows += int64(n)
		remedy := "they were inserted with explicit keys below the offset: set audit to publish, or publish them by hand"
		if i.Published {
			remedy = "they are published now; find who inserts rows with explicit keys"
		}
		t.event("late rows", "rows turned up below the offset", "", remedy)
	}
	if i.Err != nil {
		t.event("late rows", "a late row can't be published", t.explain(i.Err), "correct the row, or publish it by hand")
	}
}

func (t *Tracker) onStranded(i replicate.StrandedInfo) {
	t.event("stranded", "rows are waiting because the sequence has not drawn their keys", i.Text, i.Remedy)
}
