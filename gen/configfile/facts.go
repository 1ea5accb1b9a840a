package configfile

import (
	"strconv"
	"strings"

	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
)

// The bounds that are so wide that naming them would be noise.
const (
	leastUnsaid = 1
	mostUnsaid  = 1 << 30
)

// facts says in a few words what a key is without a value, its unit and its bounds: "10 s, at least 2".
func facts(k configkeys.Key, code func(string) string) string {
	var out strings.Builder
	hasUnit := k.Unit != ""
	switch {
	case k.Required:
		out.WriteString("required")
	case k.Default != "" && isNumber(k):
		out.WriteString(k.Default)
		if hasUnit {
			out.WriteString(" " + k.Unit)
			hasUnit = false
		}
	case k.Default != "":
		out.WriteString(code(k.Default))
	case k.DefaultText != "":
		out.WriteString(k.DefaultText)
	default:
		out.WriteString("none")
	}
	if hasUnit {
		out.WriteString("; " + k.Unit)
	}
	if !isNumber(k) {
		return out.String()
	}
	if k.Least > leastUnsaid {
		out.WriteString(", at least " + number(k.Least))
	}
	if k.Most < mostUnsaid && k.Most != configkeys.MostTime {
		out.WriteString(", at most " + number(k.Most))
	}
	return out.String()
}

func isNumber(k configkeys.Key) bool {
	return k.Kind == configkeys.Whole || k.Kind == configkeys.Seconds || k.Kind == configkeys.Milliseconds
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
