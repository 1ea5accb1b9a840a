package tail

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/repliqate/repliqate/replicate/daemon/internal/terminal"
	"github.com/repliqate/repliqate/replicate/daemon/internal/topic"
)

// excerpt is how many bytes of a message are shown that can't be read.
const excerpt = 200

// timeForm is that of the messages' times.
const timeForm = "2006-01-02T15:04:05.000Z"

// line is the form of --json.
type line struct {
	Version     int    `json:"version"`
	Partition   int32  `json:"partition"`
	Offset      int64  `json:"offset"`
	Time        string `json:"time"`
	Key         string `json:"key,omitempty"` // the row's; missing if it can't be told
	State       string `json:"state"`         // ok, damaged or unreadable
	Republished bool   `json:"republished"`
	Hash        string `json:"hash,omitempty"`

	Data  json.RawMessage `json:"data,omitempty"`  // the row, if the checksum is right
	Value []byte          `json:"value,omitempty"` // the message otherwise, in base64
}

// printer chooses how messages are printed.
func (v *viewer[K]) printer(stdout io.Writer) func(*message) error {
	switch {
	case v.flags.json:
		encoder := json.NewEncoder(v.out)
		encoder.SetEscapeHTML(false)
		return func(m *message) error { return encoder.Encode(m.json()) }
	case terminal.Is(stdout):
		return func(m *message) error { return v.table(m, stdout) }
	}
	return func(m *message) error {
		_, err := fmt.Fprintf(v.out, "%s %s %s %s %s\n", m.where(), m.time(), m.key(), m.verdict(), m.row())
		return err
	}
}

// where is the message's place in the topic.
func (m *message) where() string { return fmt.Sprintf("%d@%d", m.partition, m.offset) }

func (m *message) time() string { return m.at.UTC().Format(timeForm) }

func (m *message) key() string {
	if m.RowKey == "" {
		return "-"
	}
	return m.RowKey
}

// state is what the message turned out to be.
func (m *message) state() string {
	switch {
	case m.State == topic.Intact:
		return "ok"
	case m.RowKey == "" && m.Data == nil:
		return "unreadable"
	}
	return "damaged"
}

// verdict is the state, or that the message is of the command republish.
func (m *message) verdict() string {
	if m.State == topic.Intact && m.Republished {
		return "republished"
	}
	return m.state()
}

// row is the row, or the beginning of what is in its place.
func (m *message) row() string {
	if m.State == topic.Intact {
		return string(m.Data)
	}
	return strconv.QuoteToASCII(string(m.value[:min(len(m.value), excerpt)]))
}

func (m *message) json() line {
	l := line{Version: 1, Partition: m.partition, Offset: m.offset, Time: m.at.UTC().Format(time.RFC3339Nano),
		Key: m.RowKey, State: m.state(), Republished: m.Republished, Hash: m.Hash}
	if m.State == topic.Intact {
		l.Data = m.Data
	} else {
		l.Value = m.value
	}
	return l
}

// table shows a message on a terminal: a line about it, and its row with a line for each column.
func (v *viewer[K]) table(m *message, stdout io.Writer) error {
	colour := terminal.Good
	if m.State != topic.Intact {
		colour = terminal.Bad
	}
	fmt.Fprintf(v.out, "%s  key %s  %s  %s\n", terminal.Paint(stdout, colour, m.verdict()), m.key(), m.where(), m.time())
	if m.State != topic.Intact {
		_, err := fmt.Fprintf(v.out, "  %s\n", cut(m.row(), terminal.Width(stdout)-2))
		return err
	}
	var names, values []string
	wide := 0
	topic.Fields(m.Data, func(name, value string) bool {
		names, values, wide = append(names, name), append(values, readable(value)), max(wide, len(name))
		return true
	})
	for i, name := range names {
		label := terminal.Paint(stdout, terminal.Faint, name) + strings.Repeat(" ", wide-len(name))
		fmt.Fprintf(v.out, "  %s  %s\n", label, cut(values[i], terminal.Width(stdout)-wide-4))
	}
	_, err := fmt.Fprintln(v.out)
	return err
}

// readable is a value without its quotes and escapes, unless it could move the cursor.
func readable(value string) string {
	var text string
	if json.Unmarshal([]byte(value), &text) != nil ||
		strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return value // a number, or JSON of several values; or text that is safe as it is written
	}
	return text
}

// cut shortens a text to a width.
func cut(text string, width int) string {
	if all := []rune(text); len(all) > width && width > 1 {
		return string(all[:width-1]) + "…"
	}
	return text
}
