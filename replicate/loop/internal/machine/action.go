package machine

import (
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// Action is something that the machine wants done. The shell answers each one with one event, unless the comment
// says that there is no answer.
type Action interface{ isAction() }

type (
	// AcquireLease takes or renews the lease.
	AcquireLease struct{}
	// OpenSink opens the sink.
	OpenSink struct{}
	// CloseSink discards the sink and everything that it has not acknowledged. There is no answer.
	CloseSink struct{}
	// LoadOffset reads the offset, or its witness.
	LoadOffset struct{ Witness bool }
	// OpenSource opens the source and verifies the row at the offset.
	OpenSource struct{ At replicate.Offset }
	// AbortSource cuts short the source's current operation, whose own answer then comes soon. There is no other
	// answer.
	AbortSource struct{}
	// CloseSource closes the source. There is no answer.
	CloseSource struct{}
	// Poll reads into a page that the shell supplies. The horizon belongs to the poll until the answer gives it
	// back: its Observe is the request's OnFence.
	Poll[K replicate.Key] struct {
		Req     replicate.PollRequest[K]
		Horizon *Horizon[K]
	}
	// LookUp looks for rows whose keys were missing before.
	LookUp[K replicate.Key] struct {
		Keys []K // ascending
		Req  replicate.PollRequest[K]
	}
	// Publish hands a page to the sink.
	Publish[K replicate.Key] struct {
		ID   uint64
		Page *replicate.Page[K]
	}
	// Recycle returns a page that is not needed. There is no answer.
	Recycle[K replicate.Key] struct{ Page *replicate.Page[K] }
	// Commit stores the offset.
	Commit struct{ Offset replicate.Offset }
	// SaveWitness stores the offset's second copy.
	SaveWitness struct{ Offset replicate.Offset }
	// DescribeHolders asks who is holding the horizon back.
	DescribeHolders struct{ Holders []string }
	// FindStranded asks for rows above the highest key drawn.
	FindStranded struct{}
	// Recheck repeats what the source verified when it opened.
	Recheck struct{}
	// StartTimer is answered after Delay. It replaces an earlier timer of the same kind.
	StartTimer struct {
		Timer TimerKind
		N     uint64
		Delay time.Duration
	}
	// Exit is the last action.
	Exit struct {
		Err     error
		Release bool // give the lease back
	}
)

func (AcquireLease) isAction()    {}
func (OpenSink) isAction()        {}
func (CloseSink) isAction()       {}
func (LoadOffset) isAction()      {}
func (OpenSource) isAction()      {}
func (AbortSource) isAction()     {}
func (CloseSource) isAction()     {}
func (Poll[K]) isAction()         {}
func (LookUp[K]) isAction()       {}
func (Publish[K]) isAction()      {}
func (Recycle[K]) isAction()      {}
func (Commit) isAction()          {}
func (SaveWitness) isAction()     {}
func (DescribeHolders) isAction() {}
func (FindStranded) isAction()    {}
func (Recheck) isAction()         {}
func (StartTimer) isAction()      {}
func (Exit) isAction()            {}

// TimerKind names the machine's timers. At most one of each kind runs.
type TimerKind uint8

// The timers.
const (
	TimerLease    TimerKind = iota
	TimerLeaseEnd           // a strict lease expires
	TimerSink
	TimerLoad
	TimerSource
	TimerPoll
	TimerCommit
	TimerRefresh
	TimerAck // the oldest batch has waited too long
	TimerRecheck
	TimerAudit
	TimerDrain
	TimerKinds // their number
)
