package replicate

import (
	"errors"
	"math/rand/v2"
	"time"
)

// machine is the loop's core. step takes one event and appends what is to be done to out; it holds no
// goroutine and no clock, so that one seed replays any run.
//
//	standby ──lease──▶ starting ──sink, offset, source──▶ running ──stop or failure──▶ stopping ──▶ exit
//	   ▲                                                     │
//	   └──────────────── another holds the lease ────────────┘
type machine[K Key] struct {
	cfg        Config
	hooks      *Hooks
	hasLease   bool
	hasWitness bool
	rng        *rand.Rand
	now        time.Time
	out        []action

	phase   phase
	failure error // why the run stops; nil for a requested stop
	tries   [timerKinds]int
	armed   [timerKinds]uint64 // number of the timer that counts, of each kind

	lease  leaseState
	source sourceState
	sink   sinkState[K]
	store  storeState
	once   onceState[K]

	watch    watch[K]     // keys that the late-row audit looks up again
	auditing []watched[K] // those of the lookup under way

	horizon  horizon[K] // belongs to the poll while one is under way
	loaded   bool       // acked and next hold what was loaded in this tenure, or are further on
	acked    position[K]
	next     position[K] // the last row handed to the sink; polls read on from here
	waiting  bool        // the pause after a poll without further rows
	pollFrom time.Time
	stuckAt  time.Time // when a stuck horizon was last reported

	recheckEvery, refreshEvery time.Duration
	copied                     witnessState
}

type phase uint8

const (
	phaseStandby  phase = iota // waiting for the lease
	phaseStarting              // opening the sink, loading the offset, opening the source for the first time
	phaseRunning
	phaseStopping // no more polls: flush, commit, leave
	phaseDone
)

// position is an offset with its key as a number.
type position[K Key] struct {
	key    K
	offset Offset // zero: before the first row
}

// before reports whether rows with key k are still to be read after p.
func (p position[K]) before(k K) bool { return p.offset.IsZero() || k > p.key }

type leaseState struct {
	held    bool
	asking  bool
	asked   time.Time
	holder  string // as last reported
	failing bool   // reported that it can't be renewed
}

type sourceState struct {
	open, busy bool // busy: an operation is under way
	closing    bool // the answer under way is of no interest any more
	stale      bool // the poll under way began before the position was set back
	since      time.Time

	recheckDue, auditDue bool // to be done as soon as no operation is under way
}

type sinkState[K Key] struct {
	open, busy bool
	opened     time.Time
	info       SinkInfo
	nextID     uint64
	inFlight   []flight[K] // in publication order
}

// flight is a batch that waits for its acknowledgement.
type flight[K Key] struct {
	id          uint64
	last        position[K]
	rows, bytes int
	acked       bool
	since       time.Time
	late        []watched[K] // rows of the audit, which have no part in the offset
}

type storeState struct {
	busy     bool
	outdated bool   // the operation under way is from before a step-down
	reload   bool   // load as soon as the operation under way has ended
	paused   bool   // the commit interval, or the backoff after a failure
	stored   Offset // as last written or loaded
	failing  bool
	since    time.Time
}

type witnessState struct {
	busy          bool
	saving, saved Offset
	tried         bool // at the stop, which tries once
}

type onceState[K Key] struct {
	fenced  bool
	covered bool // everything up to target is settled
	handed  bool // and was handed to the sink
	target  K
	any     bool // there is something to wait for
	until   time.Time
}

// recheckInterval is how often a running source verifies again what it verified when it opened, and
// refreshInterval how often the offset is written once more. The first witness comes soon: a job that is
// started again and again would else never have one.
const (
	recheckInterval = 5 * time.Minute
	refreshInterval = 30 * time.Second
	witnessSoon     = time.Second
)

func newMachine[K Key](cfg Config, hooks *Hooks, hasLease, hasWitness bool, seed uint64) *machine[K] {
	m := &machine[K]{cfg: cfg, hooks: hooks, hasLease: hasLease, hasWitness: hasWitness,
		recheckEvery: recheckInterval, refreshEvery: refreshInterval}
	m.rng = rand.New(rand.NewPCG(seed, 1))
	m.horizon.delay = cfg.SettleDelay
	if !cfg.AuditOff {
		m.watch.max, m.watch.keep = cfg.AuditKeys, cfg.AuditKeep
	}
	return m
}

// start returns the first actions.
func (m *machine[K]) start(now time.Time) []action {
	m.now, m.out = now, nil
	if m.hasLease {
		m.state("standby")
		m.askLease()
	} else {
		m.begin()
	}
	return m.out
}

// step takes one event and returns what is to be done, in order.
func (m *machine[K]) step(ev event, now time.Time) []action {
	m.now, m.out = now, nil
	switch ev := ev.(type) {
	case evLease:
		m.onLease(ev)
	case evSinkOpened:
		m.onSinkOpened(ev)
	case evLoaded:
		m.onLoaded(ev)
	case evSourceOpened:
		m.onSourceOpened(ev)
	case evPolled[K]:
		m.onPolled(ev)
	case evLooked[K]:
		m.onLooked(ev)
	case evPublished:
		m.onPublished(ev)
	case evCommitted:
		m.onCommitted(ev)
	case evWitnessSaved:
		m.onWitnessSaved(ev)
	case evDescribed:
		m.onDescribed(ev)
	case evRechecked:
		m.onRechecked(ev)
	case evTimer:
		if ev.n == m.armed[ev.timer] {
			m.onTimer(ev.timer)
		}
	case evStop:
		m.stop(nil)
	}
	m.pump()
	return m.out
}

func (m *machine[K]) do(a action) { m.out = append(m.out, a) }

// arm starts a timer. An earlier one of its kind counts no more, even if its event is already on the way.
func (m *machine[K]) arm(timer timerKind, delay time.Duration) {
	m.armed[timer]++
	m.do(actTimer{timer, m.armed[timer], delay})
}

func (m *machine[K]) state(name string) {
	if m.hooks.OnState != nil {
		m.hooks.OnState(StateInfo{State: name, Offset: m.acked.offset})
	}
}

// retry arms timer with a jittered exponential backoff and reports it.
func (m *machine[K]) retry(timer timerKind, op string, err error) {
	m.tries[timer]++
	longest := m.cfg.RetryMax
	if timer == timerLease {
		longest = min(longest, m.cfg.LeaseTTL/3) // whoever took it meanwhile must be noticed soon
	}
	ceiling := m.cfg.RetryMin << min(m.tries[timer]-1, 20)
	if ceiling <= 0 || ceiling > longest {
		ceiling = longest
	}
	delay := ceiling/2 + time.Duration(m.rng.Int64N(int64(ceiling/2)+1))
	if m.hooks.OnRetry != nil {
		m.hooks.OnRetry(RetryInfo{Op: op, Attempt: m.tries[timer], Delay: delay, Err: err})
	}
	m.arm(timer, delay)
}

func (m *machine[K]) onTimer(timer timerKind) {
	switch timer {
	case timerLease:
		m.askLease()
	case timerLeaseEnd:
		m.leaseEnded()
	case timerSink:
		m.openSink()
	case timerLoad:
		m.load(false)
	case timerSource:
		m.openSource()
	case timerPoll:
		m.waiting = false
	case timerCommit:
		m.store.paused = false
	case timerRefresh:
		m.refresh()
	case timerAck:
		m.ackOverdue()
	case timerRecheck:
		m.source.recheckDue = true
	case timerAudit:
		m.source.auditDue = true
	case timerDrain:
		switch {
		case m.phase != phaseStopping:
		case m.flushed():
			m.exit(m.failure) // only the witness is missing, which the next run writes
		default:
			m.exit(errors.Join(m.failure, ErrDrainTimeout))
		}
	}
}

// pump starts whatever can be started now.
func (m *machine[K]) pump() {
	m.poll()
	m.commit()
	m.finish()
}

// stop begins a graceful stop. err is nil when it was asked for, else the failure that ends the run.
func (m *machine[K]) stop(err error) {
	if m.phase >= phaseStopping {
		return
	}
	idle := m.phase == phaseStandby
	m.phase, m.failure, m.waiting = phaseStopping, err, false
	m.state("stopping")
	if idle {
		m.exit(err)
		return
	}
	m.arm(timerDrain, m.cfg.DrainTimeout)
}

// finish leaves when a stop has flushed and committed all that was published.
func (m *machine[K]) finish() {
	if m.phase == phaseStopping && m.flushed() && !m.lastWitness() {
		m.exit(m.failure)
	}
}

func (m *machine[K]) flushed() bool {
	return len(m.sink.inFlight) == 0 && !m.store.busy && !m.dirty()
}

func (m *machine[K]) exit(err error) {
	m.phase = phaseDone
	m.state("stopped")
	// The lease may be ours by a request that is under way.
	m.do(actExit{err: err, release: m.lease.held || m.lease.asking})
}
