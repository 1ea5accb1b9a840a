package progress

import (
	"fmt"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// Snapshot is the account at one moment. Counts begin with the process.
type Snapshot struct {
	At, Started, StateSince time.Time
	State                   replicate.State
	Offset                  replicate.Offset // the last that is known to be stored

	RowsRead, RowsPublished, RowsCommitted int64
	RowsReread                             int64 // read once more after a failure: at most this many were repeated
	BytesPublished, BatchesPublished       int64
	PublishTime                            time.Duration // of all batches together
	InFlightRows, InFlightBytes            int64         // read, and not acknowledged
	InFlightBatches                        int64

	Behind     uint64        // keys drawn beyond the last row read: as many rows are still to come, or fewer
	HorizonAge time.Duration // for how long open transactions have held rows back
	Holders    []string      // which, if that took long

	LeaseKnown, LeaseHeld bool
	LeaseHolder           string // who has it, if another
	LeaseChanges          int64

	LateRows, DeadLetters, AuditWatched, AuditForgotten int64
	Retries                                             map[replicate.Op]int64

	LastPoll, LastPublish, LastCommit time.Time // the last that went well
	UncommittedSince                  time.Time // the oldest acknowledgement whose offset is not stored
	CaughtUp                          time.Time // when everything settled was last published
	IsCaughtUp                        bool

	Events  []Event // oldest first
	Batches []Batch // oldest first
}

// Batch is one that was acknowledged.
type Batch struct {
	At          time.Time
	Last        string // key of its last row
	Checksum    string // of that row; empty unless the offset was stored there
	Committed   bool
	Rows, Bytes int
	Duration    time.Duration
}

// RowsBehind is how many rows are still to be published, or fewer.
func (s Snapshot) RowsBehind() uint64 { return s.Behind + uint64(s.InFlightRows) }

// BehindFor is for how long something has been unpublished: no row that waits has been there for longer, as far as a
// poll could see. It is zero while every poll finds that nothing waits; a poll may be as old as patience allows.
func (s Snapshot) BehindFor(patience time.Duration) time.Duration {
	switch {
	case s.State == replicate.StateStandby, s.State == replicate.StateStopped:
		return 0
	case s.IsCaughtUp && s.At.Sub(s.LastPoll) <= patience:
		return 0
	}
	return s.At.Sub(s.CaughtUp)
}

// Ready reports whether the job does what it should: its last poll, and the commit of what it has published, are no
// older than patience. A standby is ready. why says it in a sentence.
func (s Snapshot) Ready(patience time.Duration) (ok bool, why string) {
	switch {
	case s.State == replicate.StateStandby && s.LeaseHolder != "":
		return true, "standing by: the lease is held by " + s.LeaseHolder
	case s.State == replicate.StateStandby:
		return true, "standing by"
	case s.State != replicate.StateRunning:
		return false, "not running: " + string(s.State)
	case s.LastPoll.IsZero() && s.At.Sub(s.StateSince) > patience:
		return false, fmt.Sprintf("no poll has succeeded since it runs, %s ago", s.At.Sub(s.StateSince).Round(time.Second))
	case !s.LastPoll.IsZero() && s.At.Sub(s.LastPoll) > patience:
		return false, fmt.Sprintf("the last successful poll was %s ago", s.At.Sub(s.LastPoll).Round(time.Second))
	case !s.UncommittedSince.IsZero() && s.At.Sub(s.UncommittedSince) > patience:
		return false, fmt.Sprintf("what was published %s ago is not committed",
			s.At.Sub(s.UncommittedSince).Round(time.Second))
	}
	return true, "running"
}
