package daemon

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/internal/nearest"
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

const help = `%[1]s publishes the rows of table %[2]s to Kafka.

Usage: %[1]s --config PATH [options]
       %[1]s offset show|set|reset|start-at ...   see: %[1]s offset --help

Options:
  --config PATH   configuration file (default config.yaml)
  -v, -vv, -vvv   log warnings too, information too, debugging too; default: errors alone.
                  --verbose is the same as -v. Run services with -vv
  --once          publish what was committed when it started, then exit. Waits once_wait_sec
                  (default 30) for transactions that are open then, and for what can't be reached
  --stdout        print the messages from the table's first row on, one a line, instead of
                  publishing them; touches neither Kafka nor the offset
  --version       print table, schema and generator format, and exit
  --help, -h      print this, and exit

Exit statuses:
  0    stopped by SIGTERM or SIGINT with everything flushed and committed, or --once is done
  1    an error that no retry can heal, or a stop that ran out of time (drain_timeout_sec)
  2    wrong options or configuration
  3    --once gave up: transactions that were open at the start stayed open, something could not
       be reached, another instance published the job, or rows wait above their sequence
  130, 143   a second SIGINT or SIGTERM: exited at once

Configuration: YAML; ${NAME} and ${NAME:-default} are taken from the environment.
  repliqate-gen --schema FILE --with config writes one in which every key is explained.
  The least that is needed:

  repliqate:
    name: %[3]s
    redis_addr: localhost:6379
    replication:
      poll_interval_sec: 1
      sql_source: {uri: "${DATABASE_URI}", table: %[2]s, primary_key: %[4]s}
      kafka_target: {topic: %[3]s, brokers: [localhost:9092]}
`

// parseFlags reads the command line.
func parseFlags(args []string) (flags, error) {
	f := flags{config: "config.yaml"}
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		switch {
		case name == "--config" || name == "-config":
			if !hasValue {
				if i++; i < len(args) {
					value = args[i]
				}
			}
			if value == "" {
				return f, errors.New("--config: expected a path")
			}
			f.config = value
		case hasValue:
			return f, unknownFlag(args[i])
		case len(name) > 1 && name[0] == '-' && strings.Trim(name[1:], "v") == "":
			f.verbosity += len(name) - 1
		case name == "--verbose": // the original's long form
			f.verbosity++
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
	known := []string{"--config", "-v", "--verbose", "--once", "--stdout", "--version", "--help", "offset"}
	if !strings.HasPrefix(arg, "-") {
		return fmt.Errorf("unexpected argument %s: a configuration is named with --config; see --help", harmless(arg, 80))
	}
	name, _, hasValue := strings.Cut(arg, "=")
	if hasValue && slices.Contains(known, name) {
		return fmt.Errorf("option %s takes no value; see --help", name)
	}
	return fmt.Errorf("unknown option %s: the nearest is %s; see --help", harmless(name, 80), nearest.Of(name, known))
}
