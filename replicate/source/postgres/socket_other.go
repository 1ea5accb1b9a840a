//go:build !linux

package postgres

import (
	"errors"
	"net"
	"time"
)

// setUserTimeout does nothing, as libpq does where the system has no such option.
func setUserTimeout(uintptr, time.Duration) error { return nil }

func peerName(*net.UnixConn) (string, error) {
	return "", errors.New("requirepeer is supported on Linux alone")
}
