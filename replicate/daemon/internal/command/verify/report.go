package verify

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/repliqate/repliqate/replicate/daemon/internal/terminal"
)

// Result is what was found, and the form of --json. A change that readers would notice raises Version.
type Result struct {
	Version    int    `json:"version"`
	Job        string `json:"job"`
	Table      string `json:"table"`
	Topic      string `json:"topic"`
	Partitions int    `json:"partitions"`
	Offset     string `json:"offset,omitempty"`
	From       string `json:"from,omitempty"` // the keys that were compared; without it, from the first
	To         string `json:"to,omitempty"`
	Sampled    bool   `json:"sampled"`
	Complete   bool   `json:"complete"`
	Next       string `json:"next,omitempty"` // where to go on, if it is not complete
	Same       bool   `json:"same"`

	Rows     int `json:"rows"`
	Messages int `json:"messages"`

	Missing    Finding `json:"missing"`
	Different  Finding `json:"different"`
	Ghost      Finding `json:"ghost"`
	OutOfOrder Finding `json:"out_of_order"`
	Unknown    Finding `json:"unknown"`

	Repeated        int      `json:"repeated"`
	Republished     int      `json:"republished"`
	Repaired        int      `json:"repaired"`
	DamagedMessages int      `json:"damaged_messages"`
	Unreadable      int      `json:"unreadable_messages"`
	Foreign         int      `json:"foreign_messages"`
	DeadLetters     int      `json:"dead_letters"`
	UnreadableRows  []string `json:"unreadable_rows,omitempty"`
	Notes           []string `json:"notes,omitempty"`
}

func (r *Result) note(text string) { r.Notes = append(r.Notes, text) }

// shownRanges is how many ranges of a kind are printed.
const shownRanges = 10

// print writes the result.
func (c *comparison[K]) print() error {
	r := &c.result
	r.Same = r.Missing.Count == 0 && r.Different.Count == 0 && r.OutOfOrder.Count == 0 && r.Unreadable == 0 &&
		len(r.UnreadableRows) == 0 && (r.Ghost.Count == 0 || c.flags.deletedOK)
	if c.config.Kafka.DeadLetterTopic != "" && r.Missing.Count > 0 {
		r.note("rows that were too large are missing in the topic and in " + c.config.Kafka.DeadLetterTopic + " instead")
	}
	if c.flags.json {
		encoder := json.NewEncoder(c.call.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	c.text(c.call.Stdout)
	return nil
}

// text is the result for people.
func (c *comparison[K]) text(w io.Writer) {
	r := &c.result
	line := func(label, format string, args ...any) {
		fmt.Fprintf(w, "%-13s%s\n", label, fmt.Sprintf(format, args...))
	}
	line("compared", "%s", r.scope())
	found := func(label string, f Finding, colour terminal.Colour, what string) {
		if f.Count > 0 {
			line(label, "%s", terminal.Paint(w, colour, fmt.Sprintf("%d (%s): %s", f.Count, what, f.text())))
		}
	}
	found("missing", r.Missing, terminal.Bad, "rows of the table that are not in the topic")
	found("different", r.Different, terminal.Bad,
		"rows with other values in the topic: changed since they were published, or damaged there")
	ghosts := terminal.Bad
	if c.flags.deletedOK {
		ghosts = terminal.Faint
	}
	found("no row", r.Ghost, ghosts,
		"messages without a row in the table: deleted since or never committed, which can't be told apart")
	found("order", r.OutOfOrder, terminal.Bad, "rows first published after a row with a greater key")
	found("not known", r.Unknown, terminal.Warning,
		"rows that may have been published: the topic no longer has that part")
	count := func(n int, label, what string) {
		if n > 0 {
			line(label, "%d (%s)", n, what)
		}
	}
	count(r.Unreadable, "unreadable", "messages that are of no job, or do not tell their row")
	count(r.DamagedMessages, "damaged", "messages whose hash is not that of their data")
	count(r.Repaired, "repaired", "rows that differed and were published again since")
	count(r.Repeated, "repeated", "messages that repeat a row, as delivery is at least once")
	count(r.Republished, "republished", "messages of the command republish")
	count(r.DeadLetters, "dead letters", "rows that can't be published and are dead letters")
	count(r.Foreign, "others", "messages of other jobs or tables")
	for _, row := range r.UnreadableRows {
		line("bad row", "%s", row)
	}
	for _, n := range r.Notes {
		line("note", "%s", n)
	}
	c.conclude(line)
}

// conclude prints the last line.
func (c *comparison[K]) conclude(line func(label, format string, args ...any)) {
	r, w := &c.result, c.call.Stdout
	switch {
	case !r.Complete:
		line("result", "%s", terminal.Paint(w, terminal.Warning, "not compared to the end"))
	case r.Same:
		line("result", "%s", terminal.Paint(w, terminal.Good, "nothing differs"))
	default:
		line("result", "%s", terminal.Paint(w, terminal.Bad, "it differs"))
	}
	if r.Missing.Count+r.Different.Count > 0 {
		how := c.repair()
		line("repair", "%s republish %s", c.call.Binary, how)
	}
}

// repair is what republish is to be given.
func (c *comparison[K]) repair() string {
	if c.flags.keys != "" {
		return "--from-file " + c.flags.keys
	}
	all := append(append([]KeyRange(nil), c.result.Missing.Ranges...), c.result.Different.Ranges...)
	if len(all) == 1 {
		return all[0].From + ".." + all[0].To
	}
	return "--from-file FILE, which verify --keys FILE writes"
}

// scope says what was compared.
func (r *Result) scope() string {
	keys := "up to key " + r.To
	switch {
	case r.To == "":
		keys = "no keys"
	case r.From != "":
		keys = "keys " + r.From + " to " + r.To
	}
	rows := fmt.Sprintf("%d rows", r.Rows)
	if r.Sampled {
		rows = "a sample of " + rows
	}
	return fmt.Sprintf("%s, %s, with %d messages of topic %s (%d partitions)", keys, rows, r.Messages, r.Topic,
		r.Partitions)
}

// text lists the first ranges.
func (f Finding) text() string {
	var parts []string
	for i, r := range f.Ranges {
		if i == shownRanges {
			parts = append(parts, "...")
			break
		}
		if r.From == r.To {
			parts = append(parts, r.From)
			continue
		}
		parts = append(parts, r.From+".."+r.To)
	}
	return strings.Join(parts, ", ")
}
