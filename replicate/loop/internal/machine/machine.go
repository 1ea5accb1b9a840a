package machine

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop/loopconfig"
)

// Machine is the loop's core. Step takes one event and returns the actions that follow. There are no goroutines and
// no clock in it, so that any run can be replayed from its seed.
//
//	standby ──lease──▶ starting ──sink, offset, source──▶ running ──stop or failure──▶ stopping ──▶ exit
//	   ▲                                                     │
//	   └──────────────── another holds the lease ────────────┘
type Machine[K replicate.Key] struct {
	config     loopconfig.Config
	hooks      *replicate.Hooks
	hasLease   bool
	hasWitness bool
	rng        *rand.Rand
	now        time.Time
	out        []Action

	phase   Phase
	failure error // why the run stops; nil for a requested stop
	tries   [TimerKinds]int
	failing [TimerKinds]time.Time // since when, if tries is not 0
	armed   [TimerKinds]uint64    // number of the current timer of each kind

	lease  leaseState
	source sourceState
	sink   sinkState[K]
	store  storeState
	once   onceState[K]

	gaps     gaps[K]  // keys that the late-row audit looks up again
	auditing []gap[K] // the ones that the current lookup asks for

	horizon  *Horizon[K] // nil while a poll has it
	loaded   bool        // acked and next hold this tenure's loaded offset, or are further on
	acked    Position[K]
	next     Position[K] // the last row handed to the sink; polls continue from here
	waiting  bool        // pausing after a poll without rows
	newsAt   time.Time   // when something new was last seen; pauses grow from then on
	heldBack bool        // the current poll, or the last one, began while keys waited for transactions to end
	drained  drained[K]
	lookedAt time.Time // when the last full poll began
	pollFrom time.Time
	stuckAt  time.Time // when a stuck horizon was last reported
	// strandedAt is when rows above the highest key drawn were last reported.
	strandedAt time.Time

	witness witnessState
}

// Phase is what a job is doing.
type Phase uint8

// The phases of a job.
const (
	PhaseStandby  Phase = iota // waiting for the lease
	PhaseStarting              // opening the sink, loading the offset, opening the source for the first time
	PhaseRunning               // polling
	PhaseStopping              // no more polls: flush, commit, release
	PhaseDone                  // the last action was Exit
)

// Position is an offset with its key parsed.
type Position[K replicate.Key] struct {
	Key    K
	Offset replicate.Offset // zero: before the first row
}

// Before reports whether a row with key k is still to be read after p.
func (p Position[K]) Before(k K) bool { return p.Offset.IsZero() || k > p.Key }

type leaseState struct {
	held    bool
	asking  bool
	asked   time.Time
	holder  string    // as last reported
	waiting time.Time // since when another instance has held it
	failing bool      // reported that it can't be renewed
}

type sourceState struct {
	open, busy bool // busy: an operation is under way
	closing    bool // the pending answer no longer matters
	stale      bool // the current poll began before the position was set back
	since      time.Time

	recheckDue, auditDue, strandedDue bool // to do as soon as no operation is under way
}

type sinkState[K replicate.Key] struct {
	open, busy bool
	opened     time.Time
	info       replicate.SinkInfo
	nextID     uint64
	inFlight   []inFlight[K] // in publication order
}

// inFlight is a batch that waits for its acknowledgement.
type inFlight[K replicate.Key] struct {
	id          uint64
	last        Position[K]
	rows, bytes int
	acked       bool
	since       time.Time
	late        []gap[K] // rows of the audit, which don't count for the offset
}

type storeState struct {
	busy     bool
	outdated bool             // the current operation is from before a step-down
	reload   bool             // load as soon as the current operation has ended
	paused   bool             // the commit interval, or the backoff after a failure
	stored   replicate.Offset // as last written or loaded
	failing  bool
	since    time.Time
}

type witnessState struct {
	busy          bool
	saving, saved replicate.Offset
	tried         bool // at the stop, which tries once
}

// firstWitness is how soon the first witness follows the first acknowledgement: otherwise a job that keeps being
// restarted would never have one.
const firstWitness = time.Second

// New returns a machine that is ready to start. seed determines the jitter of retries.
func New[K replicate.Key](
	cfg loopconfig.Config, hooks *replicate.Hooks, hasLease, hasWitness bool, seed uint64,
) *Machine[K] {
	m := &Machine[K]{config: cfg, hooks: hooks, hasLease: hasLease, hasWitness: hasWitness,
		rng: rand.New(rand.NewPCG(seed, 1)), horizon: NewHorizon[K](cfg.SettleDelay)}
	if !cfg.AuditOff {
		m.gaps.max, m.gaps.keep = cfg.AuditKeys, cfg.AuditKeep
	}
	return m
}

// Start returns the first actions.
func (m *Machine[K]) Start(now time.Time) []Action {
	m.now, m.out = now, nil
	if m.hasLease {
		m.state(replicate.StateStandby)
		m.askLease()
	} else {
		m.begin()
	}
	return m.out
}

// Step takes one event and returns what to do, in order.
func (m *Machine[K]) Step(ev Event, now time.Time) []Action {
	m.now, m.out = now, nil
	switch ev := ev.(type) {
	case LeaseAnswered:
		m.onLease(ev)
	case SinkOpened:
		m.onSinkOpened(ev)
	case OffsetLoaded:
		m.onLoaded(ev)
	case SourceOpened:
		m.onSourceOpened(ev)
	case Polled[K]:
		m.onPolled(ev)
	case LookedUp[K]:
		m.onLooked(ev)
	case Published:
		m.onPublished(ev)
	case Committed:
		m.onCommitted(ev)
	case WitnessSaved:
		m.onWitnessSaved(ev)
	case HoldersDescribed:
		m.onDescribed(ev)
	case StrandedFound[K]:
		m.onStranded(ev)
	case Rechecked:
		m.onRechecked(ev)
	case TimerFired:
		if ev.N == m.armed[ev.Timer] {
			m.onTimer(ev.Timer)
		}
	case Retuned:
		m.retune(ev.Config)
	case StopRequested:
		m.stop(nil)
	}
	m.pump()
	return m.out
}

// retune takes the settings that apply from the next poll, pause or stop. All others need a restart.
func (m *Machine[K]) retune(c loopconfig.Config) {
	m.config.PollInterval = c.PollInterval
	m.config.PageRows, m.config.PageBytes = c.PageRows, c.PageBytes
	m.config.StuckAfter = c.StuckAfter
	m.config.DrainTimeout = c.DrainTimeout
	m.config.AuditInterval = c.AuditInterval
}

func (m *Machine[K]) do(a Action) { m.out = append(m.out, a) }

// arm starts a timer. An earlier one of its kind no longer counts, even if its event is already on its way.
func (m *Machine[K]) arm(timer TimerKind, delay time.Duration) {
	m.armed[timer]++
	m.do(StartTimer{timer, m.armed[timer], delay})
}

func (m *Machine[K]) state(state replicate.State) {
	if m.hooks.OnState != nil {
		m.hooks.OnState(replicate.StateInfo{State: state, Offset: m.acked.Offset})
	}
}

// retry arms timer with a jittered exponential backoff and reports it.
func (m *Machine[K]) retry(timer TimerKind, op replicate.Op, err error) {
	m.tries[timer]++
	longest := m.config.RetryMax
	if timer == TimerLease {
		longest = min(longest, m.config.LeaseTTL/3) // a new holder must be noticed soon
	}
	ceiling := m.config.RetryMin << min(m.tries[timer]-1, 20)
	if ceiling <= 0 || ceiling > longest {
		ceiling = longest
	}
	delay := ceiling/2 + time.Duration(m.rng.Int64N(int64(ceiling/2)+1))
	if m.tries[timer] == 1 {
		m.failing[timer] = m.now
	}
	var until time.Time
	if m.config.Once && m.phase < PhaseStopping {
		until = m.failing[timer].Add(m.config.OnceWait)
		if !m.now.Before(until) {
			m.stop(m.gaveUp(op, err))
			return
		}
		delay = min(delay, until.Sub(m.now))
	}
	if m.hooks.OnRetry != nil {
		m.hooks.OnRetry(replicate.RetryInfo{Op: op, Attempt: m.tries[timer], Delay: delay, Until: until, Err: err})
	}
	m.arm(timer, delay)
}

func (m *Machine[K]) onTimer(timer TimerKind) {
	switch timer {
	case TimerLease:
		m.askLease()
	case TimerLeaseEnd:
		m.leaseEnded()
	case TimerSink:
		m.openSink()
	case TimerLoad:
		m.load(false)
	case TimerSource:
		m.openSource()
	case TimerPoll:
		m.waiting = false
	case TimerCommit:
		m.store.paused = false
	case TimerRefresh:
		m.refresh()
	case TimerAck:
		m.ackOverdue()
	case TimerRecheck:
		m.source.recheckDue = true
	case TimerAudit:
		m.source.auditDue = true
	case TimerDrain:
		switch {
		case m.phase != PhaseStopping:
		case m.flushed():
			m.exit(m.failure) // only the witness is missing, and the next run writes it
		default:
			m.exit(errors.Join(m.failure, replicate.ErrDrainTimeout))
		}
	}
}

// pump starts whatever can be started now.
func (m *Machine[K]) pump() {
	m.poll()
	m.commit()
	m.finish()
}

// stop begins a graceful stop. err is nil if the stop was requested, and otherwise the failure that ends the run.
func (m *Machine[K]) stop(err error) {
	if m.phase >= PhaseStopping {
		return
	}
	idle := m.phase == PhaseStandby
	m.phase, m.failure, m.waiting = PhaseStopping, err, false
	m.state(replicate.StateStopping)
	if idle {
		m.exit(err)
		return
	}
	m.arm(TimerDrain, m.config.DrainTimeout)
}

// finish ends the run once everything published has been flushed and committed.
func (m *Machine[K]) finish() {
	if m.phase == PhaseStopping && m.flushed() && !m.lastWitness() {
		m.exit(m.failure)
	}
}

func (m *Machine[K]) flushed() bool {
	return len(m.sink.inFlight) == 0 && !m.store.busy && !m.dirty()
}

func (m *Machine[K]) exit(err error) {
	m.phase = PhaseDone
	m.state(replicate.StateStopped)
	// A pending request may have given us the lease.
	m.do(Exit{Err: err, Release: m.lease.held || m.lease.asking})
}
