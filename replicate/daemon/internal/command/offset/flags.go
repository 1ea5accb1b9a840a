package daemon

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/internal/nearest"
)

const offsetHelp = `%[1]s offset shows or moves the offset of table %[2]s: the key of the last row that was published.

Usage: %[1]s offset show          [--config PATH]
       %[1]s offset set KEY       [--config PATH] [--dry-run] [--allow-skip]
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
  --help          print this, and exit

Stop the job before a change: it needs the lease. Both the store and the copy
in Kafka are changed, or neither.

Exit statuses:
  0   shown, changed, or with --dry-run what would be changed
  1   a server did not answer, an instance of the job runs, or rows would be
      skipped: the message says what was changed, if anything
  2   wrong options or configuration, or a key that can't be the offset
  3   gave up: transactions that were open stayed open; nothing was changed
`

// offsetFlags are the command line of the offset command.
type offsetFlags struct {
	verb, key         string
	config            string
	verbosity         int
	dryRun, allowSkip bool
	isHelp            bool
}

// offsetArguments reports whether the arguments name the offset command, and returns the others.
func offsetArguments(args []string) ([]string, bool) {
	for i, arg := range args {
		isPath := i > 0 && strings.TrimLeft(args[i-1], "-") == "config"
		if arg == "offset" && !isPath {
			return slices.Concat(args[:i], args[i+1:]), true
		}
	}
	return nil, false
}

var offsetVerbs = []string{"show", "set", "reset", "start-at"}

func parseOffsetFlags(args []string) (offsetFlags, error) {
	f := offsetFlags{config: "config.yaml"}
	var words []string
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		switch {
		case name == "--config" || name == "-config":
			if !hasValue {
				if i++; i == len(args) {
					return f, errors.New("--config: expected a path")
				}
				value = args[i]
			}
			f.config = value
		case name == "--dry-run" && !hasValue:
			f.dryRun = true
		case name == "--allow-skip" && !hasValue:
			f.allowSkip = true
		case (name == "--help" || name == "-h") && !hasValue:
			f.isHelp = true
		case len(name) > 1 && name[0] == '-' && strings.Trim(name[1:], "v") == "" && !hasValue:
			f.verbosity += len(name) - 1
		case strings.HasPrefix(name, "--") || strings.HasPrefix(name, "-") && strings.Trim(name[1:], "0123456789") != "":
			known := []string{"--config", "--dry-run", "--allow-skip", "--help"}
			return f, fmt.Errorf("unknown option %s: the nearest is %s; see offset --help", args[i], nearest.Of(args[i], known))
		default:
			words = append(words, args[i]) // a negative key too
		}
	}
	if f.isHelp {
		return f, nil
	}
	return f, f.take(words)
}

// take reads the command and its key.
func (f *offsetFlags) take(words []string) error {
	if len(words) == 0 {
		return errors.New("offset: expected show, set KEY, reset or start-at now|KEY; see offset --help")
	}
	f.verb = words[0]
	wanted := map[string]int{"show": 1, "reset": 1, "set": 2, "start-at": 2}[f.verb]
	switch {
	case wanted == 0:
		return fmt.Errorf("offset: unknown command %s: the nearest is %s; see offset --help",
			f.verb, nearest.Of(f.verb, offsetVerbs))
	case len(words) < wanted:
		return fmt.Errorf("offset %s: expected a key; see offset --help", f.verb)
	case len(words) > wanted:
		return fmt.Errorf("offset %s: unexpected argument %s; see offset --help", f.verb, words[wanted])
	case f.verb == "show" && (f.dryRun || f.allowSkip):
		return errors.New("offset show: it changes nothing, so it takes neither --dry-run nor --allow-skip")
	}
	if wanted == 2 {
		f.key = words[1]
	}
	return nil
}
