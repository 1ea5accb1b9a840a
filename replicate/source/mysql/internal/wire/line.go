package wire

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// line is a connection on which a silence of the server is an error, and which can be given up from outside.
type line struct {
	net.Conn
	silence time.Duration // 0: no limit
	over    atomic.Bool
}

// giveUp ends what is under way, and all that would follow.
func (l *line) giveUp() {
	l.over.Store(true)
	_ = l.SetDeadline(time.Unix(1, 0)) // a connection that is closed already needs none
}

func (l *line) Read(b []byte) (int, error) {
	return l.within(l.SetReadDeadline, l.Conn.Read, b)
}

func (l *line) Write(b []byte) (int, error) {
	return l.within(l.SetWriteDeadline, l.Conn.Write, b)
}

// within bounds one operation. The deadline is set before it is asked whether the line was given up: it can't
// undo the one that giveUp sets.
func (l *line) within(set func(time.Time) error, do func([]byte) (int, error), b []byte) (int, error) {
	if l.silence > 0 {
		if err := set(time.Now().Add(l.silence)); err != nil {
			return 0, err
		}
	}
	if l.over.Load() {
		return 0, os.ErrDeadlineExceeded
	}
	n, err := do(b)
	if err != nil && os.IsTimeout(err) && !l.over.Load() {
		err = fmt.Errorf("the server was silent for %v: it is gone, or the table is locked", l.silence)
	}
	return n, err
}
