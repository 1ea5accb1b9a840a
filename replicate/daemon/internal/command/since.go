package command

import (
	"errors"
	"time"
)

// ParseSince reads a duration, which ends now, or a time.
func ParseSince(v string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(v); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	at, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return at, errors.New("expected a duration such as 90m, or a time such as 2026-01-31T15:00:00Z")
	}
	return at, nil
}
