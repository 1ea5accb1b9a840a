package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// session is one client, from Open to Close. It ends with the first record that fails, or when Kafka has acknowledged
// nothing for too long. Whatever is still in flight then fails for the same reason.
type session struct {
	client  *kgo.Client
	limits  limits
	failure atomic.Pointer[error] // the first error of a record: nothing is accepted after it
	refusal atomic.Pointer[error] // why a message was not handed over: no later message is
	flights sync.WaitGroup        // batches whose done has not been called

	underway atomic.Int64          // the same number, readable
	acks     atomic.Int64          // records acknowledged
	epoch    atomic.Int32          // of the producer, plus one; 0 before the first record was sent
	trouble  atomic.Pointer[error] // the last error of a connection

	failed  chan struct{} // closed by the first failure
	quit    chan struct{} // closed by Close
	watched sync.WaitGroup
	end     func() // closes the client, once
}

// start begins to use the client.
func (s *session) start(client *kgo.Client, limits limits, timeout time.Duration) {
	s.client, s.limits = client, limits
	s.failed, s.quit = make(chan struct{}), make(chan struct{})
	s.end = sync.OnceFunc(client.Close)
	s.watched.Go(func() { s.watch(timeout) })
}

// close gives up what is not acknowledged. The client reports it from another goroutine, which must end before the
// batches' memory is used again.
func (s *session) close() {
	close(s.quit)
	s.end()
	s.watched.Wait()
	s.flights.Wait()
}

// fail notes the first failure, which ends the session.
func (s *session) fail(err error) {
	if s.failure.CompareAndSwap(nil, &err) {
		close(s.failed)
	}
}

// watch closes the client after a failure, or if records are in flight and none was acknowledged for the timeout: the
// client itself never gives up a record that a broker may have.
func (s *session) watch(timeout time.Duration) {
	tick := time.NewTicker(timeout/8 + 1)
	defer tick.Stop()
	seen, since := s.acks.Load(), time.Now()
	for {
		select {
		case <-s.quit:
			return
		case <-s.failed:
			s.end()
			return
		case <-tick.C:
		}
		if n := s.acks.Load(); n != seen || s.underway.Load() == 0 {
			seen, since = n, time.Now()
		}
		if time.Since(since) >= timeout {
			s.fail(s.silence(timeout))
		}
	}
}

// silence says that nothing is acknowledged, and why, if that is known.
func (s *session) silence(timeout time.Duration) error {
	if last := s.trouble.Load(); last != nil {
		return fmt.Errorf("nothing was acknowledged by Kafka for %v: %w", timeout, *last)
	}
	return fmt.Errorf("nothing was acknowledged by Kafka for %v", timeout)
}

// errSpent is what a session's client gets when it tries to go on after a failure.
var errSpent = errors.New("the producer has failed and is being replaced")

// gate wraps how the session's client connects, so that a record that has failed is never overtaken (Promises 2 and 3).
// After a failure the client starts a new epoch of its producer and sends in it what was handed over in the meantime,
// before it reports the failure. So no second epoch may leave this process.
func (s *session) gate(dial dialer) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			s.trouble.Store(&err)
			return nil, err
		}
		return &gated{Conn: c, session: s}, nil
	}
}

// gated is a connection of a session.
type gated struct {
	net.Conn
	session *session
}

// Write is called with one whole request at a time.
func (g *gated) Write(request []byte) (int, error) {
	if kmsg.Key(binary.BigEndian.Uint16(request[4:])) == kmsg.Produce { // after its length
		if g.session.failure.Load() != nil {
			return 0, errSpent
		}
		if err := g.session.sameEpoch(request); err != nil {
			g.session.trouble.Store(&err)
			return 0, err
		}
	}
	return g.noted(g.Conn.Write(request))
}

func (g *gated) Read(b []byte) (int, error) { return g.noted(g.Conn.Read(b)) }

// noted remembers what went wrong, unless we closed the connection ourselves.
func (g *gated) noted(n int, err error) (int, error) {
	if err != nil && !errors.Is(err, net.ErrClosed) {
		g.session.trouble.Store(&err)
	}
	return n, err
}

// Positions of the client ID in a produce request, and of the producer's epoch in a record batch.
const (
	clientIDAt = 12
	epochAt    = 51
)

// sameEpoch refuses a produce request in any epoch but the session's first.
func (s *session) sameEpoch(request []byte) error {
	p := kmsg.NewPtrProduceRequest()
	p.Version = int16(binary.BigEndian.Uint16(request[6:]))
	body := clientIDAt + 2 + int(binary.BigEndian.Uint16(request[clientIDAt:]))
	if p.IsFlexible() {
		body++ // no tags
	}
	if err := p.UnsafeReadFrom(request[body:]); err != nil {
		return fmt.Errorf("read the request to be sent: %w", err)
	}
	for _, topic := range p.Topics {
		for _, partition := range topic.Partitions {
			if len(partition.Records) < epochAt+2 {
				return errors.New("read the request to be sent: a batch is too short")
			}
			epoch := int32(binary.BigEndian.Uint16(partition.Records[epochAt:])) + 1
			if !s.epoch.CompareAndSwap(0, epoch) && s.epoch.Load() != epoch {
				return errSpent
			}
		}
	}
	return nil
}
