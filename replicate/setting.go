package replicate

import "strings"

// Setting is the name that a part has for one of its settings: "kafka.Config.Topic". Parts know nothing of
// configuration files. A program that reads one has its own names for the same settings, and uses Explain to put them
// into an error's text.
type Setting string

// The settings that this package declares. Each part declares those of its own Config beside it.
const (
	SettingURI             Setting = "SourceConfig.URI"
	SettingSettle          Setting = "SourceConfig.Settle"
	SettingSettleSequence  Setting = "SourceConfig.Settle.Sequence"
	SettingSettleDelay     Setting = "SourceConfig.Settle.UnsafeDelay"
	SettingDeadLetters     Setting = "replicate.NewBuilder's deadLetters"
	SettingMaxMessageBytes Setting = "SinkInfo.MaxMessageBytes"
)

// SettingError says that a part can't work with one of its settings.
type SettingError struct {
	Key Setting
	Err error
}

func (e *SettingError) Error() string { return e.explain(ownName) }

func (e *SettingError) Unwrap() error { return e.Err }

func (e *SettingError) explain(name func(Setting) string) string {
	return name(e.Key) + ": " + Explain(e.Err, name)
}

// HintError is an error that a retry may heal, with advice in case it does not. Hint is a template if there are
// Settings: each %s stands for the next of them, and %% for a percent sign. Without Settings it is plain text.
type HintError struct {
	Err      error
	Hint     string
	Settings []Setting
}

// Verbatim makes text, such as a name from a database, part of a hint that is a template.
func Verbatim(text string) string { return strings.ReplaceAll(text, "%", "%%") }

// Hint wraps err as a *HintError.
func Hint(err error, hint string, settings ...Setting) error {
	return &HintError{Err: err, Hint: hint, Settings: settings}
}

func (e *HintError) Error() string { return e.explain(ownName) }

func (e *HintError) Unwrap() error { return e.Err }

func (e *HintError) explain(name func(Setting) string) string {
	return advise(e.Err, e.Hint, e.Settings, name)
}

// Explain returns the text of err, in which name gives each setting the name that the reader knows.
func Explain(err error, name func(Setting) string) string {
	if e, ok := err.(interface {
		explain(name func(Setting) string) string
	}); ok {
		return e.explain(name)
	}
	text := err.Error()
	var causes []error
	switch e := err.(type) { //nolint:errorlint // each layer is explained in turn, so none may be looked through
	case interface{ Unwrap() error }:
		causes = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		causes = e.Unwrap()
	}
	for _, cause := range causes {
		if cause != nil {
			text = strings.Replace(text, cause.Error(), Explain(cause, name), 1)
		}
	}
	return text
}

func ownName(s Setting) string { return string(s) }

// advise is the text of an error with a hint.
func advise(err error, hint string, settings []Setting, name func(Setting) string) string {
	if hint == "" {
		return Explain(err, name)
	}
	return Explain(err, name) + "; " + fill(hint, settings, name)
}

// fill puts the settings into the template. What it puts in is not looked at again.
func fill(hint string, settings []Setting, name func(Setting) string) string {
	if len(settings) == 0 {
		return hint
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(hint, "%")
		out.WriteString(before)
		switch {
		case !found:
			return out.String()
		case strings.HasPrefix(rest, "%"):
			out.WriteString("%")
			rest = rest[1:]
		case strings.HasPrefix(rest, "s") && len(settings) > 0:
			out.WriteString(name(settings[0]))
			settings, rest = settings[1:], rest[1:]
		default:
			out.WriteString("%")
		}
		hint = rest
	}
}
