package replicate

import "time"

// Hooks lets others see what the loop does: metrics, logs, tests. Each function is optional, is called
// for each batch or event and never for each row, from one goroutine at a time, and must return fast.
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
	// OnStranded is told now and then, while there are such rows.
	OnStranded func(StrandedInfo)
}

// MergeHooks returns hooks that call those of each, in order.
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

// both calls a and then b, where they are set. It is nil where neither is.
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
	StateStopping State = "stopping" // it polls no more, and waits for acknowledgements
	StateStopped  State = "stopped"
)

// StateInfo says that the job has entered another state.
type StateInfo struct {
	State  State
	Offset Offset // the offset in force, if it is known
}

// PollInfo describes a poll that has ended.
type PollInfo struct {
	Rows, Bytes int
	BadRows     int64 // rows that went to the dead-letter topic
	More        bool
	HorizonAge  time.Duration // for how long open transactions have held the horizon back
	Behind      uint64        // keys drawn beyond the last row read: as many rows are still to come, or fewer
	Above       bool          // rows with keys that the sequence has not drawn wait beyond the horizon
	Unused      bool          // the page came too late, after a failure: its rows are read again
	Duration    time.Duration
	Err         error
}

// PublishInfo describes a batch that was acknowledged or has failed.
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

// Op is an operation that is tried again after a failure.
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

// RetryInfo says that an operation failed and will be tried again after Delay.
type RetryInfo struct {
	Op      Op
	Attempt int
	Delay   time.Duration
	Until   time.Time // when a run with Once set gives up; zero for others
	Err     error
}

// LeaseInfo describes a change of the lease, or that it can't be renewed.
type LeaseInfo struct {
	Held   bool
	Holder string    // who holds it, where it is not ours
	Until  time.Time // when a run with Once set gives up waiting for it; zero for others
	Err    error
}

// HorizonInfo says that the horizon has been held back for Age, and by whom.
type HorizonInfo struct {
	Age     time.Duration
	Holders []string
}

// AuditInfo is the result of a lookup of the late-row audit.
type AuditInfo struct {
	Late      []string // keys of rows that appeared where a gap had been passed
	Published bool     // they are published, as the configuration asks
	Watched   int      // keys that will be looked up again
	Forgotten int64    // keys that, since the last lookup, were forgotten unseen because there were too many
	Err       error    // the last of them can't be published
}

// StrandedInfo says that rows wait above the highest key drawn, and what lets them go.
type StrandedInfo struct {
	Rows         int
	Text, Remedy string
}
