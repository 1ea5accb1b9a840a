package replicate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

// A reader of an error sees the names of settings that it knows, however deep the error that names them is wrapped.
func TestExplain(t *testing.T) {
	name := func(s replicate.Setting) string { return strings.ToLower(string(s)) }
	wrong := &replicate.SettingError{Key: "URI", Err: errors.New("expected a URI")}
	hint := replicate.Hint(errors.New("away: 100%"), "check %s and %s", "TLS", "Addr")
	for _, tt := range []struct {
		err             error
		own, translated string
	}{
		{errors.New("URI"), "URI", "URI"},
		{wrong, "URI: expected a URI", "uri: expected a URI"},
		{fmt.Errorf("open: %w", wrong), "open: URI: expected a URI", "open: uri: expected a URI"},
		{replicate.Stop(wrong, "correct %s", "Table"),
			"URI: expected a URI; correct Table", "uri: expected a URI; correct table"},
		{replicate.Stop(errors.New("x"), "free 5%"), "x; free 5%", "x; free 5%"},
		{replicate.Stop(errors.New("x"), "drop %s, %%"), "x; drop %s, %%", "x; drop %s, %%"},
		{replicate.Stop(errors.New("x"), replicate.Verbatim("drop %s")+", set %s to 5%, %s", "%s", "Addr"),
			"x; drop %s, set %s to 5%, Addr", "x; drop %s, set %s to 5%, addr"},
		{replicate.Stop(errors.New("x"), "set %s, not %s", "Addr"), "x; set Addr, not %s", "x; set addr, not %s"},
		{replicate.Stop(errors.New("x"), ""), "x", "x"},
		{errors.Join(wrong, fmt.Errorf("and %w", hint)), "URI: expected a URI\nand away: 100%; check TLS and Addr",
			"uri: expected a URI\nand away: 100%; check tls and addr"},
	} {
		if got := tt.err.Error(); got != tt.own {
			t.Errorf("it says %q, want %q", got, tt.own)
		}
		if got := replicate.Explain(tt.err, name); got != tt.translated {
			t.Errorf("explained as %q, want %q", got, tt.translated)
		}
	}
	var key *replicate.SettingError
	if !errors.As(fmt.Errorf("x: %w", replicate.Stop(wrong, "y")), &key) || key.Key != "URI" {
		t.Errorf("the setting is not found: %+v", key)
	}
}
