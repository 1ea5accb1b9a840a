// Package loopconfig has the settings of package loop, which calls them loop.Config. They have their own package so
// that the machine inside loop can use them too.
package loopconfig

import (
	"errors"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// SettingOnceWait is the name of Config.OnceWait in errors.
const SettingOnceWait replicate.Setting = "loop.Config.OnceWait"

// Config says how a Replicator runs its job. A field left at zero has its default.
type Config struct {
	// PollInterval is the longest pause between two polls, which is the pause of an idle table. Required.
	PollInterval time.Duration
	// PollLeast is the shortest pause, which follows a poll without rows while there is traffic. It never exceeds
	// PollInterval. Default 1 ms.
	PollLeast time.Duration
	// LookInterval is the longest time between two full polls while brief looks find nothing new. Default 5 s.
	LookInterval time.Duration
	// PageRows is the most rows that one poll reads. Default 5,000.
	PageRows int
	// PageBytes bounds the messages made from a page. The row that reaches it is the page's last. Default 4 MiB.
	PageBytes int
	// InFlight is the most batches, each made from a page, that may wait to be acknowledged. With PageBytes it
	// bounds memory. Default 4.
	InFlight int
	// CommitInterval is the shortest time between two writes of the offset. Each write covers everything that was
	// acknowledged in between. Default 100 ms.
	CommitInterval time.Duration
	// AckTimeout is how long a batch may wait to be acknowledged. After that the sink is closed and opened again, as
	// after an error, so that a silent sink is reported. Default 2 minutes.
	AckTimeout time.Duration
	// DrainTimeout bounds a graceful stop. Default 20 s.
	DrainTimeout time.Duration
	// LeaseTTL is the time within which a standby takes over from a holder that has crashed. The lease itself
	// expires after 90% of it, and a standby asks often enough to take it in the rest. Default 10 s.
	LeaseTTL time.Duration
	// LeaseStrict stops publishing when the lease can't be renewed in time, instead of going on and
	// risking duplicates. Default off.
	LeaseStrict bool
	// StandbyInterval is the pause between a standby's attempts to take the lease. Default 500 ms, or a twentieth of
	// LeaseTTL if that is less.
	StandbyInterval time.Duration
	// StuckAfter is how old an open transaction must be before it is reported as holding the horizon back.
	// Default 60 s.
	StuckAfter time.Duration
	// SettleDelay is how long every row waits, in addition to waiting for the holders. Default 0.
	SettleDelay time.Duration
	// AuditOff turns the late-row audit off. It is on by default if the source can look up keys.
	AuditOff bool
	// AuditPublish publishes the late rows that the audit finds. By default they are only reported.
	AuditPublish bool
	// AuditKeep is how long the audit keeps looking into a gap between keys. Default 10 minutes.
	AuditKeep time.Duration
	// AuditKeys is the most missing keys that the audit remembers. Default 50,000.
	AuditKeys int
	// AuditInterval is the pause between two lookups. Default 10 s.
	AuditInterval time.Duration
	// RetryMin and RetryMax bound the jittered exponential backoff. Defaults 100 ms and 15 s.
	RetryMin, RetryMax time.Duration
	// RecheckInterval is how often a running source repeats the checks that it made when it opened. Default 5
	// minutes.
	RecheckInterval time.Duration
	// RefreshInterval is how often the offset is written again, to the store and to its witness. Default 30 s.
	RefreshInterval time.Duration
	// Once ends the run when everything that was committed at its start has been published.
	Once bool
	// OnceWait bounds how long Once waits for transactions that were open at the start. Default 30 s.
	OnceWait time.Duration
}

// WithDefaults returns a copy with every zero field set to its default.
func (c Config) WithDefaults() Config {
	defaultTo(&c.PollLeast, time.Millisecond)
	defaultTo(&c.LookInterval, 5*time.Second)
	defaultTo(&c.PageRows, 5_000)
	defaultTo(&c.PageBytes, 4<<20)
	defaultTo(&c.InFlight, 4)
	defaultTo(&c.CommitInterval, 100*time.Millisecond)
	defaultTo(&c.AckTimeout, 2*time.Minute)
	defaultTo(&c.DrainTimeout, 20*time.Second)
	defaultTo(&c.LeaseTTL, 10*time.Second)
	defaultTo(&c.StandbyInterval, min(500*time.Millisecond, c.LeaseTTL/20))
	defaultTo(&c.StuckAfter, time.Minute)
	defaultTo(&c.AuditKeep, 10*time.Minute)
	defaultTo(&c.AuditKeys, 50_000)
	defaultTo(&c.AuditInterval, 10*time.Second)
	defaultTo(&c.RetryMin, 100*time.Millisecond)
	defaultTo(&c.RetryMax, 15*time.Second)
	defaultTo(&c.RecheckInterval, 5*time.Minute)
	defaultTo(&c.RefreshInterval, 30*time.Second)
	defaultTo(&c.OnceWait, 30*time.Second)
	return c
}

func defaultTo[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate reports the first value that can't work.
func (c Config) Validate() error {
	switch {
	case c.PollInterval <= 0:
		return errors.New("the poll interval must be positive")
	case c.PageRows < 1, c.PageBytes < 1, c.InFlight < 1:
		return errors.New("the limits of a page, and the number of batches in flight, must be at least 1")
	case c.AuditKeys < 0:
		return errors.New("the number of keys that the audit remembers must not be negative")
	case min(c.PollLeast, c.LookInterval, c.CommitInterval, c.AckTimeout, c.DrainTimeout, c.LeaseTTL, c.StandbyInterval,
		c.StuckAfter, c.SettleDelay, c.AuditKeep, c.AuditInterval, c.RetryMin, c.RetryMax, c.RecheckInterval,
		c.RefreshInterval, c.OnceWait) < 0:
		return errors.New("an interval, a timeout and a delay must not be negative")
	case c.RetryMax < c.RetryMin:
		return errors.New("the longest retry delay is shorter than the shortest")
	}
	return nil
}
