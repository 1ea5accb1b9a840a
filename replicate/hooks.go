package replicate

import "time"

// Hooks lets metrics, logs and tests see what the loop does. Each function is optional. It is called once per batch or
// event, never per row, from one goroutine at a time, and must return quickly.
type Hooks struct {
	OnState   func(StateInfo)
	OnPoll    func(PollInfo)
	OnPublish func(PublishInfo)
	OnLoad    func(LoadInfo)
	OnCommit  func(CommitInfo)
	OnRetry   func(RetryInfo)
	OnLease   func(LeaseInfo)
	OnHorizon func(HorizonInfo)
	OnAudit   func(AuditInfo)
	// OnStranded is called now and then while rows wait above the highest key drawn.
	OnStranded func(StrandedInfo)
}

// MergeHooks returns hooks that call those of all, in order.
func MergeHooks(all ...Hooks) Hooks {
	var m Hooks
	for _, h := range all {
		m = Hooks{
			OnState:   both(m.OnState, h.OnState),
			OnPoll:    both(m.OnPoll, h.OnPoll),
			OnPublish: both(m.OnPublish, h.OnPublish),
			OnLoad:    both(m.OnLoad, h.OnLoad),
			OnCommit:  both(m.OnCommit, h.OnCommit),
			OnRetry:   both(m.OnRetry, h.OnRetry),
			OnLease:   both(m.OnLease, h.OnLease),
			OnHorizon: both(m.OnHorizon, h.OnHorizon),
			OnAudit:   both(m.OnAudit, h.OnAudit),

			OnStranded: both(m.OnStranded, h.OnStranded),
		}
	}
	return m
}

// both returns a function that calls a and then b. Either may be nil; if both are, so is the result.
func both[T any](a, b func(T)) func(T) {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(info T) {
		a(info)
		b(info)
	}
}

// State is what a job is doing.
type State string

// The states of a job, in the order in which it goes through them.
const (
	StateStandby  State = "standby"  // another instance holds the lease
	StateStarting State = "starting" // it opens the sink, loads the offset, opens the source
	StateRunning  State = "running"
	StateStopping State = "stopping" // it has stopped polling, and waits for acknowledgements
	StateStopped  State = "stopped"
)

// StateInfo says that the job has entered another state.
type StateInfo struct {
	State  State
	Offset Offset // the offset in force, if it is known
}

// PollInfo describes a finished poll.
type PollInfo struct {
	Rows, Bytes int
	BadRows     int64 // rows that went to the dead-letter topic
	More        bool
	HorizonAge  time.Duration // how long open transactions have held the horizon back
	Behind      uint64        // keys drawn beyond the last row read: at most this many rows are still to come
	Above       bool          // rows wait beyond the horizon whose keys the sequence has not drawn
	Unused      bool          // the page came too late, after a failure: its rows are read again
	Duration    time.Duration
	Err         error
}

// PublishInfo describes a batch that was acknowledged or that failed.
type PublishInfo struct {
	Rows, Bytes int
	Last        string // key of the batch's last row
	Duration    time.Duration
	Err         error
}

// LoadInfo describes a read of the offset store, or of the witness.
type LoadInfo struct {
	Offset   Offset
	Witness  bool
	Duration time.Duration
	Err      error
}

// CommitInfo describes a write of the offset store.
type CommitInfo struct {
	Offset   Offset
	Duration time.Duration
	Err      error
}

// Op is an operation that is retried after a failure.
type Op string

// The operations that a RetryInfo can name.
const (
	OpLease   Op = "lease"
	OpLoad    Op = "load"
	OpSource  Op = "source"
	OpSink    Op = "sink"
	OpCommit  Op = "commit"
	OpWitness Op = "witness"
)

// RetryInfo says that an operation failed and will be retried after Delay.
type RetryInfo struct {
	Op      Op
	Attempt int
	Delay   time.Duration
	Until   time.Time // when a Once run gives up; zero in any other run
	Err     error
}

// LeaseInfo describes a change of the lease, or that it can't be renewed.
type LeaseInfo struct {
	Held   bool
	Holder string    // the instance that holds it, if this one does not
	Until  time.Time // when a Once run gives up waiting for it; zero in any other run
	Err    error
}

// HorizonInfo says that the horizon has been held back for Age, and by whom.
type HorizonInfo struct {
	Age     time.Duration
	Holders []string
}

// AuditInfo is the result of a lookup of the late-row audit.
type AuditInfo struct {
	Late      []string // keys of rows that appeared in a gap after it had been passed
	Published bool     // whether they are published, as the settings ask
	Watched   int      // keys that will be looked up again
	Forgotten int64    // keys forgotten since the last lookup, before they were looked up, because there were too many
	Err       error    // why the last of them can't be published
}

// StrandedInfo says that rows wait above the highest key drawn, and how to release them.
type StrandedInfo struct {
	Rows         int
	Text, Remedy string
}
