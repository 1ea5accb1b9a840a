package topic

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/canonical"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
)

// RepublishedHeader marks messages of the command republish.
const RepublishedHeader = "repliqate-republished"

// What begins and ends the parts of a message.
const (
	stampHead = `{"timestamp": `
	nameHead  = `, "name": `
	tableHead = `, "table": `
	dataHead  = `, "data": `
	hashHead  = `, "hash": "`
	hashSize  = 2 * sha256.Size
	tailSize  = len(hashHead) + hashSize + len(`"}`)
)

// State is what a record turned out to be.
type State uint8

// The states of a record.
const (
	Intact  State = iota // a message of the job, and its hash is that of its data
	Damaged              // of the job as far as that can be told, and not as it was written
	Foreign              // a message of another job or table
)

// Message is a record of the topic.
type Message struct {
	State       State
	RowKey      string // empty where it can't be told
	Digest      uint64 // of an intact message: the beginning of its hash
	Data        []byte // the row's canonical JSON, a view into the record
	Hash        string // as the message has it
	Republished bool
}

// Format knows the messages of one job.
type Format struct {
	names     []byte
	header    string
	keyed     bool // the message key is the row's key
	keyColumn string
	published bool // the key column is among the data
}

// ErrNoKeys says that rows can't be told from messages.
var ErrNoKeys = errors.New("messages of this job do not carry the row's key: publish the key column, or set " +
	"row_key_header, to have them told apart")

// NewFormat returns the format of a job's messages. With ErrNoKeys it returns one that tells no row.
func NewFormat(c *config.Config, keyColumn string, fields []string) (*Format, error) {
	f := &Format{header: c.Kafka.RowKeyHeader, keyColumn: keyColumn}
	f.names = append(f.names, nameHead...)
	f.names = canonical.AppendString(f.names, c.Name)
	f.names = append(f.names, tableHead...)
	f.names = canonical.AppendString(f.names, c.Table)
	f.names = append(f.names, dataHead...)
	key := c.MessageKey()
	f.keyed = !key.None && len(key.Columns) == 0
	for _, field := range fields {
		f.published = f.published || field == keyColumn
	}
	if f.header == "" && !f.keyed && !f.published {
		return f, ErrNoKeys
	}
	return f, nil
}

// Parse reads a record and computes its hash again.
func (f *Format) Parse(r *kgo.Record) Message {
	m := Message{State: Damaged}
	for _, h := range r.Headers {
		switch h.Key {
		case RepublishedHeader:
			m.Republished = true
		case f.header:
			m.RowKey = string(h.Value)
		}
	}
	if m.RowKey == "" && f.keyed {
		m.RowKey = string(r.Key)
	}
	v := r.Value
	at := bytes.Index(v, []byte(nameHead))
	if at > 0 && bytes.HasPrefix(v, []byte(stampHead)) && !bytes.HasPrefix(v[at:], f.names) &&
		bytes.Contains(v[at:], []byte(tableHead)) && bytes.Contains(v[at:], []byte(dataHead)) {
		m.State = Foreign
		return m
	}
	if at > 0 && bytes.HasPrefix(v[at:], f.names) && len(v) >= at+len(f.names)+tailSize {
		m.Data = v[at+len(f.names) : len(v)-tailSize]
		tail := v[len(v)-tailSize:]
		m.Hash = string(tail[len(hashHead) : len(hashHead)+hashSize])
		sum := sha256.Sum256(m.Data)
		if bytes.HasPrefix(tail, []byte(hashHead)) && hex.EncodeToString(sum[:]) == m.Hash {
			m.State, m.Digest = Intact, binary.BigEndian.Uint64(sum[:])
		}
	}
	if m.RowKey == "" && f.published {
		m.RowKey = fieldOf(m.Data, f.keyColumn)
	}
	if !replicate.IsKeyText(m.RowKey) {
		m.RowKey = ""
	}
	return m
}

// Digest is that of a message that has just been built: its hash need not be computed again.
func Digest(value []byte) uint64 {
	if len(value) < tailSize {
		return 0
	}
	var b [8]byte
	if _, err := hex.Decode(b[:], value[len(value)-2-hashSize:][:16]); err != nil {
		return 0
	}
	return binary.BigEndian.Uint64(b[:])
}

// Fields calls f with each field of a row's canonical JSON, its value as it is written there, until f returns false.
func Fields(data []byte, f func(name, value string) bool) {
	rest := bytes.TrimSuffix(bytes.TrimPrefix(data, []byte("{")), []byte("}"))
	for len(rest) > 0 {
		end := valueEnd(rest)
		if end == 0 || end >= len(rest) {
			return
		}
		name := strings.Trim(string(rest[:end]), `"`)
		rest = bytes.TrimPrefix(rest[end:], []byte(": "))
		end = valueEnd(rest)
		if !f(name, string(rest[:end])) {
			return
		}
		rest = bytes.TrimPrefix(rest[end:], []byte(", "))
	}
}

func fieldOf(data []byte, column string) (value string) {
	Fields(data, func(name, v string) bool {
		if name == column {
			value = v
		}
		return name != column
	})
	return value
}

// valueEnd is where the first value of a text of canonical JSON ends.
func valueEnd(b []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case (c == '}' || c == ']') && depth > 0:
			depth--
		case depth == 0 && (c == ',' || c == ':'):
			return i
		}
	}
	return len(b)
}
