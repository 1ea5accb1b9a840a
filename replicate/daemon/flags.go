package daemon

import (
	"fmt"
	"strings"
)

// Exit statuses, as --help documents them.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitGaveUp = 3
)

// flags are the command line.
type flags struct {
	config              string
	verbosity           int
	once, stdout        bool
	showVersion, isHelp bool
}

const help = `%[1]s replicates table %[2]s to Kafka.

Usage: %[1]s --config PATH [options]
       %[1]s offset show|set|reset|start-at ...   see: %[1]s offset --help

Options:
  --config PATH   configuration file (default config.yaml)
  -v, -vv, -vvv   log warnings, information, debugging (default: errors alone)
  --once          publish what was committed at the start, then exit
  --stdout        print messages, one a line, instead of publishing them;
                  touches neither Kafka nor the offset
  --version       print table, schema and generator format, and exit
  --help          print this, and exit

Exit statuses:
  0    stopped by SIGTERM or SIGINT with everything flushed and committed, or --once is done
  1    an error that no retry can heal, or a stop that ran out of time
  2    wrong options or configuration
  3    --once gave up: transactions that were open at the start stayed open
  130, 143   a second SIGINT or SIGTERM: exited at once

Environment: ${NAME} and ${NAME:-default} in the configuration are replaced.
`

// parseFlags reads the command line.
func parseFlags(args []string) (flags, error) {
	f := flags{config: "config.yaml"}
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		switch {
		case name == "--config" || name == "-config":
			if !hasValue {
				if i++; i == len(args) {
					return f, fmt.Errorf("--config: expected a path")
				}
				value = args[i]
			}
			f.config = value
		case hasValue:
			return f, unknownFlag(args[i])
		case len(name) > 1 && name[0] == '-' && strings.Trim(name[1:], "v") == "":
			f.verbosity += len(name) - 1
		case name == "--once":
			f.once = true
		case name == "--stdout":
			f.stdout = true
		case name == "--version":
			f.showVersion = true
		case name == "--help" || name == "-h":
			f.isHelp = true
		default:
			return f, unknownFlag(args[i])
		}
	}
	return f, nil
}

func unknownFlag(arg string) error {
	known := []string{"--config", "--once", "--stdout", "--version", "--help", "offset"}
	return fmt.Errorf("unknown option %s: the nearest is %s; see --help", arg, nearest(arg, known))
}

// nearest returns the known name that differs least from name.
func nearest(name string, known []string) string {
	best, least := "", len(name)+100
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
