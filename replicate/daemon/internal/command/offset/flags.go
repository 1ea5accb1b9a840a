package offset

import (
	"errors"
	"fmt"
	"strings"

	"github.com/repliqate/repliqate/internal/nearest"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
)

// Help is what --help prints: %[1]s is the program, %[2]s its table.
const Help = `%[1]s offset shows or moves the offset of table %[2]s: the key of the last row that was published.

Usage: %[1]s offset show          [--config PATH]
       %[1]s offset set KEY       [--config PATH] [--dry-run] [--allow-skip] [--yes]
       %[1]s offset start-at KEY  ...
       %[1]s offset start-at now  ...
       %[1]s offset reset         ...

Commands:
  show            where the offset is kept and what it is, its copy in Kafka, who
                  holds the lease, and how many rows lie beyond the offset
  set KEY         rows with greater keys are published next
  start-at KEY    the row with this key, or the next, is published next
  start-at now    only rows are published that are not settled yet: it waits for
                  the transactions that are open now, once_wait_sec at most
  reset           no offset: publishing begins at the table's first row

Options:
  --config PATH   configuration file (default config.yaml)
  --dry-run       say what a change would mean, and change nothing
  --allow-skip    allow a change after which rows are never published
  --yes           change it without asking; only on a terminal it asks
  --help          print this, and exit

Stop the job before a change: it needs the lease. Both the store and the copy
in Kafka are changed, or neither.

Exit statuses:
  0   shown, changed, or with --dry-run what would be changed
  1   a server did not answer, an instance of the job runs, rows would be skipped,
      or the answer was no: the message says what was changed, if anything
  2   wrong options or configuration, or a key that can't be the offset
  3   gave up: transactions that were open stayed open; nothing was changed
`

// flags are the command line.
type flags struct {
	command.Options
	verb, key         string
	dryRun, allowSkip bool
	yes               bool
}

var verbs = []string{"show", "set", "reset", "start-at"}

// parse reads the command line.
func parse(args []string) (flags, error) {
	f := flags{Options: command.Defaults()}
	var words []string
	for i := 0; i < len(args); i++ {
		last, taken, err := f.Take(args, i)
		if err != nil {
			return f, err
		}
		if taken {
			i = last
			continue
		}
		name := args[i]
		switch {
		case name == "--dry-run":
			f.dryRun = true
		case name == "--allow-skip":
			f.allowSkip = true
		case name == "--yes":
			f.yes = true
		case strings.HasPrefix(name, "--") || strings.HasPrefix(name, "-") && strings.Trim(name[1:], "0123456789") != "":
			known := []string{"--config", "--dry-run", "--allow-skip", "--yes", "--help"}
			name, _, _ = strings.Cut(name, "=")
			return f, fmt.Errorf("unknown option %s: the nearest is %s; see offset --help", args[i], nearest.Of(name, known))
		default:
			words = append(words, name) // a negative key too
		}
	}
	if f.IsHelp {
		return f, nil
	}
	return f, f.takeWords(words)
}

// takeWords reads the command and its key.
func (f *flags) takeWords(words []string) error {
	if len(words) == 0 {
		return errors.New("offset: expected show, set KEY, reset or start-at now|KEY; see offset --help")
	}
	f.verb = words[0]
	wanted := map[string]int{"show": 1, "reset": 1, "set": 2, "start-at": 2}[f.verb]
	switch {
	case wanted == 0:
		return fmt.Errorf("offset: unknown command %s: the nearest is %s; see offset --help",
			f.verb, nearest.Of(f.verb, verbs))
	case len(words) < wanted:
		return fmt.Errorf("offset %s: expected a key; see offset --help", f.verb)
	case len(words) > wanted:
		return fmt.Errorf("offset %s: unexpected argument %s; see offset --help", f.verb, words[wanted])
	case f.verb == "show" && (f.dryRun || f.allowSkip || f.yes):
		return errors.New("offset show: it changes nothing, so it takes no --dry-run, --allow-skip or --yes")
	}
	if wanted == 2 {
		f.key = words[1]
	}
	return nil
}
