// Package json writes messages as the Python daemon did: {"timestamp", "name", "table", "data", "hash"},
// with the row's canonical JSON as data and its SHA-256 as hash (docs/message.md).
package json

import (
	"crypto/sha256"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/canonical"
)

// Codec implements replicate.Codec.
type Codec[R any] struct {
	appendData func([]byte, *R) []byte
	names      []byte // , "name": ..., "table": ...
	head       []byte // everything before data, for the page's timestamp
	stamp      []byte // everything before names
}

// New returns the codec of a job. table is the table's name as the configuration has it.
func New[R any](job, table string, appendData func([]byte, *R) []byte) *Codec[R] {
	names := append([]byte(nil), `, "name": `...)
	names = canonical.AppendString(names, job)
	names = append(names, `, "table": `...)
	names = canonical.AppendString(names, table)
	return &Codec[R]{appendData: appendData, names: names}
}

// Begin sets the publication time, as Python's time.time() has it: seconds with microseconds.
func (c *Codec[R]) Begin(at time.Time) {
	c.stamp = append(c.stamp[:0], `{"timestamp": `...)
	c.stamp = canonical.AppendFloat64(c.stamp, float64(at.UnixMicro())/1e6)
	c.stamp = append(c.stamp, c.names...)
	c.head = append(append(c.head[:0], c.stamp...), `, "data": `...)
}

// AppendValue appends the message and returns the checksum of its data.
func (c *Codec[R]) AppendValue(b []byte, r *R) ([]byte, replicate.Checksum) {
	b = append(b, c.head...)
	start := len(b)
	b = c.appendData(b, r)
	checksum := sha256.Sum256(b[start:])
	b = append(b, `, "hash": "`...)
	b = canonical.AppendHex(b, checksum)
	return append(b, '"', '}'), checksum
}

// AppendDeadLetter appends {"timestamp", "name", "table", "key", "reason", "excerpt"}.
func (c *Codec[R]) AppendDeadLetter(b []byte, d replicate.DeadLetter) []byte {
	b = append(b, c.stamp...)
	b = append(b, `, "key": `...)
	b = canonical.AppendString(b, d.Key)
	b = append(b, `, "reason": `...)
	b = canonical.AppendString(b, d.Reason)
	b = append(b, `, "excerpt": `...)
	b = replicate.AppendExcerpt(b, d.Excerpt)
	return append(b, '}')
}
