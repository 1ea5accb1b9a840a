package run

import (
	"fmt"
	"path"
	"strings"

	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
)

// Help is what --help prints.
func Help(binary, table, keyColumn string, commands []Summary) string {
	return fmt.Sprintf(help, binary, table, usage(binary, commands), least(table, keyColumn))
}

// help has the program, its table, the commands' usage, and the least configuration.
const help = `%[1]s publishes the rows of table %[2]s to Kafka.

Usage: %[1]s --config PATH [options]
%[3]s
Options:
  --config PATH   configuration file (default config.yaml)
  -v, -vv, -vvv   log warnings; information, too; debugging, too. Default: errors only.
                  --verbose is the same as -v. Run services with -vv
  --once          publish what was committed when it started, then exit. Waits once_wait_sec
                  (default 30) for transactions that were open then, and for what can't be reached
  --stdout        print the messages from the table's first row on, one per line, instead of
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
  repliqate-gen --schema FILE --with config writes one that explains every key.
  The least that is needed:

%[4]s`

// usage has a line for each command.
func usage(binary string, commands []Summary) string {
	var out strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&out, "       %s %s %s\n", binary, c.Name, c.Usage)
	}
	fmt.Fprintf(&out, "\n%s help COMMAND, or COMMAND --help, explains a command.\n", binary)
	return out.String()
}

// least is the least configuration of a table, as YAML.
func least(table, key string) string {
	values := map[string]string{"package": path.Base(table), "table": table, "key": key, "uri": `"${DATABASE_URI}"`}
	var out strings.Builder
	fmt.Fprintf(&out, "  %s:\n", configkeys.Root)
	writeLeast(&out, "", "    ", values)
	return out.String()
}

// writeLeast writes the keys of a group: on a line each, or in braces when the group has nothing else below it.
func writeLeast(out *strings.Builder, group, indent string, values map[string]string) {
	for _, k := range configkeys.Below(group) {
		if k.Kind != configkeys.Group {
			if k.Place == configkeys.InHelp {
				example, _ := k.Fill(values)
				fmt.Fprintf(out, "%s%s: %s\n", indent, k.Last(), example)
			}
			continue
		}
		switch items, hasGroups := leastItems(k.Name, values); {
		case len(items) > 0:
			fmt.Fprintf(out, "%s%s: {%s}\n", indent, k.Last(), strings.Join(items, ", "))
		case hasGroups:
			fmt.Fprintf(out, "%s%s:\n", indent, k.Last())
			writeLeast(out, k.Name, indent+"  ", values)
		}
	}
}

// leastItems are the keys of a group that has nothing but keys in the least configuration.
func leastItems(group string, values map[string]string) (items []string, hasGroups bool) {
	for _, k := range configkeys.Below(group) {
		if k.Place == configkeys.InHelp {
			example, _ := k.Fill(values)
			items = append(items, k.Last()+": "+example)
		}
		if k.Kind == configkeys.Group {
			below, deeper := leastItems(k.Name, values)
			hasGroups = hasGroups || deeper || len(below) > 0
		}
	}
	if hasGroups {
		return nil, true
	}
	return items, false
}
