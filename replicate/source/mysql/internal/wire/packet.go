package wire

import (
	"errors"
	"fmt"
	"io"
)

const (
	headerSize = 4
	packetMax  = 1<<24 - 1 // a payload of this size goes on in the next packet
	bufferSize = 64 << 10
	bufferKeep = 1 << 20 // a buffer that one large row has needed is given back
)

// ErrTooLarge says that a packet is larger than the configuration allows.
var ErrTooLarge = errors.New("a row is larger than what may be read")

// packets reads and writes packets. What read returns is a view, valid until the next read.
type packets struct {
	r        io.Reader
	w        io.Writer
	buf      []byte
	from, to int    // what was received and not yet used
	long     []byte // a payload that does not fit the buffer
	out      []byte
	start    int // of the packet being written
	sequence byte
	max      int
}

func (c *packets) init(rw io.ReadWriter, limit int) {
	c.r, c.w, c.max = rw, rw, limit
	if c.buf == nil {
		c.buf = make([]byte, bufferSize)
	}
}

// fill receives until n bytes are there.
func (c *packets) fill(n int) error {
	if c.to-c.from >= n {
		return nil
	}
	if c.from > 0 && len(c.buf)-c.from < n {
		c.to = copy(c.buf, c.buf[c.from:c.to])
		c.from = 0
	}
	got, err := io.ReadAtLeast(c.r, c.buf[c.to:], n-(c.to-c.from))
	c.to += got
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// read returns the next payload.
func (c *packets) read() ([]byte, error) {
	size, err := c.header()
	if err != nil {
		return nil, err
	}
	if size < packetMax && size <= len(c.buf) {
		if err := c.fill(size); err != nil {
			return nil, err
		}
		payload := c.buf[c.from : c.from+size]
		c.from += size
		return payload, nil
	}
	if cap(c.long) > bufferKeep {
		c.long = nil
	}
	c.long = c.long[:0]
	for {
		if len(c.long)+size > c.max {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, c.max)
		}
		if err := c.readLong(size); err != nil {
			return nil, err
		}
		if size < packetMax {
			return c.long, nil
		}
		if size, err = c.header(); err != nil {
			return nil, err
		}
	}
}

func (c *packets) header() (size int, err error) {
	if err := c.fill(headerSize); err != nil {
		return 0, err
	}
	h := c.buf[c.from:]
	if h[3] != c.sequence {
		return 0, errProtocol("a packet out of order")
	}
	c.sequence++
	c.from += headerSize
	return int(h[0]) | int(h[1])<<8 | int(h[2])<<16, nil
}

// readLong appends size bytes to the payload that does not fit the buffer.
func (c *packets) readLong(size int) error {
	n := len(c.long)
	if cap(c.long)-n < size {
		grown := make([]byte, n, max(n+size, 2*cap(c.long)))
		copy(grown, c.long)
		c.long = grown
	}
	c.long = c.long[:n+size]
	have := copy(c.long[n:], c.buf[c.from:c.to])
	c.from += have
	_, err := io.ReadFull(c.r, c.long[n+have:])
	return err
}

// begin starts a command.
func (c *packets) begin(command byte) {
	c.sequence = 0
	c.open()
	c.out = append(c.out, command)
}

// open starts a packet, and end finishes it.
func (c *packets) open() {
	c.start = len(c.out)
	c.out = append(c.out, 0, 0, 0, 0)
}

func (c *packets) end() error {
	size := len(c.out) - c.start - headerSize
	if size >= packetMax {
		return errors.New("a command is larger than a packet")
	}
	h := c.out[c.start:]
	h[0], h[1], h[2], h[3] = byte(size), byte(size>>8), byte(size>>16), c.sequence
	c.sequence++
	return nil
}

// flush sends what was written.
func (c *packets) flush() error {
	_, err := c.w.Write(c.out)
	c.out = c.out[:0]
	return err
}

// lenenc reads a length-encoded integer. ok is false where the payload ends before it does.
func lenenc(p []byte) (n uint64, rest []byte, ok bool) {
	if len(p) == 0 {
		return 0, nil, false
	}
	var size int
	switch p[0] {
	case 0xfc:
		size = 2
	case 0xfd:
		size = 3
	case 0xfe:
		size = 8
	case 0xfb, 0xff:
		return 0, nil, false
	default:
		return uint64(p[0]), p[1:], true
	}
	if len(p) <= size {
		return 0, nil, false
	}
	for i := size; i > 0; i-- {
		n = n<<8 | uint64(p[i])
	}
	return n, p[1+size:], true
}

// lenencBytes reads bytes behind their length.
func lenencBytes(p []byte) (v, rest []byte, ok bool) {
	n, rest, ok := lenenc(p)
	if !ok || n > uint64(len(rest)) {
		return nil, nil, false
	}
	return rest[:n:n], rest[n:], true
}

func appendLenenc(b []byte, n int) []byte {
	switch {
	case n < 0xfb:
		return append(b, byte(n))
	case n < 1<<16:
		return append(b, 0xfc, byte(n), byte(n>>8))
	}
	return append(b, 0xfd, byte(n), byte(n>>8), byte(n>>16))
}
