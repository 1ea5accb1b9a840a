package postgres

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// silenceMax is how long the server may be silent while an answer is awaited. It bounds the wait for a
// server that is gone without saying so, as after a power cut or behind a firewall that drops packets, and
// not the time that an answer takes as a whole: a large page over a slow line goes on for as long as
// bytes arrive.
const silenceMax = 30 * time.Second

// dialer opens connections on which a silence is an error.
func dialer(inner pgconn.DialFunc, limit time.Duration) pgconn.DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := inner(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &progressConn{Conn: conn, limit: limit}, nil
	}
}

// progressConn ends a read or write that makes no progress. Deadlines that are set from outside hold too.
type progressConn struct {
	net.Conn
	limit time.Duration

	mu    sync.Mutex
	outer time.Time // as set from outside; zero: none
}

// silenceError is not a timeout in the sense of net.Error, after which the client would go on to use the
// connection.
type silenceError struct{ limit time.Duration }

func (e *silenceError) Error() string {
	return fmt.Sprintf("the server was silent for %v: it is gone, or the table is locked", e.limit)
}

func (c *progressConn) Read(b []byte) (int, error) {
	if err := c.begin(c.Conn.SetReadDeadline); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	return n, c.end(err)
}

func (c *progressConn) Write(b []byte) (int, error) {
	if err := c.begin(c.Conn.SetWriteDeadline); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b)
	return n, c.end(err)
}

// begin sets the nearer one of both deadlines.
func (c *progressConn) begin(set func(time.Time) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return set(c.nearer())
}

func (c *progressConn) nearer() time.Time {
	own := time.Now().Add(c.limit)
	if !c.outer.IsZero() && c.outer.Before(own) {
		return c.outer
	}
	return own
}

// end tells our own deadline from one that was set from outside.
func (c *progressConn) end(err error) error {
	if err == nil || !os.IsTimeout(err) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.outer.IsZero() && !time.Now().Before(c.outer) {
		return err
	}
	return &silenceError{limit: c.limit}
}

// SetDeadline is called by the client, to interrupt what is under way when its context ends.
func (c *progressConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outer = t
	return c.Conn.SetDeadline(c.nearer())
}
