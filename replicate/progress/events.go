package progress

import (
	"slices"
	"strings"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

const (
	eventsMax  = 50
	textMax    = 2000
	holdersMax = 50
)

// Event is something that went wrong. What happens again with the same words is counted and not repeated.
type Event struct {
	First, Last time.Time
	Count       int64
	Kind        string
	Text        string // what it means
	Error       string // what was said
	Remedy      string // what to do
}

// ops says what the failure of each operation means, and what to do.
var ops = map[replicate.Op]struct{ text, remedy string }{
	replicate.OpLease: {"the lease can't be checked",
		"repair the offset store, which is Redis or a file; a running instance goes on meanwhile"},
	replicate.OpLoad: {"the offset can't be read; nothing is published until it can be",
		"repair the offset store, which is Redis or a file; the job waits for it and loses nothing"},
	replicate.OpSource: {"the database can't be read",
		"start the database, or correct its address and the user's rights; the job goes on by itself"},
	replicate.OpSink: {"messages can't be sent to Kafka; going on from the offset",
		"repair Kafka; the job goes on by itself, and some rows may be repeated"},
	replicate.OpCommit: {"the offset can't be stored; going on with it in memory",
		"repair the offset store and leave the job running: a restart before that repeats rows"},
	replicate.OpWitness: {"the second copy of the offset can't be stored in Kafka",
		"allow the user to read the consumer group of the job"},
}

// Remedy says what to do about an operation that fails.
func Remedy(op replicate.Op) string { return ops[op].remedy }

// event adds an event, or counts it once more.
func (t *Tracker) event(kind, text, err, remedy string) {
	err = strings.ReplaceAll(err, "\n", "; ")
	if len(err) > textMax {
		err = strings.ToValidUTF8(err[:textMax], "") + "…"
	}
	now := time.Now()
	i := slices.IndexFunc(t.events, func(e Event) bool { return e.Kind == kind && e.Text == text && e.Error == err })
	e := Event{First: now, Kind: kind, Text: text, Error: err, Remedy: remedy}
	if i >= 0 {
		e = t.events[i]
		t.events = slices.Delete(t.events, i, i+1)
	}
	e.Last, e.Count = now, e.Count+1
	t.events = append(t.events, e)
	if len(t.events) > eventsMax {
		t.events = slices.Delete(t.events, 0, 1)
	}
}
