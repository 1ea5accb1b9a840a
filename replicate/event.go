package replicate

import "time"

// event is something that happened outside the machine. Each carries only what the machine decides by.
type event interface{ isEvent() }

type (
	evLease struct {
		held   bool
		holder string
		err    error
	}
	evSinkOpened struct {
		info SinkInfo
		err  error
	}
	evLoaded struct {
		offset  Offset
		witness bool
		err     error
	}
	evSourceOpened  struct{ err error }
	evPolled[K Key] struct {
		page   *Page[K]
		result PollResult
		err    error
	}
	evLooked[K Key] struct {
		page *Page[K]
		more bool // the page ended at a limit
		err  error
	}
	evPublished struct {
		id  uint64
		err error
	}
	evCommitted struct {
		offset Offset
		err    error
	}
	evWitnessSaved struct{ err error }
	evDescribed    struct{ holders []string }
	evRechecked    struct{ err error }
	evTimer        struct {
		timer timerKind
		n     uint64 // the action's
	}
	evStop struct{}
)

func (evLease) isEvent()        {}
func (evSinkOpened) isEvent()   {}
func (evLoaded) isEvent()       {}
func (evSourceOpened) isEvent() {}
func (evPolled[K]) isEvent()    {}
func (evLooked[K]) isEvent()    {}
func (evPublished) isEvent()    {}
func (evCommitted) isEvent()    {}
func (evWitnessSaved) isEvent() {}
func (evDescribed) isEvent()    {}
func (evRechecked) isEvent()    {}
func (evTimer) isEvent()        {}
func (evStop) isEvent()         {}

// action is something that the machine wants done. The shell answers each with one event, save where
// the comment says otherwise.
type action interface{ isAction() }

type (
	actAcquire       struct{}
	actOpenSink      struct{}
	actCloseSink     struct{} // no answer
	actLoad          struct{ witness bool }
	actOpenSource    struct{ at Offset }
	actAbortSource   struct{}                     // no answer: the operation under way ends soon, with any answer
	actCloseSource   struct{}                     // no answer
	actPoll[K Key]   struct{ req PollRequest[K] } // the shell supplies the page
	actLookup[K Key] struct {
		keys []K // ascending
		req  PollRequest[K]
	}
	actPublish[K Key] struct {
		id   uint64
		page *Page[K]
	}
	actRecycle[K Key] struct{ page *Page[K] } // no answer
	actCommit         struct{ offset Offset }
	actSaveWitness    struct{ offset Offset }
	actDescribe       struct{ holders []string }
	actRecheck        struct{}
	actTimer          struct { // answered by an evTimer after delay; a later one of its kind replaces it
		timer timerKind
		n     uint64
		delay time.Duration
	}
	actExit struct { // the last action
		err     error
		release bool // give the lease back
	}
)

func (actAcquire) isAction()     {}
func (actOpenSink) isAction()    {}
func (actCloseSink) isAction()   {}
func (actLoad) isAction()        {}
func (actOpenSource) isAction()  {}
func (actAbortSource) isAction() {}
func (actCloseSource) isAction() {}
func (actPoll[K]) isAction()     {}
func (actLookup[K]) isAction()   {}
func (actPublish[K]) isAction()  {}
func (actRecycle[K]) isAction()  {}
func (actCommit) isAction()      {}
func (actSaveWitness) isAction() {}
func (actDescribe) isAction()    {}
func (actRecheck) isAction()     {}
func (actTimer) isAction()       {}
func (actExit) isAction()        {}

// timerKind names the machine's timers. At most one of each kind runs.
type timerKind uint8

const (
	timerLease    timerKind = iota
	timerLeaseEnd           // a strict lease runs out
	timerSink
	timerLoad
	timerSource
	timerPoll
	timerCommit
	timerRefresh
	timerAck // the oldest batch has waited for long
	timerRecheck
	timerAudit
	timerDrain
	timerKinds
)
