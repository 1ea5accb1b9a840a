package run

import (
	"fmt"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/internal/nearest"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
	"github.com/repliqate/repliqate/replicate/daemon/internal/keys"
)

// flags are the command line.
type flags struct {
	command.Options
	once, stdout, showVersion bool
}

// parse reads the command line. commands are the names that it might have meant.
func parse(args, commands []string) (flags, error) {
	f := flags{Options: command.Defaults()}
	for i := 0; i < len(args); i++ {
		last, taken, err := f.Take(args, i)
		if err != nil {
			return f, err
		}
		if taken {
			i = last
			continue
		}
		switch args[i] {
		case "--once":
			f.once = true
		case "--stdout":
			f.stdout = true
		case "--version":
			f.showVersion = true
		default:
			return f, unknown(args[i], commands)
		}
	}
	return f, nil
}

// unknown says what is wrong with an argument that nobody takes.
func unknown(arg string, commands []string) error {
	options := slices.Concat(command.OptionNames, []string{"--once", "--stdout", "--version"})
	if !strings.HasPrefix(arg, "-") {
		return fmt.Errorf("unexpected argument %s: a configuration is named with --config; see --help",
			keys.Harmless(arg, 80))
	}
	name, _, hasValue := strings.Cut(arg, "=")
	if hasValue && slices.Contains(options, name) {
		return fmt.Errorf("option %s takes no value; see --help", name)
	}
	near := nearest.Of(name, slices.Concat(options, commands))
	return fmt.Errorf("unknown option %s: the nearest is %s; see --help", keys.Harmless(name, 80), near)
}
