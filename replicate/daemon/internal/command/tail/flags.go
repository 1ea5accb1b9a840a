package tail

import (
	"errors"
	"fmt"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
)

// Usage is the command's arguments, for the program's help.
const Usage = "[KEY..KEY ...] [--follow] ..."

// Help is what --help prints: %[1]s is the program, %[2]s its table.
const Help = `%[1]s tail shows messages of table %[2]s, and verifies each: its checksum is computed again.

Usage: %[1]s tail [--config PATH] [options]
       %[1]s tail KEY ...      the messages of these rows; KEY..KEY is a range

A line is: partition@offset, the time of the message, the row's key, what it is, and the row as JSON. It is ok,
republished (by the command republish), damaged (its checksum is not that of its row), or unreadable (of no job, or of
no row that can be told). On a terminal the row is a table. Messages of other jobs are left out, and counted.

Options:
  --config PATH   configuration file (default config.yaml)
  --last N        the last N messages (default 10; with KEY, all)
  --from TIME     messages from this time on: start, a duration such as 1h, or a
                  time such as 2026-01-31T15:00:00Z
  --follow        go on with what comes, until SIGINT or SIGTERM
  --json          print a JSON object a line (docs/commands.md)
  --help          print this, and exit

Exit statuses:
  0   shown, and every checksum is right
  1   shown, and a message is damaged or unreadable
  2   wrong options or configuration
  3   the topic could not be read to the end
`

// defaultLast is how many messages are shown if nothing is asked for.
const defaultLast = 10

// flags are the command line.
type flags[K replicate.Key] struct {
	command.Options
	last      int // 0: all
	fromStart bool
	since     time.Time
	follow    bool
	json      bool
	keys      []command.KeyRange[K] // none: all
}

// parse reads the command line.
func parse[K replicate.Key](args []string, now time.Time) (flags[K], error) {
	f := flags[K]{Options: command.Defaults()}
	words, err := f.Parse("tail", args, []command.Flag{
		{Name: "--last", Set: command.Number(&f.last)},
		{Name: "--from", Set: func(v string) (err error) {
			if f.fromStart = v == "start"; !f.fromStart {
				if f.since, err = command.ParseSince(v, now); err != nil {
					err = fmt.Errorf("%w, or start", err)
				}
			}
			return err
		}},
		{Name: "--follow", On: &f.follow},
		{Name: "--json", On: &f.json},
	})
	if err != nil || f.IsHelp {
		return f, err
	}
	for _, word := range words {
		r, err := command.ParseKeys[K](word)
		if err != nil {
			return f, fmt.Errorf("tail %w; see tail --help", err)
		}
		f.keys = append(f.keys, r)
	}
	hasFrom := f.fromStart || !f.since.IsZero()
	switch {
	case hasFrom && f.last > 0:
		return f, errors.New("tail: expected either --from or --last; see tail --help")
	case !hasFrom && f.last == 0 && len(words) == 0:
		f.last = defaultLast
	}
	return f, nil
}

// wants reports whether the messages of a row were asked for.
func (f *flags[K]) wants(rowKey string) bool {
	if len(f.keys) == 0 {
		return true
	}
	key, err := replicate.ParseKey[K](rowKey)
	if err != nil {
		return false
	}
	for _, r := range f.keys {
		if r.Has(key) {
			return true
		}
	}
	return false
}
