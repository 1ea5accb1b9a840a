package config

import (
	"errors"
	"fmt"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
)

// keyOf is the key of each setting that parts name in their errors.
var keyOf = func() map[replicate.Setting]string {
	out := map[replicate.Setting]string{}
	for _, b := range bindings(new(Config)) {
		for _, name := range b.names {
			out[name] = b.key
		}
	}
	return out
}()

// Explain is an error's text in which settings are called by their keys.
func Explain(err error) string { return replicate.Explain(err, shortKey) }

func shortKey(s replicate.Setting) string {
	if key, ok := keyOf[s]; ok {
		return configkeys.Short(key)
	}
	return string(s)
}

// placed is an error of a part in the configuration's words. What it wraps is not in its text.
type placed struct {
	text string
	err  error
}

func (e placed) Error() string { return e.text }

func (e placed) Unwrap() error { return e.err }

// Place adds file, line and key to the error of a part that refuses its settings.
func (c *Config) Place(err error) error {
	text := fmt.Sprintf("%s: %s", c.File(), Explain(err))
	var setting *replicate.SettingError
	if errors.As(err, &setting) {
		if key, ok := keyOf[setting.Key]; ok {
			text = c.doc.Fault(key, "%s", Explain(setting.Err)).Error()
		}
	}
	return placed{text, err}
}
