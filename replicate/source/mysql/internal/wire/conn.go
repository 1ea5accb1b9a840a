package wire

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Capabilities that are asked for.
const (
	capLongPassword   = 1 << 0
	capLongFlag       = 1 << 2
	capConnectWithDB  = 1 << 3
	capProtocol41     = 1 << 9
	capTLS            = 1 << 11
	capTransactions   = 1 << 13
	capSecure         = 1 << 15
	capMultiResults   = 1 << 17
	capMultiStatement = 1 << 16
	capPSMultiResults = 1 << 18
	capPluginAuth     = 1 << 19
	capConnectAttrs   = 1 << 20

	capAlways = capLongPassword | capLongFlag | capProtocol41 | capTransactions | capSecure | capMultiStatement |
		capMultiResults | capPSMultiResults | capPluginAuth
)

// utf8mb4General is the collation that the connection begins with. Both servers know its number.
const utf8mb4General = 45

// Config says where to connect, and as whom.
type Config struct {
	Network, Address         string // "tcp" and host:port, or "unix" and a path
	User, Password, Database string
	TLS                      *tls.Config   // nil: not encrypted
	TLSOptional              bool          // go on without where the server has no TLS
	Attributes               [][2]string   // told to the server's list of sessions
	PacketMax                int           // bytes that a row may have
	Silence                  time.Duration // how long the server may say nothing while an answer is awaited; 0: forever
	Dial                     func(ctx context.Context, network, address string) (net.Conn, error)
}

// Conn is a connection. Its methods are called one at a time.
type Conn struct {
	packets
	Version string // as the server tells it
	ID      uint32 // of the connection

	config *Config
	line   *line
	conn   net.Conn // the line, or what encrypts it
	caps   uint32
	secret bool // nobody can read along: encrypted, or a socket of this machine
	more   bool // another answer follows
	result Result
}

// Connect connects and logs in.
func Connect(ctx context.Context, config *Config) (*Conn, error) {
	dial := config.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, config.Network, config.Address)
	if err != nil {
		return nil, err
	}
	c := &Conn{config: config, line: &line{Conn: conn, silence: config.Silence}, secret: config.Network == "unix"}
	c.conn = c.line
	c.init(c.line, config.PacketMax)
	stop := c.Until(ctx)
	err = c.handshake(ctx)
	if stopErr := stop(); err == nil {
		err = stopErr
	}
	if err != nil {
		_ = conn.Close() // the error that counts is the first
		return nil, err
	}
	return c, nil
}

// Until ends what is under way when ctx does. stop ends that, and returns ctx's error where it came to it: the
// connection can't be used any more then.
func (c *Conn) Until(ctx context.Context) (stop func() error) {
	if ctx.Done() == nil {
		return func() error { return nil }
	}
	if ctx.Err() != nil {
		c.line.giveUp()
	}
	ended := context.AfterFunc(ctx, c.line.giveUp)
	return func() error {
		if ended() {
			return nil
		}
		return ctx.Err()
	}
}

// Close says farewell, which a server that is gone need not hear, and closes the connection.
func (c *Conn) Close(wait time.Duration) error {
	c.line.silence = wait
	c.out = c.out[:0]
	c.begin(comQuit)
	if c.end() == nil {
		_ = c.flush()
	}
	return c.conn.Close()
}

// greeting is the server's first packet.
type greeting struct {
	version, plugin string
	id, caps        uint32
	nonce           []byte
}

func parseGreeting(p []byte) (g greeting, err error) {
	if len(p) == 0 {
		return g, errProtocol("an empty greeting")
	}
	if p[0] == 0xff {
		return g, parseError(p)
	}
	end := slices.Index(p[1:], 0)
	if p[0] != 10 || end < 0 || len(p) < end+2+4+8+1+2+1+2+2+1+10 {
		return g, errProtocol("the greeting is not that of version 10")
	}
	g.version = string(p[1 : 1+end])
	p = p[end+2:]
	g.id = binary.LittleEndian.Uint32(p)
	g.nonce = append(g.nonce, p[4:12]...)
	g.caps = uint32(p[13]) | uint32(p[14])<<8 | uint32(p[18])<<16 | uint32(p[19])<<24
	more := max(13, int(p[20])-8)
	p = p[31:]
	if len(p) < more {
		return g, errProtocol("the greeting has a short nonce")
	}
	g.nonce = append(g.nonce, p[:more-1]...)
	plugin, _, _ := strings.Cut(string(p[more:]), "\x00")
	g.plugin = plugin
	return g, nil
}

func (c *Conn) handshake(ctx context.Context) error {
	p, err := c.read()
	if err != nil {
		return fmt.Errorf("no greeting: %w", err)
	}
	g, err := parseGreeting(p)
	if err != nil {
		return err
	}
	c.Version, c.ID = g.version, g.id
	if missing := capAlways &^ g.caps &^ capPSMultiResults &^ capLongPassword; missing != 0 {
		return errors.New("the server lacks capabilities 0x" + strconv.FormatUint(uint64(missing), 16))
	}
	c.caps = capAlways & g.caps
	if c.config.Database != "" {
		c.caps |= capConnectWithDB
	}
	c.caps |= g.caps & capConnectAttrs
	switch {
	case c.config.TLS == nil:
	case g.caps&capTLS != 0:
		c.caps |= capTLS
		if err := c.encrypt(ctx); err != nil {
			return err
		}
	case !c.config.TLSOptional:
		return errors.New("the server offers no TLS, and the URI asks for it")
	}
	return c.login(g)
}

// encrypt asks for TLS and goes on within.
func (c *Conn) encrypt(ctx context.Context) error {
	c.open()
	c.appendCaps()
	if err := errors.Join(c.end(), c.flush()); err != nil {
		return err
	}
	encrypted := tls.Client(c.conn, c.config.TLS)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	c.conn, c.secret = encrypted, true
	c.from, c.to = 0, 0
	c.init(encrypted, c.max)
	return nil
}

func (c *Conn) appendCaps() {
	c.out = binary.LittleEndian.AppendUint32(c.out, c.caps)
	c.out = binary.LittleEndian.AppendUint32(c.out, uint32(min(c.max, 1<<30)))
	c.out = append(c.out, utf8mb4General)
	c.out = append(c.out, make([]byte, 23)...)
}

// login proves the password, and answers what the server asks of it further.
func (c *Conn) login(g greeting) error {
	proof, err := c.prove(g.plugin, g.nonce)
	if err != nil && !errors.Is(err, ErrUnknownPlugin) {
		return err
	}
	c.open()
	c.appendCaps()
	c.out = append(append(c.out, c.config.User...), 0)
	c.out = append(append(c.out, byte(len(proof))), proof...)
	if c.config.Database != "" {
		c.out = append(append(c.out, c.config.Database...), 0)
	}
	c.out = append(append(c.out, g.plugin...), 0)
	if c.caps&capConnectAttrs != 0 {
		var attributes []byte
		for _, a := range c.config.Attributes {
			attributes = append(appendLenenc(attributes, len(a[0])), a[0]...)
			attributes = append(appendLenenc(attributes, len(a[1])), a[1]...)
		}
		c.out = append(appendLenenc(c.out, len(attributes)), attributes...)
	}
	if err := errors.Join(c.end(), c.flush()); err != nil {
		return err
	}
	return c.finishLogin(g.plugin, g.nonce)
}
