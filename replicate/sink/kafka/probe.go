package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/repliqate/repliqate/replicate"
)

// probeTimeout is how long what is at an address may take to answer as a broker does. The client itself asks for
// longer, and says of another kind of server no more than that it did not understand it.
const probeTimeout = 4 * time.Second

// errOther says that a server of another kind answers.
var errOther = errors.New("what answers there is not a Kafka broker")

// probe asks every address of the settings for what brokers tell anyone. It fails only where all that answer, or hold
// their answer back, are no brokers: whatever else is wrong, the client finds out.
func (s *Sink) probe(ctx context.Context) error {
	dial, err := s.config.dialer()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	answers := make(chan error, len(s.config.Brokers))
	for _, addr := range s.config.Brokers {
		go func() { answers <- ask(ctx, dial, withPort(addr)) }()
	}
	var other, silent error
	for range s.config.Brokers {
		switch err := <-answers; {
		case errors.Is(err, errOther):
			other = err
		case errors.Is(err, os.ErrDeadlineExceeded):
			silent = err
		default: // a broker, or what the client can tell more about
			return nil
		}
	}
	if silent != nil {
		return replicate.Hint(fmt.Errorf("connect to Kafka: %w", silent),
			"if what is there is not a Kafka broker, correct %s; if it waits for TLS, correct %s", SettingBrokers, SettingTLS)
	}
	return replicate.Stop(fmt.Errorf("connect to Kafka: %w", other), "correct %s", SettingBrokers)
}

// ask sends the first request of the protocol and looks at how an answer begins: with its length, and the number that
// the request had.
func ask(ctx context.Context, dial dialer, addr string) error {
	conn, err := dial(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close() // nothing is waited for any more
	if limit, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(limit); err != nil {
			return err
		}
	}
	const number = 0x51A7E // what no text has at its place
	request := binary.BigEndian.AppendUint16(nil, uint16(kmsg.ApiVersions))
	request = binary.BigEndian.AppendUint16(request, 0)
	request = binary.BigEndian.AppendUint32(request, number)
	request = binary.BigEndian.AppendUint16(request, 0xffff) // no client ID
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(request))), request...)); err != nil {
		return err
	}
	answer := make([]byte, 8)
	n, err := io.ReadFull(conn, answer)
	switch {
	case n >= 2 && answer[0] == 0x15 && answer[1] == 3:
		return nil // an alert of TLS, of which the client tells more
	case n == len(answer) && binary.BigEndian.Uint32(answer[4:]) == number, n == 0 && errors.Is(err, io.EOF):
		return nil
	case n > 0:
		return fmt.Errorf("%s: %w", addr, errOther)
	case err != nil && errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%s does not answer as a Kafka broker does, within %v: %w", addr, probeTimeout, err)
	}
	return err
}

// withPort adds Kafka's port to an address without one, as the client does.
func withPort(addr string) string {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return net.JoinHostPort(addr, strconv.Itoa(defaultPort))
	}
	return addr
}

const defaultPort = 9092

// dialer returns what connects as the settings say, and explains an address that can't be reached.
func (c Config) dialer() (dialer, error) {
	dial, err := c.TLS.dialer()
	if err != nil {
		return nil, err
	}
	var seeds []string
	for _, addr := range c.Brokers {
		seeds = append(seeds, withPort(addr))
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil && ctx.Err() == nil {
			err = unreachable(err, addr, slices.Contains(seeds, addr))
		}
		return conn, err
	}, nil
}

// unreachable says who names the address: a broker tells clients under which one it wants to be reached, which is
// often one that is known where it runs alone.
func unreachable(err error, addr string, isSeed bool) error {
	var name *net.DNSError
	var op *net.OpError
	switch {
	case !isSeed && errors.As(err, &name):
		return replicate.Hint(err, "the brokers say that one of them is at "+addr+", a name that does not resolve here:"+
			" correct their advertised.listeners, or let the name resolve")
	case !isSeed && errors.As(err, &op) && op.Op == "dial":
		return replicate.Hint(err, "the brokers say that one of them is at "+addr+", which can't be reached from here:"+
			" correct their advertised.listeners")
	case errors.As(err, &name):
		return replicate.Hint(err, "the name in "+addr+" does not resolve: correct %s, or let it resolve", SettingBrokers)
	}
	return err
}
