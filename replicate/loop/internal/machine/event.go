package machine

import (
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/loopconfig"
)

// Event is something that happened outside the machine. It carries only what the machine needs to decide.
type Event interface{ isEvent() }

type (
	// LeaseAnswered is the answer to AcquireLease.
	LeaseAnswered struct {
		Held   bool
		Holder string
		Err    error
	}
	// SinkOpened is the answer to OpenSink.
	SinkOpened struct {
		Info replicate.SinkInfo
		Err  error
	}
	// OffsetLoaded is the answer to LoadOffset.
	OffsetLoaded struct {
		Offset  replicate.Offset
		Witness bool
		Err     error
	}
	// SourceOpened is the answer to OpenSource.
	SourceOpened struct{ Err error }
	// Polled is the answer to Poll.
	Polled[K replicate.Key] struct {
		Page    *replicate.Page[K]
		Result  replicate.PollResult
		Horizon *Horizon[K] // the action's
		Err     error
	}
	// LookedUp is the answer to LookUp.
	LookedUp[K replicate.Key] struct {
		Page *replicate.Page[K]
		More bool // the page ended at a limit
		Err  error
	}
	// Published is the answer to Publish.
	Published struct {
		ID  uint64
		Err error
	}
	// Committed is the answer to Commit.
	Committed struct {
		Offset replicate.Offset
		Err    error
	}
	// WitnessSaved is the answer to SaveWitness.
	WitnessSaved struct{ Err error }
	// HoldersDescribed is the answer to DescribeHolders.
	HoldersDescribed struct{ Holders []string }
	// StrandedFound is the answer to FindStranded.
	StrandedFound[K replicate.Key] struct {
		Found replicate.Stranded[K]
		Err   error
	}
	// Rechecked is the answer to Recheck.
	Rechecked struct{ Err error }
	// TimerFired is the answer to StartTimer.
	TimerFired struct {
		Timer TimerKind
		N     uint64 // the action's
	}
	// Retuned brings new values for the settings that a running job can change.
	Retuned struct{ Config loopconfig.Config }
	// StopRequested asks for a graceful stop.
	StopRequested struct{}
)

func (LeaseAnswered) isEvent()    {}
func (SinkOpened) isEvent()       {}
func (OffsetLoaded) isEvent()     {}
func (SourceOpened) isEvent()     {}
func (Polled[K]) isEvent()        {}
func (LookedUp[K]) isEvent()      {}
func (Published) isEvent()        {}
func (Committed) isEvent()        {}
func (WitnessSaved) isEvent()     {}
func (HoldersDescribed) isEvent() {}
func (StrandedFound[K]) isEvent() {}
func (Rechecked) isEvent()        {}
func (TimerFired) isEvent()       {}
func (Retuned) isEvent()          {}
func (StopRequested) isEvent()    {}
