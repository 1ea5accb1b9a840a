// Package statsd sends the loop's metrics to a statsd server over UDP, under the names and tags of the Python
// daemon: prefix "repliqate.", InfluxDB-style tags inside the name, one metric per datagram.
//
//	repliqate.source.read,name=orders,version=v1.0.0,success=true,table=orders:1|c
//
//	client.go  the connection
//	hooks.go   which event of the loop becomes which metric
package statsd

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	prefix = "repliqate."
	// queueMax is the most metrics that wait to be sent. Further ones are dropped: the loop must never wait for a
	// metric.
	queueMax = 1024
	// redialInterval is the shortest time between two attempts to resolve the server's name.
	redialInterval = 5 * time.Second
	// closeTimeout bounds how long Close sends what still waits.
	closeTimeout = time.Second
	// refreshDefault is how often a held gauge is sent again, since servers forget gauges that were not sent within a
	// flush interval.
	refreshDefault = 10 * time.Second
)

// Config says where metrics go and what they are tagged with.
type Config struct {
	// Addr is the server's host:port.
	Addr string
	// Job, Version, Table and Topic become the tags name, version, table and topic.
	Job, Version, Table, Topic string
	// Host becomes the tag host of metrics that describe a single instance.
	Host string
	// UnsafeDelay is sent as the gauge settle.unsafe_delay, which marks jobs whose rows settle by waiting instead of by
	// proof.
	UnsafeDelay time.Duration
	// Refresh is how often gauges that seldom change are sent again. Default 10 s.
	Refresh time.Duration
}

// Tag is a name and a value, written into the metric's name.
type Tag struct{ Name, Value string }

// Client sends metrics. All methods return at once: packets go through a bounded queue to a goroutine
// that owns the socket. They are dropped if the queue is full or the server's name can't be resolved.
type Client struct {
	config  Config
	tags    string // the default tags, already written
	queue   chan packet
	dropped atomic.Int64
	closing chan struct{}
	once    sync.Once
	done    chan struct{}
}

// packet is a datagram. held is the name and the tags of a gauge that is sent again at intervals.
type packet struct {
	line []byte
	held string
}

// New returns a client for the server at c.Addr. The connection is made in the background.
func New(c Config) *Client {
	if c.Refresh <= 0 {
		c.Refresh = refreshDefault
	}
	client := &Client{
		config: c, queue: make(chan packet, queueMax), closing: make(chan struct{}), done: make(chan struct{}),
	}
	client.tags = string(appendTags(nil, []Tag{{"name", c.Job}, {"version", c.Version}}))
	go client.send()
	return client
}

// Count adds n to a counter.
func (c *Client) Count(metric string, n int64, tags ...Tag) {
	c.post(packet{line: c.line(metric, tags, strconv.AppendInt(nil, n, 10), "|c")})
}

// Timing reports a duration, in milliseconds with six decimals as the Python daemon wrote it.
func (c *Client) Timing(metric string, d time.Duration, tags ...Tag) {
	ms := float64(d) / float64(time.Millisecond)
	c.post(packet{line: c.line(metric, tags, strconv.AppendFloat(nil, ms, 'f', 6, 64), "|ms")})
}

// Gauge sets a gauge to a decimal number. Statsd reads a sign as a change of the gauge, so a negative
// value is preceded by a zero in the same datagram.
func (c *Client) Gauge(metric, value string, tags ...Tag) {
	line := c.line(metric, tags, []byte(value), "|g")
	if strings.HasPrefix(value, "-") {
		zero := c.line(metric, tags, []byte("0"), "|g")
		line = append(append(zero, '\n'), line...)
	}
	c.post(packet{line: line})
}

// Hold sets a gauge that seldom changes, and sends it again at intervals.
func (c *Client) Hold(metric, value string, tags ...Tag) {
	c.post(packet{line: c.line(metric, tags, []byte(value), "|g"), held: string(c.line(metric, tags, nil, ""))})
}

// Dropped returns the number of metrics that were not sent.
func (c *Client) Dropped() int64 { return c.dropped.Load() }

// Close sends the metrics that wait, within a second, and ends the client. It is safe to call twice.
func (c *Client) Close() error {
	c.once.Do(func() { close(c.closing) })
	select {
	case <-c.done:
	case <-time.After(closeTimeout):
	}
	return nil
}

func (c *Client) line(metric string, tags []Tag, value []byte, kind string) []byte {
	b := make([]byte, 0, 160)
	b = append(b, prefix...)
	b = append(b, metric...)
	b = append(b, c.tags...)
	b = appendTags(b, tags)
	b = append(b, ':')
	b = append(b, value...)
	return append(b, kind...)
}

func (c *Client) post(p packet) {
	select {
	case c.queue <- p:
	default:
		c.dropped.Add(1)
	}
}

// unsafe replaces the characters that would end a tag or the metric's name. The Python daemon sent them as they were,
// and no server could read such a packet.
var unsafe = strings.NewReplacer(",", "_", "=", "_", ":", "_", "|", "_", "\n", "_", " ", "_", "@", "_", "#", "_")

func appendTags(b []byte, tags []Tag) []byte {
	for _, t := range tags {
		b = append(b, ',')
		b = append(b, t.Name...)
		b = append(b, '=')
		b = append(b, unsafe.Replace(t.Value)...)
	}
	return b
}

// send owns the socket. An error drops a packet and has no other effect: the server may be down, and metrics are not
// worth a log line per batch.
func (c *Client) send() {
	defer close(c.done)
	var link link
	defer link.close()
	held := map[string][]byte{}
	refresh := time.NewTicker(c.config.Refresh)
	defer refresh.Stop()
	for {
		select {
		case p := <-c.queue:
			if p.held != "" {
				held[p.held] = p.line
			}
			c.write(&link, p.line)
		case <-refresh.C:
			for _, name := range slices.Sorted(maps.Keys(held)) {
				c.write(&link, held[name])
			}
		case <-c.closing:
			for {
				select {
				case p := <-c.queue:
					c.write(&link, p.line)
				default:
					return
				}
			}
		}
	}
}

func (c *Client) write(l *link, line []byte) {
	if !l.open(c.config.Addr) {
		c.dropped.Add(1)
		return
	}
	if _, err := l.conn.Write(line); err != nil {
		c.dropped.Add(1)
	}
}

// link is the socket, made when it is first needed, and tried again while the name does not resolve.
type link struct {
	conn  net.Conn
	tried time.Time
}

func (l *link) open(addr string) bool {
	if l.conn != nil {
		return true
	}
	if !l.tried.IsZero() && time.Since(l.tried) < redialInterval {
		return false
	}
	l.tried = time.Now()
	conn, err := net.DialTimeout("udp", addr, redialInterval)
	if err != nil {
		return false
	}
	l.conn = conn
	return true
}

func (l *link) close() {
	if l.conn != nil {
		_ = l.conn.Close() // a datagram socket has nothing left to lose
	}
}
