package verify

import (
	"errors"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
)

// Help is what --help prints: %[1]s is the program, %[2]s its table.
const Help = `%[1]s verify compares table %[2]s with its topic, row by row, and changes nothing.

Usage: %[1]s verify [--config PATH] [options]

It reads the rows up to the job's offset and the messages of the topic, and says
which rows are missing in the topic, which differ, which messages are damaged or
have no row, and where rows were first published out of order. Rows that were
published more than once are counted: delivery is at least once. The job may run.

Options:
  --config PATH   configuration file (default config.yaml)
  --from KEY      compare rows from this key on
  --to KEY        compare rows up to this key (default: the job's offset)
  --since TIME    compare what was published since: a duration such as 1h, or a
                  time such as 2026-01-31T15:00:00Z
  --sample N      compare about N rows, spread over the range; all messages are read
  --deleted-ok    messages without a row are no difference: rows are deleted here
  --at-once N     keep N rows in memory at a time (default 2,000,000, about 100 MB);
                  each time, the part of the topic with their keys is read
  --keys FILE     write the keys that republish would repair to this file
  --json          print the result as JSON (docs/commands.md)
  --help          print this, and exit

What can't be known is said: rows whose messages the topic no longer keeps, and
whether a message without a row was deleted since or never committed.

Exit statuses:
  0   nothing differs
  1   something differs
  2   wrong options or configuration
  3   it could not be compared to the end: the message says why, and from where
      to go on
`

// flags are the command line.
type flags struct {
	command.Options
	from, to  string // keys, or empty
	since     time.Time
	sample    int
	atOnce    int
	deletedOK bool
	keys      string
	json      bool
}

// parse reads the command line.
func parse(args []string) (flags, error) {
	f := flags{Options: command.Defaults(), atOnce: passRows}
	words, err := f.Parse("verify", args, []command.Flag{
		{Name: "--from", Set: keyOf(&f.from)},
		{Name: "--to", Set: keyOf(&f.to)},
		{Name: "--since", Set: func(v string) (err error) {
			f.since, err = command.ParseSince(v, time.Now())
			return err
		}},
		{Name: "--sample", Set: command.Number(&f.sample)},
		{Name: "--at-once", Set: command.Number(&f.atOnce)},
		{Name: "--deleted-ok", On: &f.deletedOK},
		{Name: "--keys", Set: func(v string) error { f.keys = v; return nil }},
		{Name: "--json", On: &f.json},
	})
	if err != nil || f.IsHelp {
		return f, err
	}
	return f, command.NoWords("verify", words)
}

func keyOf(target *string) func(string) error {
	return func(v string) error {
		if !replicate.IsKeyText(v) {
			return errors.New("expected a key in decimal")
		}
		*target = v
		return nil
	}
}
