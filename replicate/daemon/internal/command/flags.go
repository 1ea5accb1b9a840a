package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/repliqate/repliqate/internal/nearest"
	"github.com/repliqate/repliqate/replicate/daemon/internal/keys"
)

// Flag is an option of a command.
type Flag struct {
	Name string                   // with its dashes
	On   *bool                    // set by an option that takes no value
	Set  func(value string) error // reads the value of one that does
}

// Parse reads a command's options, and returns its other arguments. A negative number is no option.
func (o *Options) Parse(name string, args []string, flags []Flag) (words []string, err error) {
	for i := 0; i < len(args); i++ {
		last, taken, err := o.Take(args, i)
		switch {
		case err != nil:
			return nil, err
		case taken:
			i = last
			continue
		case !strings.HasPrefix(args[i], "-") || strings.HasPrefix(args[i], "-") && isNumber(args[i][1:]):
			words = append(words, args[i])
			continue
		}
		if i, err = set(name, args, i, flags); err != nil {
			return nil, err
		}
	}
	return words, nil
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789.-") == "" }

// set sets the option at args[i], and returns the index of the last argument that it used.
func set(command string, args []string, i int, flags []Flag) (int, error) {
	option, value, hasValue := strings.Cut(args[i], "=")
	names := append([]string(nil), OptionNames...)
	for _, f := range flags {
		names = append(names, f.Name)
		switch {
		case f.Name != option:
			continue
		case f.On != nil && hasValue:
			return i, fmt.Errorf("option %s takes no value; see %s --help", option, command)
		case f.On != nil:
			*f.On = true
			return i, nil
		}
		if !hasValue {
			if i++; i >= len(args) {
				return i, fmt.Errorf("%s: expected a value; see %s --help", option, command)
			}
			value = args[i]
		}
		if err := f.Set(value); err != nil {
			return i, fmt.Errorf("%s %s: %w; see %s --help", option, keys.Harmless(value, 40), err, command)
		}
		return i, nil
	}
	return i, fmt.Errorf("unknown option %s: the nearest is %s; see %s --help", keys.Harmless(option, 80),
		nearest.Of(option, names), command)
}

// NoWords complains of arguments of a command that takes none.
func NoWords(command string, words []string) error {
	if len(words) == 0 {
		return nil
	}
	return fmt.Errorf("%s: unexpected argument %s; see %s --help", command, keys.Harmless(words[0], 80), command)
}

// ErrNumber says that an option wants a number.
var ErrNumber = errors.New("expected a whole number above 0")

// Number reads a whole number above 0.
func Number(target *int) func(string) error {
	return func(v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return ErrNumber
		}
		*target = n
		return nil
	}
}
