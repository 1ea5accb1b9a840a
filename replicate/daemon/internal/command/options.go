package command

import (
	"errors"
	"strings"
)

// Options are what every command takes.
type Options struct {
	Config    string
	Verbosity int
	IsHelp    bool
}

// Defaults are the options that are not given.
func Defaults() Options { return Options{Config: "config.yaml"} }

// OptionNames are the options' names, for a hint at the nearest.
var OptionNames = []string{"--config", "-v", "--verbose", "--help"}

// Take reads the option at args[i], if it is one of these. It returns the index of the last argument that it used.
func (o *Options) Take(args []string, i int) (last int, taken bool, err error) {
	name, value, hasValue := strings.Cut(args[i], "=")
	switch {
	case name == "--config" || name == "-config":
		if !hasValue {
			if i++; i < len(args) {
				value = args[i]
			}
		}
		if value == "" {
			return i, true, errors.New("--config: expected a path")
		}
		o.Config = value
	case hasValue:
		return i, false, nil
	case len(name) > 1 && name[0] == '-' && strings.Trim(name[1:], "v") == "":
		o.Verbosity += len(name) - 1
	case name == "--verbose": // as the Python daemon had it
		o.Verbosity++
	case name == "--help" || name == "-h":
		o.IsHelp = true
	default:
		return i, false, nil
	}
	return i, true, nil
}
